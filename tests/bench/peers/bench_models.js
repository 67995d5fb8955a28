/** The models that are timed, and how each of them reaches each engine. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { DATA, packOnce } from '../../parity/native_minnow.js';
import { repairQuantizedDimensions } from '../../reference/tflite_repair.js';
import { floatModelOf } from './float_tflite.js';

/** @typedef {'minnow' | 'litert' | 'ort'} EngineId */

/**
 * @typedef {object} BenchModel
 * @property {string} key of the ratios, without the number of threads
 * @property {string} title
 * @property {string} file relative to the data folder
 * @property {boolean} [asFloat] the weights are turned into float32 first
 * @property {number} goal ours divided by the best peer's
 */

const MADE = fileURLToPath(new URL('../../../build/bench/models', import.meta.url));
const MOBILENET_V2 = 'models/coral/tf2_mobilenet_v2_1.0_224_ptq.tflite';

/** @type {readonly BenchModel[]} */
export const BENCH_MODELS = [
  { key: 'mobilenet_v2_int8', title: 'MobileNetV2 1.0 224 int8', file: MOBILENET_V2, goal: 0.75 },
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
 * Makes what the engines load: our package, and the file for the peers.
 * @param {BenchModel} model
 * @returns {Promise<{ packageDir: string, peerFile: string }>}
 */
export async function prepareModel(model) {
  await mkdir(MADE, { recursive: true });
  const source = path.join(DATA, model.file);
  if (source.endsWith('.onnx')) return { packageDir: await packOnce(model.file), peerFile: source };
  const bytes = repairQuantizedDimensions(await readFile(source));
  const peerFile = path.join(MADE, `${model.key}.tflite`);
  await writeFile(peerFile, model.asFloat ? floatModelOf(bytes) : bytes);
  return { packageDir: await packOnce(model.asFloat ? path.relative(DATA, peerFile) : model.file), peerFile };
}

/** @param {BenchModel} model @returns {EngineId[]} */
export function enginesFor(model) {
  return model.file.endsWith('.onnx') ? ['minnow', 'ort'] : ['minnow', 'litert'];
}
