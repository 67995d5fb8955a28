/** The peers' bench compares like with like: what its converters make of a TFLite model still gives the model's answers. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { floatModelOf } from '../bench/peers/float_tflite.js';
import { onnxModelOf } from '../bench/peers/tflite_onnx.js';
import { OnnxReference } from '../reference/onnx_reference.js';
import { DATA, missingNative, packInto, packOnce, runTensors, withTempDir } from './native_minnow.js';
import { asValues, compareOutputs } from './output_comparison.js';

const RESNET8 = 'models/mlperf_tiny/pretrainedResnet_quant.tflite';
const QUANTIZED = [RESNET8, 'models/mlperf_tiny/kws_ref_model.tflite', 'models/mlperf_tiny/ad01_int8.tflite', 'models/coral/mobilenet_v1_0.25_128_quant.tflite'];
const RUNS = 4;
const MAX_STEPS = 3;
const MAX_FLOAT_DIFFERENCE = 1e-5;

describe('TFLite models as ONNX, in ONNX Runtime', { skip: missingNative(...QUANTIZED) }, () => {
  for (const file of QUANTIZED) {
    test(file, async () => {
      const onnx = onnxModelOf(await readFile(path.join(DATA, file)));
      const { inputs, theirs, dtype } = await runOnnx(onnx, noise);
      const ours = await runTensors(await packOnce(file), inputs);
      const { maxDifference } = compareOutputs(asValues(theirs, dtype), asValues(ours, dtype), RUNS);
      assert.ok(maxDifference <= MAX_STEPS, `outputs differ by up to ${maxDifference} steps`);
    });
  }

  test('ResNet-8 in float32', () =>
    withTempDir(async (dir) => {
      const model = floatModelOf(await readFile(path.join(DATA, RESNET8)));
      await writeFile(path.join(dir, 'float.tflite'), model);
      await packInto(path.join(dir, 'float.tflite'), path.join(dir, 'package'));
      const { inputs, theirs } = await runOnnx(onnxModelOf(model), floatNoise);
      const ours = floatsOf(await runTensors(path.join(dir, 'package'), inputs));
      floatsOf(theirs).forEach((value, i) => assert.ok(Math.abs(value - ours[i]) <= MAX_FLOAT_DIFFERENCE, `${value} and ${ours[i]}`));
    }));
});

/**
 * @param {Buffer} onnx
 * @param {(bytes: number) => Uint8Array} makeInputs
 */
function runOnnx(onnx, makeInputs) {
  return withTempDir(async (dir) => {
    const file = path.join(dir, 'model.onnx');
    await writeFile(file, onnx);
    const reference = await OnnxReference.open(file);
    try {
      const inputs = makeInputs(RUNS * reference.inputs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
      const theirs = await reference.run(inputs, RUNS);
      return { inputs, theirs, dtype: reference.outputs[0].dtype };
    } finally {
      await reference.close();
    }
  });
}

/** @param {number} bytes */
function noise(bytes) {
  return Uint8Array.from({ length: bytes }, (_, i) => Math.imul(i + 1, 2654435761) >>> 24);
}

/** @param {number} bytes of values from -1 to 1 */
function floatNoise(bytes) {
  return new Uint8Array(Float32Array.from(noise(bytes / 4), (byte) => byte / 127.5 - 1).buffer);
}

/** @param {Uint8Array} bytes */
function floatsOf(bytes) {
  return new Float32Array(Uint8Array.from(bytes).buffer);
}
