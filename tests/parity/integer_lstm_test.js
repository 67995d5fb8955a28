/**
 * The int8 LSTM that reads handwritten digits, on digits drawn here with strokes. LiteRT.js does not load
 * the file; tests/unit/core_ops_fixed_test.c holds the operator against an LSTM in real numbers.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingNative, packOnce, runTensors } from './native_minnow.js';

const MODEL = 'models/coral/keras_lstm_mnist_ptq.tflite';
const SIDE = 28;
const PEN_RADIUS = 1.8;
const PI = Math.PI;

/** @typedef {number[][]} Points */

/** @param {number} x0 @param {number} y0 @param {number} x1 @param {number} y1 @returns {Points} */
const line = (x0, y0, x1, y1) => Array.from({ length: 61 }, (_, i) => [x0 + ((x1 - x0) * i) / 60, y0 + ((y1 - y0) * i) / 60]);

/** @param {number} x @param {number} y @param {number} rx @param {number} ry @param {number} from @param {number} to @returns {Points} */
const arc = (x, y, rx, ry, from, to) =>
  Array.from({ length: 41 }, (_, i) => from + ((to - from) * i) / 40).map((a) => [x + rx * Math.cos(a), y + ry * Math.sin(a)]);

/** @type {Points[]} strokes of 0 to 9 */
const DIGITS = [
  arc(14, 14, 5, 8, 0, 2 * PI),
  line(14, 5, 14, 23),
  [...arc(14, 9, 5, 4, -PI, 0.4), ...line(18, 12, 9, 22), ...line(9, 22, 20, 22)],
  [...arc(13, 9, 5, 4, -0.8 * PI, PI / 2), ...arc(13, 18, 6, 5, -PI / 2, 0.8 * PI)],
  [...line(9, 6, 8, 14), ...line(8, 14, 19, 14), ...line(18, 6, 17, 23)],
  [...line(10, 6, 19, 6), ...line(10, 6, 9, 12), ...arc(13, 17, 6, 5.5, -PI / 2 - 0.6, 0.8 * PI)],
  [...arc(17, 14, 9, 10, 1.45 * PI, 0.9 * PI), ...arc(13, 18, 5, 4.5, 0, 2 * PI)],
  [...line(8, 7, 19, 7), ...line(19, 7, 13, 23)],
  [...arc(14, 9.5, 4, 4, 0, 2 * PI), ...arc(14, 18, 5, 4.5, 0, 2 * PI)],
  [...arc(13, 10, 4.5, 4.5, 0, 2 * PI), ...line(17.5, 10, 16, 23)],
];

/** @param {Points} points @returns {Uint8Array} white strokes on black, their edges one pixel soft */
function draw(points) {
  return Uint8Array.from({ length: SIDE * SIDE }, (_, at) => {
    const [x, y] = [at % SIDE, Math.floor(at / SIDE)];
    const nearest = Math.min(...points.map(([px, py]) => Math.hypot(x - px, y - py)));
    return 255 * Math.max(0, Math.min(1, PEN_RADIUS - nearest));
  });
}

test('an int8 LSTM reads drawn digits', { skip: missingNative(MODEL) }, async () => {
  const folder = await packOnce(MODEL);
  const scores = await runTensors(folder, Buffer.concat(DIGITS.map(draw)));
  const read = DIGITS.map((_, digit) => {
    const row = scores.subarray(10 * digit, 10 * digit + 10);
    return row.indexOf(Math.max(...row));
  });
  assert.deepEqual(read, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  // A digit is read the same whatever was read before: no state is left from run to run.
  const alone = await runTensors(folder, draw(DIGITS[6]));
  assert.deepEqual(alone, scores.subarray(60, 70));
});
