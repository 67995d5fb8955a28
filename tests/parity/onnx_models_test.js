/** Whole ONNX models: the native tool's outputs against those of ONNX Runtime, tensor by tensor, on noise. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { OnnxReference } from '../reference/onnx_reference.js';
import { DATA, missingNative, packOnce, runTensors } from './native_minnow.js';
import { compareReals, randomTensors, splitOutputs } from './tensor_comparison.js';

const MODELS = [
  'dtln/model_1',
  'ultra_light_face/version-RFB-320',
  'ultra_light_face/version-RFB-320_without_postprocessing',
  'ultra_light_face/version-slim-320',
];

/** What Minnow promises: of the largest error, relative to the span of the tensor's values. */
const MAX_ERROR_OF_RANGE = 1e-4;
const RUNS = 3;

describe('ONNX models against ONNX Runtime', () => {
  for (const name of MODELS) {
    const file = `models/${name}.onnx`;
    test(name, { skip: missingNative(file) }, async (t) => {
      const reference = await OnnxReference.open(path.join(DATA, file));
      t.after(() => reference.close());
      const data = Buffer.concat(randomTensors(reference.inputs, RUNS));
      const expected = splitOutputs(await reference.run(data, RUNS), reference.outputs, RUNS);
      const actual = splitOutputs(await runTensors(await packOnce(file), data), reference.outputs, RUNS);
      assert.ok(expected.length > 0);
      reference.outputs.forEach((output, index) => {
        const { error, range } = compareReals(expected[index], actual[index]);
        const text = `${output.name}: largest error ${error.toExponential(2)} of the range ${range.toPrecision(4)}`;
        t.diagnostic(text);
        assert.ok(error <= MAX_ERROR_OF_RANGE, `${text}; at most ${MAX_ERROR_OF_RANGE} is allowed`);
      });
    });
  }
});
