/** What compression costs, in figures with 95 % intervals: classes, and outputs by their range. */
import { bootstrapInterval, lossInterval, shareInterval } from './intervals.js';

/** @typedef {import('./intervals.js').Interval} Interval */
/** @typedef {import('./package_answers.js').Answers} Answers */
/** @typedef {import('./package_answers.js').Output} Output */

/**
 * @typedef {object} Figure
 * @property {string} name
 * @property {string} unit
 * @property {number} value
 * @property {number} [low] of the interval
 * @property {number} [high]
 * @property {number} [most] the value may be no more than this
 * @property {number} [least] nor less than this
 */

/** @param {Figure[]} figures @returns {boolean} whether the values keep all bounds */
export function areKept(figures) {
  return figures.every(({ value, most = Infinity, least = -Infinity }) => value <= most && value >= least);
}

/** @param {string} name @param {Interval} interval @param {{ unit?: string, most?: number, least?: number }} [bounds] @returns {Figure} */
export function figureOf(name, interval, { unit = '%', ...bounds } = {}) {
  return { name, unit, ...interval, ...bounds };
}

/** The best class of each sample, the first one among equals. @param {Answers} answers @returns {number[]} */
export function classesOf({ count, outputs: [{ size, values }] }) {
  return Array.from({ length: count }, (_, sample) => {
    const row = values.subarray(sample * size, (sample + 1) * size);
    return row.reduce((best, value, index) => (value > row[best] ? index : best), 0);
  });
}

/**
 * @param {number[]} got
 * @param {number[]} expected of the package that was not compressed
 * @param {number} [groups] photos that the samples show, where there are several of each: the interval counts those
 * @returns {Interval} share of equal ones
 */
export function agreement(got, expected, groups = got.length) {
  const same = got.filter((index, i) => index === expected[i]).length;
  return { ...shareInterval((same * groups) / got.length, groups), value: (100 * same) / got.length };
}

/**
 * @param {number[]} got
 * @param {number[]} expected
 * @param {number[]} right
 * @param {number} [groups] as above
 * @returns {Interval} points of top-1
 */
export function accuracyLoss(got, expected, right, groups = right.length) {
  const isRight = (/** @type {number[]} */ found, /** @type {number} */ i) => found[i] === right[i];
  const lost = right.filter((_, i) => isRight(expected, i) && !isRight(got, i)).length;
  const won = right.filter((_, i) => !isRight(expected, i) && isRight(got, i)).length;
  const share = groups / right.length;
  return lossInterval(share * lost, share * won, groups);
}

/** @param {number[]} got @param {number[]} right @returns {Interval} */
export function accuracy(got, right) {
  return shareInterval(got.filter((index, i) => index === right[i]).length, right.length);
}

/**
 * Root mean squared error by the range of the reference, of the output that has most of it.
 * @param {Answers} got
 * @param {Answers} expected
 * @returns {Interval} percent
 */
export function rangeError(got, expected) {
  const errors = expected.outputs.map((output, index) => outputError(got.outputs[index], output, expected.count));
  return errors.reduce((worst, error) => (error.value > worst.value ? error : worst));
}

/** @param {Output} got @param {Output} expected @param {number} count @returns {Interval} */
function outputError(got, expected, count) {
  const { size, values } = expected;
  let [low, high] = [Infinity, -Infinity];
  const squares = Array.from({ length: count }, () => 0);
  values.forEach((value, i) => {
    low = Math.min(low, value);
    high = Math.max(high, value);
    squares[Math.floor(i / size)] += (got.values[i] - value) ** 2 / size;
  });
  const mean = (/** @type {number[]} */ list) => list.reduce((sum, value) => sum + value, 0) / list.length;
  return bootstrapInterval(squares, (drawn) => (100 * Math.sqrt(mean(drawn))) / (high - low));
}
