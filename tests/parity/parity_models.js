/** The models whose answers are compared, and what they are run on. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DATA, listPhotos, runPhotos } from './native_minnow.js';

/**
 * @typedef {object} ParityModel
 * @property {string} name the file's, without its ending
 * @property {string} file relative to DATA
 * @property {'photos' | 'keywords' | 'none'} real where its real inputs come from; random ones it always gets
 * @property {boolean} classifies one score a class comes out
 * @property {number} scalarRuns what the unoptimised kernels do within a few seconds
 */

/**
 * @typedef {object} Batch inputs of several runs, behind each other
 * @property {Buffer} data
 * @property {number} count
 * @property {(run: number) => string} nameOf for messages
 */

/** Printed by the tests, so that a failure can be repeated elsewhere. */
export const RANDOM_SEED = 20240613;
const RANDOM_RUNS = 16;

/** @type {readonly ParityModel[]} */
export const PARITY_MODELS = [
  model('coral/tf2_mobilenet_v2_1.0_224_ptq', 'photos', 3),
  model('coral/mobilenet_v2_1.0_224_quant', 'photos', 3),
  model('coral/mobilenet_v1_0.25_128_quant', 'photos', 32),
  model('mlperf_tiny/kws_ref_model', 'keywords', 200),
  model('mlperf_tiny/vww_96_int8', 'photos', 32),
  model('mlperf_tiny/pretrainedResnet_quant', 'photos', 16),
  model('mlperf_tiny/pretrainedResnet_large_int8', 'photos', 8),
  model('mlperf_tiny/str_ww_ref_model', 'none', 200),
  { ...model('mlperf_tiny/ad01_int8', 'none', 200), classifies: false },
  model('person_detection/person_detect', 'photos', 16),
];

/** The data without which none of these tests can run. */
export const PARITY_DATA = [...PARITY_MODELS.map(({ file }) => file), 'photos/imagenet', 'mlperf_tiny/kws01'];

/** @param {string} name @param {ParityModel['real']} real @param {number} scalarRuns @returns {ParityModel} */
function model(name, real, scalarRuns) {
  return { name: path.basename(name), file: `models/${name}.tflite`, real, classifies: true, scalarRuns };
}

/**
 * The model's real inputs; undefined where there are none.
 * @param {ParityModel} model
 * @param {string} folder of its package
 * @param {number} [maxRuns] only the first ones
 * @returns {Promise<Batch | undefined>}
 */
export async function realInputs({ real }, folder, maxRuns = Infinity) {
  if (real === 'photos') {
    const photos = listPhotos().slice(0, maxRuns);
    const { inputs } = await runPhotos(folder, photos);
    return { data: inputs, count: photos.length, nameOf: (run) => path.basename(photos[run]) };
  }
  if (real === 'keywords') {
    const files = readKeywords().files.slice(0, maxRuns);
    const data = Buffer.concat(files.map((file) => readFileSync(file)));
    return { data, count: files.length, nameOf: (run) => path.basename(files[run]) };
  }
  return undefined;
}

/**
 * Bytes from the whole range, the same ones each time.
 * @param {number} inputBytes of one run
 * @returns {Batch}
 */
export function randomInputs(inputBytes) {
  const data = Buffer.alloc(RANDOM_RUNS * inputBytes);
  let state = RANDOM_SEED;
  for (let i = 0; i < data.length; i++) {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    data[i] = state >>> 24;
  }
  return { data, count: RANDOM_RUNS, nameOf: (run) => `random input ${run} (seed ${RANDOM_SEED})` };
}

/** @returns {{ files: string[], classes: number[] }} the keywords' feature files and what was said */
export function readKeywords() {
  const folder = path.join(DATA, 'mlperf_tiny/kws01');
  const lines = readFileSync(path.join(folder, 'y_labels.csv'), 'utf8').trim().split('\n');
  const rows = lines.map((line) => line.split(',').map((field) => field.trim()));
  return { files: rows.map(([file]) => path.join(folder, file)), classes: rows.map(([, , label]) => Number(label)) };
}

/** @param {Batch} batch @param {number} count @returns {Batch} its first runs */
export function firstRuns(batch, count) {
  if (count >= batch.count) return batch;
  return { ...batch, count, data: batch.data.subarray(0, (batch.data.length / batch.count) * count) };
}
