import assert from 'node:assert/strict';
import { test } from 'node:test';
import { realValues } from '../../wasm_glue/src/base/outputs.js';
import { classMapOf, cutOut, upscaleToSource } from '../../wasm_glue/src/picture/segmentation.js';

test('the class of a pixel is that of its highest score, in either layout; the first of equal ones', () => {
  const scores = [[0.1, 0.9, 0], [3, 2, 1], [5, 5, 4], [0, 0, 7], [-1, -2, -3], [0, 8, 8]];
  const expected = { width: 3, height: 2, classes: Uint8Array.of(1, 0, 0, 2, 0, 1), confidence: Float32Array.of(0.9, 3, 5, 7, -1, 8) };
  const nhwc = { data: Float32Array.from(scores.flat()), shape: [1, 2, 3, 3] };
  assert.deepEqual(classMapOf(nhwc, { output: 0, classes: 3 }), expected);
  const nchw = { data: Float32Array.from([0, 1, 2].flatMap((c) => scores.map((pixel) => pixel[c]))), shape: [1, 3, 2, 3] };
  assert.deepEqual(classMapOf(nchw, { output: 0, classes: 3, layout: 'nchw' }), expected);
});

test('class numbers are taken as they are, 64 bits wide too', () => {
  const data = realValues({ data: BigInt64Array.of(0n, 20n, 3n, 1n), scale: 0, zeroPoint: 0 });
  for (const shape of [[1, 2, 2], [1, 2, 2, 1], [2, 2]]) {
    assert.deepEqual(classMapOf({ data, shape }, { output: 0, classes: 21, argmax: true }), { width: 2, height: 2, classes: Uint8Array.of(0, 20, 3, 1) });
  }
  const large = BigInt64Array.of(-1n, 2n ** 40n + 5n, -(2n ** 33n));
  assert.deepEqual([...Array.from(realValues({ data: large, scale: 0, zeroPoint: 0 }))], [-1, 2 ** 40 + 5, -(2 ** 33)]);
});

test('a single channel is the foreground, from a threshold on', () => {
  const output = { data: Float32Array.of(0.25, 0.5, 0.75), shape: [1, 1, 3, 1] };
  assert.deepEqual([...classMapOf(output, { output: 0, classes: 1 }).classes], [0, 1, 1]);
  assert.deepEqual([...classMapOf(output, { output: 0, classes: 1, threshold: 0.6 }).classes], [0, 0, 1]);
});

test('quantised outputs become real ones', () => {
  assert.deepEqual([...Array.from(realValues({ data: Int8Array.of(-128, 0, 127), scale: 0.5, zeroPoint: -128 }))], [0, 64, 127.5]);
});

test('a letterbox’s bars are cut off', () => {
  const map = { width: 4, height: 4, classes: Uint8Array.from({ length: 16 }, (_, i) => i), confidence: Float32Array.from({ length: 16 }, (_, i) => i / 16) };
  const cut = cutOut(map, { x: 0, y: 4, width: 16, height: 8 }, { width: 16, height: 16 });
  assert.deepEqual(cut, { width: 4, height: 2, classes: map.classes.slice(4, 12), confidence: map.confidence.slice(4, 12) });
  const column = cutOut(map, { x: 8, y: 0, width: 4, height: 16 }, { width: 16, height: 16 });
  assert.deepEqual([...column.classes], [2, 6, 10, 14]);
  assert.equal(cutOut(map, { x: 0, y: 0, width: 16, height: 16 }, { width: 16, height: 16 }), map);
});

test('upscaled, each pixel has the class of the nearest one, and none outside the part', () => {
  const { width, height, classes } = upscaleToSource({
    width: 2,
    height: 2,
    classes: Uint8Array.of(1, 2, 3, 4),
    part: { x: 1, y: 0, width: 4, height: 2 },
    source: { width: 6, height: 3 },
  });
  assert.deepEqual([width, height], [6, 3]);
  assert.deepEqual([...classes], [0, 1, 1, 2, 2, 0, 0, 3, 3, 4, 4, 0, 0, 0, 0, 0, 0, 0]);
});
