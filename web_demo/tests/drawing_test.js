/** Drawings are fitted as the bitmaps of Quick, Draw! were: 256 of 304 units, lines of 16, in the middle. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitStrokes } from '../src/inputs/drawing.js';

/** @param {number} actual @param {number} expected */
const near = (actual, expected) => assert.ok(Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`);

test('the longer side fills the box, wherever and however large it was drawn', () => {
  for (const [x, y, size] of [[0.1, 0.2, 0.5], [0.7, 0.05, 0.01]]) {
    const stroke = [{ x, y }, { x: x + size, y: y + size / 2 }];
    const { strokes: [[a, b]], lineWidth } = fitStrokes([stroke], 28, 28);
    const unit = 28 / 304;
    near(lineWidth, 16 * unit);
    near(a.x, 24 * unit);
    near(b.x, 280 * unit);
    near(b.y - a.y, 128 * unit);
    near((a.y + b.y) / 2, 14);
  }
});

test('several strokes keep their places to each other', () => {
  const { strokes } = fitStrokes([[{ x: 0, y: 0 }, { x: 10, y: 0 }], [{ x: 5, y: 10 }]], 304, 304);
  assert.deepEqual(strokes, [[{ x: 24, y: 24 }, { x: 280, y: 24 }], [{ x: 152, y: 280 }]]);
});

test('a dot, a line along an axis and a wide input', () => {
  assert.deepEqual(fitStrokes([[{ x: 3, y: 4 }]], 28, 28).strokes, [[{ x: 14, y: 14 }]]);
  const { strokes: [line] } = fitStrokes([[{ x: 0, y: 7 }, { x: 1, y: 7 }]], 304, 304);
  assert.deepEqual(line, [{ x: 24, y: 152 }, { x: 280, y: 152 }]);
  const { strokes: [wide] } = fitStrokes([[{ x: 0, y: 0 }, { x: 1, y: 0 }]], 608, 304);
  assert.deepEqual(wide.map(({ x }) => x), [176, 432]);
});
