/**
 * What `minnow check --keep` leaves of a conformance case (packer/cli/check_record.h), and its run
 * by the wasm module.
 */
import { Engine } from '../../wasm_glue/src/worker/engine.js';

/** @typedef {import('../../wasm_glue/src/base/types.js').TensorData} TensorData */
/** @typedef {{ shards: Uint8Array[], inputs: Uint8Array[],
 *   outputs: { native: Uint8Array, expected: Uint8Array }[] }} CaseRecord */
/** @typedef {{ problem: string, sameAsNative: boolean }} Verdict problem: '' for a pass */

const MAGIC = 0x3152434d;
const RELATIVE = 1e-3;
const ABSOLUTE = 1e-7;

/** @param {Buffer} file @returns {CaseRecord} */
export function readRecord(file) {
  let at = 0;
  const word = () => file.readUInt32LE((at += 4) - 4);
  const blob = () => {
    const bytes = word();
    return Uint8Array.from(file.subarray(at, (at += bytes)));
  };
  if (word() !== MAGIC) throw new Error('not a record of minnow check');
  const [shardCount, inputCount, outputCount] = [word(), word(), word()];
  const record = {
    shards: Array.from({ length: shardCount }, blob),
    inputs: Array.from({ length: inputCount }, blob),
    outputs: Array.from({ length: outputCount }, () => ({ native: blob(), expected: blob() })),
  };
  if (at !== file.length) throw new Error(`${file.length - at} bytes too many in a record`);
  return record;
}

/** ONNX's own tolerance. @param {number} found @param {number} wanted */
function isClose(found, wanted) {
  if (Number.isNaN(found) || Number.isNaN(wanted)) return Number.isNaN(found) && Number.isNaN(wanted);
  if (!Number.isFinite(found) || !Number.isFinite(wanted)) return found === wanted;
  return Math.abs(found - wanted) <= ABSOLUTE + RELATIVE * Math.abs(wanted);
}

/**
 * Floats that are both NaN are the same: which one it is differs between machines.
 * @param {TensorData} found
 * @param {Uint8Array} native
 */
function isSame(found, native) {
  const other = /** @type {TensorData} */ (
    new /** @type {any} */ (found.constructor)(native.buffer, 0, found.length)
  );
  return found.every((/** @type {number | bigint} */ value, /** @type {number} */ i) => Object.is(value, other[i]));
}

/** @param {TensorData} found @param {Uint8Array} expected @param {number} output */
function compare(found, expected, output) {
  if (found.byteLength !== expected.length) return `output ${output} has ${found.byteLength} bytes`;
  const wanted = new /** @type {any} */ (found.constructor)(expected.buffer, 0, found.length);
  const isReal = found instanceof Float32Array;
  for (let i = 0; i < found.length; i++) {
    const fits = isReal ? isClose(Number(found[i]), wanted[i]) : found[i] === wanted[i];
    if (!fits) return `output ${output}: element ${i} is ${found[i]} instead of ${wanted[i]}`;
  }
  return '';
}

/**
 * @param {WebAssembly.Module} module
 * @param {CaseRecord} record
 * @returns {Promise<Verdict>}
 */
export async function runRecord(module, record) {
  const engine = await Engine.create(module);
  for (const shard of record.shards) engine.pushShard(shard);
  record.inputs.forEach((data, i) => engine.setInput(i, data));
  engine.run();
  let sameAsNative = true;
  for (const [i, { native, expected }] of record.outputs.entries()) {
    const found = engine.output(i);
    const problem = compare(found, expected, i);
    if (problem) return { problem, sameAsNative: false };
    sameAsNative &&= isSame(found, native);
  }
  return { problem: '', sameAsNative };
}
