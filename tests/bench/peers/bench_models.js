/** The models that are timed, and how each of them reaches each engine. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { DATA, packInto, packOnce, runPhotos } from '../../parity/native_minnow.js';
import { repairQuantizedDimensions } from '../../reference/tflite_repair.js';
import { floatModelOf } from './float_tflite.js';
import { onnxModelOf } from './tflite_onnx.js';
import { tfjsModelOf } from './tflite_tfjs.js';

/** @typedef {'minnow' | 'litert' | 'ort' | 'tfjs'} EngineId */

/**
 * @typedef {object} BenchModel
 * @property {string} key of the ratios, without the number of threads
 * @property {string} title
 * @property {string} file relative to the data folder
 * @property {boolean} [asFloat] the weights are turned into float32 first
 * @property {boolean} [isCompressed] our package is the low-bit one; the peers have the original
 * @property {number} goal ours divided by the best peer's
 */

/**
 * @typedef {object} PreparedModel
 * @property {string} packageDir ours
 * @property {string} peerDir
 * @property {Record<string, string>} peerFiles names by peer
 * @property {string} [photos] a file of input tensors, one behind the other
 */

const MADE = fileURLToPath(new URL('../../../build/bench/', import.meta.url));
const MOBILENET_V2 = 'models/coral/tf2_mobilenet_v2_1.0_224_ptq.tflite';
/** As the row of docs/COMPRESSION.md was packed. */
const LOW_BIT = ['--calibrate', path.join(DATA, 'photos/imagenet'), '--target-size', '1.63M'];
/** Calibration does not see these. */
const JUDGING_PHOTOS = 'photos/imagenet_eval';
const JUDGING_PHOTO_COUNT = 40;

/** @type {readonly BenchModel[]} */
export const BENCH_MODELS = [
  { key: 'mobilenet_v2_int8', title: 'MobileNetV2 1.0 224 int8', file: MOBILENET_V2, goal: 0.75 },
  { key: 'mobilenet_v2_lowbit', title: 'MobileNetV2 1.0 224 low-bit', file: MOBILENET_V2, isCompressed: true, goal: 0.5 },
  { key: 'mobilenet_v2_f32', title: 'MobileNetV2 1.0 224 float32', file: MOBILENET_V2, asFloat: true, goal: 0.85 },
  { key: 'ultraface_f32', title: 'UltraFace RFB-320 float32', file: 'models/ultra_light_face/version-RFB-320.onnx', goal: 0.7 },
  { key: 'mobilenet_v1_int8', title: 'MobileNetV1 0.25 128 int8', file: 'models/coral/mobilenet_v1_0.25_128_quant.tflite', goal: 0.75 },
  { key: 'deeplab_uint8', title: 'DeepLab V3 dm05 uint8', file: 'models/coral/deeplabv3_mnv2_dm05_pascal_quant.tflite', goal: 0.75 },
  { key: 'vww_int8', title: 'Visual wake words int8', file: 'models/mlperf_tiny/vww_96_int8.tflite', goal: 0.65 },
  { key: 'resnet8_int8', title: 'ResNet-8 int8', file: 'models/mlperf_tiny/pretrainedResnet_quant.tflite', goal: 0.65 },
  { key: 'kws_int8', title: 'Keywords DS-CNN int8', file: 'models/mlperf_tiny/kws_ref_model.tflite', goal: 0.65 },
  { key: 'ad_int8', title: 'Anomaly detection int8', file: 'models/mlperf_tiny/ad01_int8.tflite', goal: 0.65 },
];

/**
 * LiteRT.js reads TFLite and ONNX Runtime ONNX; the TFLite models are converted for it. TensorFlow.js has no integer
 * kernels, so it takes part in float32 alone.
 * @param {BenchModel} model
 * @returns {EngineId[]}
 */
export function enginesFor(model) {
  if (model.file.endsWith('.onnx')) return ['minnow', 'ort'];
  return model.asFloat ? ['minnow', 'litert', 'ort', 'tfjs'] : ['minnow', 'litert', 'ort'];
}

/**
 * Makes what the engines load: our package, and a file for each peer.
 * @param {BenchModel} model
 * @returns {Promise<PreparedModel>}
 */
export async function prepareModel(model) {
  const source = path.join(DATA, model.file);
  if (source.endsWith('.onnx')) {
    return { packageDir: await packOnce(model.file), peerDir: path.dirname(source), peerFiles: { ort: path.basename(source) } };
  }
  const original = repairQuantizedDimensions(await readFile(source));
  const tflite = model.asFloat ? floatModelOf(original) : original;
  /** @type {Record<string, string | Uint8Array>} */
  const files = { 'model.tflite': tflite, 'model.onnx': onnxModelOf(tflite) };
  if (model.asFloat) Object.assign(files, tfjsModelOf(tflite));
  const peerDir = path.join(MADE, 'models', model.key);
  await mkdir(peerDir, { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeChanged(path.join(peerDir, name), content);
  const peerFiles = { litert: 'model.tflite', ort: 'model.onnx', tfjs: 'model.json' };
  if (model.isCompressed) return { ...(await compressOnce(source)), peerDir, peerFiles };
  return { packageDir: await packOnce(model.asFloat ? path.relative(DATA, path.join(peerDir, 'model.tflite')) : model.file), peerDir, peerFiles };
}

/** Leaves a file alone that has this content: what is made of it stays up to date. @param {string} file @param {string | Uint8Array} content */
async function writeChanged(file, content) {
  const old = await readFile(file).catch(() => undefined);
  if (!old?.equals(Buffer.from(content))) await writeFile(file, content);
}

/**
 * Packs with calibration, unless it has been done before; changes of the packer do not count, so that a bench of the
 * runtime need not wait. Delete build/bench/lowbit to have it made anew.
 * @param {string} source
 * @returns {Promise<{ packageDir: string, photos: string }>}
 */
async function compressOnce(source) {
  const [packageDir, photos] = [path.join(MADE, 'lowbit/package'), path.join(MADE, 'lowbit/photos.bin')];
  if (!existsSync(path.join(packageDir, 'manifest.json'))) {
    console.log('Compressing MobileNetV2, once: this takes two minutes or more');
    await mkdir(path.join(MADE, 'lowbit'), { recursive: true });
    await packInto(source, packageDir, LOW_BIT);
  }
  if (!existsSync(photos)) {
    const folder = path.join(DATA, JUDGING_PHOTOS);
    const chosen = readdirSync(folder).filter((name) => /\.jpe?g$/i.test(name)).sort().slice(0, JUDGING_PHOTO_COUNT);
    const { inputs } = await runPhotos(packageDir, chosen.map((name) => path.join(folder, name)));
    await writeFile(photos, inputs);
  }
  return { packageDir, photos };
}
