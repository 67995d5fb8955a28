/** Measures a row: packs its model as it is and compressed, and judges one by the other. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { areKept } from './judges.js';
import { filesOf, packModel } from './package_answers.js';
import { runTimeFigures } from './run_times.js';

/** @typedef {import('./compression_rows.js').CompressionRow} CompressionRow */
/** @typedef {import('./judges.js').Figure} Figure */

/**
 * @typedef {object} RowResult
 * @property {string} key
 * @property {string} title
 * @property {string} search
 * @property {number} bytesBefore brotli bytes of the shards, packed without calibration
 * @property {number} bytes
 * @property {number} [must] absent: a row for comparison
 * @property {number} [aim]
 * @property {number} bits a weight
 * @property {number} seconds of packing
 * @property {number} [maxSeconds]
 * @property {boolean} [isRepeatable] whether packing again gave the same files; absent: not tried
 * @property {Figure[]} figures
 * @property {boolean} isMet all that must be
 * @property {object[]} layers
 */

/**
 * @param {CompressionRow} row
 * @param {string} work scratch folder of its own
 * @param {{ twice: boolean }} options
 * @returns {Promise<RowResult>}
 */
export async function measureRow(row, work, { twice }) {
  const { model, options, calibrate, judge } = row.prepare(work);
  const plain = packModel(model, path.join(work, 'plain'), options);
  const samples = row.needsNoSamples ? [] : ['--calibrate', calibrate];
  const compress = (/** @type {string} */ name) => packModel(model, path.join(work, name), [...options, ...samples, ...row.search]);
  const small = compress('small');
  const isRepeatable = twice || row.isPackedTwice ? haveSameFiles(small.folder, compress('again').folder) : undefined;
  const figures = [...judge(plain.folder, small.folder), ...(await runTimeFigures(plain.folder, small.folder))];
  const limits = limitsOf(row, model);
  const { key, title, search, maxSeconds } = row;
  const isMet =
    small.bytes.br <= (limits?.must ?? Infinity) && small.seconds <= (maxSeconds ?? Infinity) && isRepeatable !== false && areKept(figures);
  const sizes = { bytesBefore: plain.bytes.br, bytes: small.bytes.br, ...limits };
  const { bits, seconds, layers } = small;
  return { key, title, search: search.join(' '), ...sizes, bits, seconds, maxSeconds, isRepeatable, figures, isMet, layers };
}

/** @param {CompressionRow} row @param {string} model @returns {{ must: number, aim: number } | undefined} */
function limitsOf({ goal }, model) {
  if (!goal || 'must' in goal) return goal;
  const { size } = statSync(model);
  return { must: Math.floor(goal.mustShare * size), aim: Math.floor(goal.aimShare * size) };
}

/** @param {string} first @param {string} second folders of packages */
function haveSameFiles(first, second) {
  const [files, others] = [first, second].map(filesOf);
  return files.size === others.size && [...files].every(([name, bytes]) => others.get(name)?.equals(bytes));
}
