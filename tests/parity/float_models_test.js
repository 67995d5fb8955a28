/**
 * Models that compute in float32 (some with weights of 16 or 8 bits) and an int8 model beyond
 * classification: the native tool's outputs against those of LiteRT.js, tensor by tensor.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { missingEngine } from '../e2e/engines/browser_engine.js';
import { LiteRtReference } from '../reference/litert_reference.js';
import { DATA, listPhotos, missingNative, packOnce, runPhotos, runTensors } from './native_minnow.js';
import { compareReals, compareSteps, randomTensors, splitOutputs } from './tensor_comparison.js';

/** @typedef {import('../reference/litert_page.js').TensorDetails} TensorDetails */

const MODELS = [
  'coral/deeplabv3_mnv2_dm05_pascal_quant',
  'mediapipe/face_detection_short_range_f32',
  'mediapipe/face_landmark_f32',
  'mediapipe/hand_landmark_lite_f16',
  'mediapipe/palm_detection_f32',
  'mediapipe/pose_landmark_lite_f16',
  'mediapipe/selfie_segmentation_f16',
  'mlperf_tiny/ad01_fp32',
  'mlperf_tiny/kws_ref_model_float32',
  'mlperf_tiny/pretrainedResnet',
  'mlperf_tiny/pretrainedResnet_large_float',
  'mlperf_tiny/vww_96_float',
];

/** What Minnow promises: of the largest error, relative to the span of the tensor's values; and of integers. */
const MAX_ERROR_OF_RANGE = 1e-4;
const MIN_WITHIN_ONE_STEP = 0.99;

/** LiteRT.js computes these with weights of 8 bits and quantises the activations while it runs; Minnow does not. */
const DYNAMIC_RANGE = new Set(['mlperf_tiny/kws_ref_model_float32']);
const MAX_DYNAMIC_RANGE_ERROR = 0.05;

/** On noise this one sees nothing: all its outputs are next to 0, and so is the span that errors are measured by. */
const PHOTOS_ONLY = new Set(['mediapipe/selfie_segmentation_f16']);

const RUNS = 4;

const skip = missingEngine('chromium') ?? missingNative('photos/imagenet');

describe('float32 models against LiteRT.js', { skip }, () => {
  /** @type {LiteRtReference} */
  let reference;
  before(async () => {
    reference = await LiteRtReference.open();
  });
  after(() => reference?.close());

  for (const name of MODELS) {
    const file = `models/${name}.tflite`;
    const absent = !existsSync(path.join(DATA, file)) && `${DATA} has no ${file}: set MINNOW_DATA`;
    test(name, { skip: absent }, async (t) => {
      const folder = await packOnce(file);
      const { inputs, outputs } = await reference.load(path.join(DATA, file));
      for (const [what, data] of Object.entries(await batches(name, folder, inputs))) {
        const expected = splitOutputs(await reference.run(data, RUNS), outputs, RUNS);
        const actual = splitOutputs(await runTensors(folder, data), outputs, RUNS);
        outputs.forEach(({ name: output, dtype }, index) => {
          if (dtype === 'float32') {
            const found = compareReals(expected[index], actual[index]);
            const bound = DYNAMIC_RANGE.has(name) ? MAX_DYNAMIC_RANGE_ERROR : MAX_ERROR_OF_RANGE;
            const text = `${what}, ${output}: largest error ${found.error.toExponential(2)} of the range ${found.range.toPrecision(4)}`;
            t.diagnostic(text);
            assert.ok(found.error <= bound, `${text}; at most ${bound} is allowed`);
          } else {
            const found = compareSteps(expected[index], actual[index]);
            const text = `${what}, ${output}: ${(found.equal * 100).toFixed(3)} % equal, ${(found.withinOneStep * 100).toFixed(3)} % within 1`;
            t.diagnostic(text);
            assert.ok(found.withinOneStep >= MIN_WITHIN_ONE_STEP, text);
          }
        });
      }
    });
  }
});

/**
 * What a model is run on: RUNS photos where its input is a picture, and noise.
 * @param {string} name
 * @param {string} folder of its package
 * @param {TensorDetails[]} inputs
 * @returns {Promise<Record<string, Uint8Array>>}
 */
async function batches(name, folder, inputs) {
  const manifest = JSON.parse(await readFile(path.join(folder, 'manifest.json'), 'utf8'));
  /** @type {Record<string, Uint8Array>} */
  const found = {};
  if (manifest.inputs[0].image) found.photos = (await runPhotos(folder, listPhotos().slice(0, RUNS))).inputs;
  if (!PHOTOS_ONLY.has(name)) found.noise = Buffer.concat(randomTensors(inputs, RUNS));
  return found;
}
