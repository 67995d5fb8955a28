/** Input tensors for two programs, and how far their output tensors lie apart. */
import { RANDOM_SEED } from './parity_models.js';

/** @typedef {import('../reference/litert_page.js').TensorDetails} TensorDetails */
/** @typedef {Float32Array | Int8Array | Uint8Array | Int32Array | BigInt64Array} TensorValues */

/** @type {Record<string, new (buffer: ArrayBuffer) => TensorValues>} */
const ARRAYS = { float32: Float32Array, int8: Int8Array, uint8: Uint8Array, int32: Int32Array, int64: BigInt64Array };

/**
 * The bytes of several runs' outputs, sorted by output tensor.
 * @param {Uint8Array} bytes
 * @param {TensorDetails[]} outputs
 * @param {number} runs
 * @returns {number[][]} the values of all runs, for each output
 */
export function splitOutputs(bytes, outputs, runs) {
  const runBytes = outputs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (bytes.length !== runs * runBytes) {
    throw new Error(`${runs} runs of ${runBytes} bytes are expected, not ${bytes.length} bytes`);
  }
  /** @type {number[][]} */
  const values = outputs.map(() => []);
  let at = 0;
  for (let run = 0; run < runs; run++) {
    outputs.forEach(({ dtype, sizeBytes }, index) => {
      const copy = Uint8Array.from(bytes.subarray(at, (at += sizeBytes)));
      for (const value of new ARRAYS[dtype](copy.buffer)) values[index].push(Number(value));
    });
  }
  return values;
}

/**
 * @param {number[]} expected
 * @param {number[]} actual
 * @returns {{ error: number, range: number }} the largest difference relative to the span of the expected values
 */
export function compareReals(expected, actual) {
  let [low, high, largest] = [Infinity, -Infinity, 0];
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(expected[i] - actual[i]);
    // NaN is no small difference.
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Infinity : difference;
    low = Math.min(low, expected[i]);
    high = Math.max(high, expected[i]);
  }
  const range = high - low || Math.abs(high) || 1;
  return { error: largest / range, range };
}

/**
 * @param {number[]} expected
 * @param {number[]} actual
 * @returns {{ equal: number, withinOneStep: number }} shares of the values
 */
export function compareSteps(expected, actual) {
  let [equal, withinOneStep] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(expected[i] - actual[i]);
    if (difference === 0) equal++;
    if (difference <= 1) withinOneStep++;
  }
  return { equal: equal / expected.length, withinOneStep: withinOneStep / expected.length };
}

/**
 * The inputs of `runs` runs, the same ones each time: floats in -1 … 1, integers of the whole range.
 * @param {TensorDetails[]} inputs
 * @param {number} runs
 * @returns {Uint8Array[]}
 */
export function randomTensors(inputs, runs) {
  let state = RANDOM_SEED;
  const next = () => {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  return Array.from({ length: runs }, () => inputs)
    .flat()
    .map(({ dtype, sizeBytes }) => {
      if (dtype !== 'float32') return Uint8Array.from({ length: sizeBytes }, () => next() >>> 24);
      const values = Float32Array.from({ length: sizeBytes / 4 }, () => next() / 2 ** 31 - 1);
      return new Uint8Array(values.buffer);
    });
}
