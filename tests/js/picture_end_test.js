import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endsEarly } from '../../wasm_glue/src/picture/picture_end.js';

/** A JPEG's outer structure: a thumbnail in APP1 with an end of its own, two scans, stuffed bytes, restarts. */
const JPEG = Uint8Array.of(
  ...[0xff, 0xd8],
  ...[0xff, 0xe1, 0, 8, 0xff, 0xd8, 1, 2, 0xff, 0xd9],
  ...[0xff, 0xff, 0xda, 0, 4, 7, 7, 0xff, 0, 5, 0xff, 0xd0, 5, 6],
  ...[0xff, 0xda, 0, 3, 7, 1, 2, 3, 0xff, 0, 0xff, 0xd7, 9],
  ...[0xff, 0xd9],
);
const PNG = Uint8Array.of(
  ...[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
  ...[0, 0, 0, 4, 0x49, 0x44, 0x41, 0x54, 0x49, 0x45, 0x4e, 0x44, 0, 0, 0, 0],
  ...[0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82],
);
const WEBP = Uint8Array.of(0x52, 0x49, 0x46, 0x46, 10, 0, 0, 0, 0x57, 0x45, 0x42, 0x50, 0x56, 0x50, 0x38, 0x20, 1, 2);

for (const [name, picture, shortest] of /** @type {const} */ ([
  ['JPEG', JPEG, 3],
  ['PNG', PNG, 8],
  ['WebP', WEBP, 12],
])) {
  test(`${name}: complete, with something behind it, and cut anywhere`, () => {
    assert.equal(endsEarly(picture), false);
    assert.equal(endsEarly(Uint8Array.of(...picture, 0, 0xff, 1)), false);
    for (let length = shortest; length < picture.length; length++) {
      assert.equal(endsEarly(picture.subarray(0, length)), true, `${length} of ${picture.length} bytes`);
    }
  });
}

test('other formats are left to the browser', () => {
  for (const bytes of [[], [0xff], [0x47, 0x49, 0x46, 0x38], [0x52, 0x49, 0x46, 0x46, 9, 9, 9, 9, 0x57, 0x41, 0x56, 0x45]]) {
    assert.equal(endsEarly(Uint8Array.from(bytes)), false);
  }
});
