import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placementOf, toSource } from '../../wasm_glue/src/picture/placement.js';

const square = { width: 224, height: 224, channels: 3, crop: 1 };

test('the crop is centred, has the aspect of the input, and whole pixels', () => {
  /** @param {number} width @param {number} height @param {import('../../wasm_glue/src/base/types.js').ImageSpec} spec */
  const cropOf = (width, height, spec) => placementOf(width, height, spec).part;
  assert.deepEqual(cropOf(500, 375, square), { x: 62, y: 0, width: 375, height: 375 });
  assert.deepEqual(cropOf(375, 500, square), { x: 0, y: 62, width: 375, height: 375 });
  assert.deepEqual(cropOf(100, 100, { ...square, crop: 0.875 }), { x: 6, y: 6, width: 88, height: 88 });
  assert.deepEqual(cropOf(1, 3000, square), { x: 0, y: 1499, width: 1, height: 1 });
  assert.deepEqual(cropOf(300, 300, { ...square, height: 112 }), { x: 0, y: 75, width: 300, height: 150 });
  assert.deepEqual(placementOf(500, 375, square).box, { x: 0, y: 0, width: 224, height: 224 });
});

test('a letterbox has all of the picture between bars', () => {
  const letterbox = /** @type {const} */ ({ ...square, fit: 'letterbox' });
  assert.deepEqual(placementOf(640, 480, letterbox), {
    part: { x: 0, y: 0, width: 640, height: 480 },
    box: { x: 0, y: 28, width: 224, height: 168 },
  });
  assert.deepEqual(placementOf(3, 3000, letterbox).box, { x: 111, y: 0, width: 1, height: 224 });
});

test('stretching takes all of both', () => {
  const { part, box } = placementOf(640, 480, { ...square, fit: 'stretch' });
  assert.deepEqual([part.width, part.height, box.width, box.height], [640, 480, 224, 224]);
});

test('the way back leads to where a pixel came from', () => {
  for (const fit of /** @type {const} */ (['crop', 'letterbox', 'stretch'])) {
    const spec = { ...square, width: 320, height: 240, fit };
    const placement = placementOf(1000, 400, spec);
    const { part, box } = placement;
    const back = toSource(placement, spec);
    for (const t of [0, 0.25, 0.5, 1]) {
      // A point that lies at share t of the part lies at share t of the box.
      assert.ok(Math.abs(back.x((box.x + t * box.width) / 320) - (part.x + t * part.width)) < 1e-9, fit);
      assert.ok(Math.abs(back.y((box.y + t * box.height) / 240) - (part.y + t * part.height)) < 1e-9, fit);
    }
  }
});
