/** The rows of the bench, in the order of the table. */
import * as classes from './class_rows.js';
import * as signals from './signal_rows.js';
import * as tensors from './tensor_rows.js';

/** @typedef {import('./judges.js').Figure} Figure */

/**
 * @typedef {object} Prepared
 * @property {string} model
 * @property {string[]} options of `minnow pack`, with and without calibration
 * @property {string} calibrate folder of samples, none of which judges
 * @property {(plain: string, small: string) => Figure[]} judge by the packages' folders
 */

/**
 * @typedef {object} CompressionRow
 * @property {string} key
 * @property {string} title
 * @property {string[]} search options of `minnow pack --calibrate`
 * @property {{ must: number, aim: number } | { mustShare: number, aimShare: number }} [goal] brotli bytes of all shards, or
 *   their share of the model's file; none: shown for comparison
 * @property {number} [maxSeconds] of packing
 * @property {boolean} [needsNoSamples] whether it is packed without --calibrate
 * @property {boolean} [isPackedTwice] whether it shows each time that packing gives the same bytes
 * @property {(work: string) => Prepared} prepare writes into the scratch folder
 */

/** @type {readonly CompressionRow[]} */
export const COMPRESSION_ROWS = [
  classes.mobileNetV2,
  tensors.ultraFace,
  tensors.ultraFaceMixed,
  tensors.ultraFaceInt8,
  classes.visualWakeWords,
  classes.resNet8,
  classes.resNet8Int8,
  classes.resNet8Wide,
  classes.resNet8Mixed,
  signals.keywords,
  signals.anomalies,
  tensors.faceMesh,
  ...tensors.faceMeshWithoutSamples,
  tensors.palm,
  tensors.trunk,
];
