/**
 * Silero VAD (an If on the sampling rate, an STFT by convolution, an LSTM whose state the caller carries) against
 * ONNX Runtime: frames in a row, each with the state that the one before gave.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';

import { OnnxReference } from '../reference/onnx_reference.js';
import { DATA, missingNative, packInto, runTensors, withTempDir } from './native_minnow.js';
import { compareReals } from './tensor_comparison.js';

const MODEL = 'models/silero_vad/silero_vad_16k_op15.onnx';
const FRAME = 576; // 512 samples behind 64 of the frame before
const STATE = 2 * 128;
const FRAMES = 6;
const RATE = 16000;
const MAX_ERROR_OF_RANGE = 1e-4;

/** A tone that swells, with a little noise. @param {number} frame @returns {Float32Array} */
function samples(frame) {
  let seed = frame + 1;
  return Float32Array.from({ length: FRAME }, (_, i) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    const at = (frame * 512 + i) / RATE;
    return 0.4 * Math.sin(2 * Math.PI * 180 * at) * Math.sin(2 * Math.PI * 3 * at) + 0.02 * (seed / 2 ** 31 - 1);
  });
}

/** @param {Buffer} bytes @returns {Float32Array} */
const floats = (bytes) => new Float32Array(Uint8Array.from(bytes).buffer);

test('Silero VAD carries its state as ONNX Runtime does', { skip: missingNative(MODEL) }, async (t) => {
  const reference = await OnnxReference.open(path.join(DATA, MODEL));
  t.after(() => reference.close());
  assert.deepEqual(reference.inputs.map(({ name }) => name), ['input', 'state', 'sr']);
  Object.assign(reference.inputs[0], { shape: [1, FRAME], sizeBytes: 4 * FRAME });
  Object.assign(reference.inputs[1], { shape: [2, 1, 128], sizeBytes: 4 * STATE });
  const rate = Buffer.from(BigInt64Array.of(BigInt(RATE)).buffer);
  await withTempDir(async (dir) => {
    const folder = path.join(dir, 'package');
    await packInto(path.join(DATA, MODEL), folder, ['--shape', `input=1,${FRAME}`, '--const', `sr=${RATE}`]);
    let [expectedState, actualState] = [new Float32Array(STATE), new Float32Array(STATE)];
    for (let frame = 0; frame < FRAMES; frame++) {
      const sound = Buffer.from(samples(frame).buffer);
      const expected = floats(await reference.run(Buffer.concat([sound, Buffer.from(expectedState.buffer), rate]), 1));
      const actual = floats(await runTensors(folder, Buffer.concat([sound, Buffer.from(actualState.buffer)])));
      assert.equal(actual.length, 1 + STATE);
      [expectedState, actualState] = [expected.slice(1), actual.slice(1)];
      const state = compareReals([...expectedState], [...actualState]);
      t.diagnostic(`frame ${frame}: speech ${actual[0].toFixed(6)}, ONNX Runtime ${expected[0].toFixed(6)}; state off by ${state.error.toExponential(1)} of its range`);
      assert.ok(Math.abs(expected[0] - actual[0]) <= MAX_ERROR_OF_RANGE);
      assert.ok(state.error <= MAX_ERROR_OF_RANGE);
    }
  });
});
