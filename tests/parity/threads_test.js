/** Any number of threads gives the bytes that one thread gives. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { missingNative, packOnce, runTensors } from './native_minnow.js';
import { firstRuns, randomInputs } from './parity_models.js';

const RUNS = 2;
const THREADS = [2, 5];

const MODELS = [
  'models/coral/tf2_mobilenet_v2_1.0_224_ptq.tflite',
  'models/coral/mobilenet_v1_0.25_128_quant.tflite',
  'models/mlperf_tiny/kws_ref_model.tflite',
  'models/mlperf_tiny/ad01_int8.tflite',
  'models/mlperf_tiny/pretrainedResnet_large_float.tflite',
  'models/mediapipe/face_detection_short_range_f32.tflite',
  'models/mediapipe/selfie_segmentation_f16.tflite',
  'models/ultra_light_face/version-slim-320.onnx',
];

/** @type {Record<string, number>} */
const BYTES = { float32: 4, int8: 1, uint8: 1 };

describe('threads', { skip: missingNative(...MODELS) }, () => {
  for (const file of MODELS) {
    test(path.basename(file), async () => {
      const folder = await packOnce(file);
      const { inputs } = JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8'));
      /** @param {number[]} shape */
      const elements = (shape) => shape.reduce((product, size) => product * size, 1);
      const bytes = inputs.reduce((/** @type {number} */ sum, /** @type {any} */ { dtype, shape }) => sum + BYTES[dtype] * elements(shape), 0);
      const { data } = firstRuns(randomInputs(bytes), RUNS);
      // Random bits may be huge floats; what is asked of them here is only to be the same ones.
      if (inputs[0].dtype === 'float32') for (let i = 3; i < data.length; i += 4) data[i] = 0x3e;
      const alone = await runTensors(folder, data);
      assert.ok(new Set(alone).size > 1, 'an answer');
      for (const threads of THREADS) {
        const shared = await runTensors(folder, data, undefined, threads);
        assert.equal(Buffer.compare(alone, shared), 0, `${threads} threads answer otherwise`);
      }
    });
  }
});
