/** Packs models with the native tool and reads what the packages answer. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Samples of one kind: pictures for the package's front end, or its input tensors behind each other. */
/** @typedef {{ pictures: string[] } | { tensors: Float32Array | Int8Array, count: number }} Samples */
/** @typedef {{ name: string, size: number, values: Float32Array }} Output real values; `size` of them for each sample */
/** @typedef {{ count: number, outputs: Output[] }} Answers */
/** @typedef {{ name: string, dtype: string, shape: number[], quantization?: { scale: number, zeroPoint: number } }} ManifestTensor */
/** @typedef {{ folder: string, bytes: { plain: number, br: number }, bits: number, seconds: number, layers: object[] }} Packed */

const TOOL = fileURLToPath(new URL('../../../build/native/minnow', import.meta.url));
const MAX_TEXT_BYTES = 2 ** 28;
const ARRAYS = { float32: Float32Array, int8: Int8Array, uint8: Uint8Array };

/**
 * @param {string} model
 * @param {string} folder
 * @param {string[]} options of `minnow pack`
 * @returns {Packed} bits a weight where the options make them fewer, of the whole package where without samples; layers
 *   where they calibrate
 */
export function packModel(model, folder, options) {
  const { bytes, seconds, calibration, rounded } = JSON.parse(runTool(['pack', model, '-o', folder, ...options, '--json']));
  const bits = calibration?.result.bits ?? (8 * bytes.br) / rounded?.weights;
  return { folder, bytes, seconds, bits, layers: calibration?.layers ?? [] };
}

/** @param {string} folder @returns {{ inputs: ManifestTensor[], outputs: ManifestTensor[] }} */
export function readManifest(folder) {
  return JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8'));
}

/** @param {ManifestTensor} tensor */
export const elementsOf = ({ shape }) => shape.reduce((product, extent) => product * extent, 1);

/** @param {string} folder of a package @param {Samples} samples @returns {Answers} */
export function answersOf(folder, samples) {
  return withScratch(folder, (scratch) => {
    const [input, output] = [path.join(scratch, 'inputs.bin'), path.join(scratch, 'outputs.bin')];
    let given = [];
    if ('tensors' in samples) {
      const { buffer, byteOffset, byteLength } = samples.tensors;
      writeFileSync(input, new Uint8Array(buffer, byteOffset, byteLength));
      given = ['--raw', input];
    } else {
      given = samples.pictures;
    }
    runTool(['run', folder, ...given, '--output', output]);
    const count = 'tensors' in samples ? samples.count : samples.pictures.length;
    return { count, outputs: splitOutputs(readFileSync(output), readManifest(folder).outputs, count) };
  });
}

/** What a package's front end makes of pictures. @param {string} folder @param {string[]} pictures @returns {Float32Array} */
export function inputsOf(folder, pictures) {
  return withScratch(folder, (scratch) => {
    const [input, output] = [path.join(scratch, 'inputs.bin'), path.join(scratch, 'outputs.bin')];
    runTool(['run', folder, ...pictures, '--save-input', input, '--output', output]);
    return new Float32Array(Uint8Array.from(readFileSync(input)).buffer);
  });
}

/** The package's files, as far as the same model packed in the same way must give the same ones. @param {string} folder */
export function filesOf(folder) {
  return new Map(readdirSync(folder).sort().map((name) => [name, readFileSync(path.join(folder, name))]));
}

/**
 * @param {Buffer} bytes
 * @param {ManifestTensor[]} tensors
 * @param {number} count of samples
 * @returns {Output[]}
 */
function splitOutputs(bytes, tensors, count) {
  const outputs = tensors.map((tensor) => ({ name: tensor.name, size: elementsOf(tensor), values: new Float32Array(count * elementsOf(tensor)) }));
  let at = 0;
  for (let sample = 0; sample < count; sample++) {
    tensors.forEach((tensor, index) => {
      const ValueArray = ARRAYS[/** @type {keyof typeof ARRAYS} */ (tensor.dtype)];
      const { size, values } = outputs[index];
      const stored = new ValueArray(Uint8Array.from(bytes.subarray(at, at + size * ValueArray.BYTES_PER_ELEMENT)).buffer);
      const { scale, zeroPoint } = tensor.quantization ?? { scale: 1, zeroPoint: 0 };
      stored.forEach((value, i) => (values[sample * size + i] = scale * (value - zeroPoint)));
      at += stored.byteLength;
    });
  }
  if (at !== bytes.length) throw new Error(`${count} samples gave ${bytes.length} bytes of outputs, not ${at}`);
  return outputs;
}

/** @template T @param {string} folder @param {(scratch: string) => T} work @returns {T} */
function withScratch(folder, work) {
  const scratch = mkdtempSync(`${folder}-run-`);
  try {
    return work(scratch);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** @param {string[]} args @returns {string} what the tool printed */
function runTool(args) {
  return execFileSync(TOOL, args, { encoding: 'utf8', maxBuffer: MAX_TEXT_BYTES, stdio: ['ignore', 'pipe', 'pipe'] });
}
