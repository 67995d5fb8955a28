/**
 * The compression bench's conversion of a TensorFlow.js layers model to ONNX: the same outputs as TensorFlow.js's own
 * operators give, in ONNX Runtime and in Minnow.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { readLayersTrunk } from '../bench/compression/layers_model.js';
import { onnxOfLayers } from '../bench/compression/layers_onnx.js';
import { OnnxReference } from '../reference/onnx_reference.js';
import { DATA, missingNative, packInto, runTensors, withTempDir } from './native_minnow.js';
import { compareReals } from './tensor_comparison.js';

/** @typedef {import('../bench/compression/layers_model.js').LayersModel} LayersModel */

const MODEL = 'models/mobilenet_v2_035_tfjs';
const SIDE = 224;
const CHANNELS = 3;
const FEATURES = 1280;
/** Largest difference by the range of the outputs. */
const TOLERANCE = 1e-4;

describe('a layers model as ONNX', { skip: missingNative(MODEL) }, () => {
  test('MobileNetV2 0.35 without its head', async (t) => {
    const model = readLayersTrunk(path.join(DATA, MODEL));
    const picture = testPicture();
    await tf.setBackend('wasm');
    const expected = [...evaluateLayers(model, picture)];
    assert.equal(expected.length, FEATURES);

    await withTempDir(async (dir) => {
      const [file, folder] = [path.join(dir, 'trunk.onnx'), path.join(dir, 'package')];
      await writeFile(file, onnxOfLayers(model));
      const input = Buffer.from(channelsFirst(picture).buffer);
      const reference = await OnnxReference.open(file);
      t.after(() => reference.close());
      await packInto(file, folder);
      const answers = { 'ONNX Runtime': await reference.run(input, 1), Minnow: await runTensors(folder, input) };
      for (const [name, bytes] of Object.entries(answers)) {
        const { error } = compareReals(expected, [...new Float32Array(Uint8Array.from(bytes).buffer)]);
        t.diagnostic(`${name}: ${error.toExponential(1)} of the range from TensorFlow.js`);
        assert.ok(error <= TOLERANCE, `${name}: outputs differ by ${error} of their range`);
      }
    });
  });
});

/** Waves of several lengths, -1 … 1, another one in each channel. @returns {Float32Array} channels last */
function testPicture() {
  return Float32Array.from({ length: SIDE * SIDE * CHANNELS }, (_, i) => {
    const [channel, x, y] = [i % CHANNELS, Math.floor(i / CHANNELS) % SIDE, Math.floor(i / CHANNELS / SIDE)];
    return 0.6 * Math.sin(x / (5 + 9 * channel)) * Math.cos(y / 13) + 0.4 * Math.sin((x + 2 * y) / 47 + channel);
  });
}

/** @param {Float32Array} picture */
function channelsFirst(picture) {
  const pixels = SIDE * SIDE;
  return Float32Array.from(picture, (_, i) => picture[(i % pixels) * CHANNELS + Math.floor(i / pixels)]);
}

/**
 * With TensorFlow.js's operators, as its layers of these names call them.
 * @param {LayersModel} model
 * @param {Float32Array} picture
 * @returns {Float32Array}
 */
function evaluateLayers({ layers, weights }, picture) {
  return tf.tidy(() => {
    /** @type {Map<string, tf.Tensor4D>} */
    const made = new Map();
    const weightOf = (/** @type {string} */ name) => {
      const weight = weights.get(name);
      assert.ok(weight, name);
      return tf.tensor(weight.data, weight.shape);
    };
    /** @type {Record<string, (inputs: tf.Tensor4D[], name: string, config: any) => tf.Tensor>} */
    const rules = {
      InputLayer: () => tf.tensor4d(picture, [1, SIDE, SIDE, CHANNELS]),
      ZeroPadding2D: ([x], _, { padding }) => tf.pad(x, [[0, 0], ...padding, [0, 0]]),
      Conv2D: ([x], name, { strides, padding }) => tf.conv2d(x, /** @type {tf.Tensor4D} */ (weightOf(`${name}/kernel`)), strides, padding),
      DepthwiseConv2D: ([x], name, { strides, padding }) =>
        tf.depthwiseConv2d(x, /** @type {tf.Tensor4D} */ (weightOf(`${name}/depthwise_kernel`)), strides, padding),
      BatchNormalization: ([x], name, { epsilon }) => {
        const [mean, variance, beta, gamma] = ['moving_mean', 'moving_variance', 'beta', 'gamma'].map((part) => /** @type {tf.Tensor1D} */ (weightOf(`${name}/${part}`)));
        return tf.batchNorm(x, mean, variance, beta, gamma, epsilon);
      },
      ReLU: ([x], _, config) => tf.clipByValue(x, 0, config.max_value),
      Add: ([a, b]) => tf.add(a, b),
      GlobalAveragePooling2D: ([x]) => tf.mean(x, [1, 2]),
    };
    for (const { kind, name, config, inputs } of layers) {
      const values = inputs.map((input) => /** @type {tf.Tensor4D} */ (made.get(input)));
      made.set(name, /** @type {tf.Tensor4D} */ (rules[kind](values, name, config)));
    }
    return /** @type {Float32Array} */ (made.get(layers[layers.length - 1].name)?.dataSync());
  });
}
