import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toPicture } from '../../wasm_glue/src/picture.js';
import { bandRows, bandsOf, openPicture } from '../../wasm_glue/src/picture_reader.js';

/** @param {number} width @param {number} height */
function pixels(width, height) {
  return { width, height, data: Uint8ClampedArray.from({ length: 4 * width * height }, (_, i) => i * 31 + (i >> 7)) };
}

test('bands are small, also of the widest pictures', () => {
  assert.equal(bandRows(224), 64);
  assert.equal(bandRows(30000), 8);
  assert.equal(bandRows(10 ** 6), 1);
});

test('bands cover the part exactly, whatever its place', async () => {
  const image = pixels(50, 150);
  const reader = await openPicture(image);
  const part = { x: 3, y: 5, width: 40, height: 141 };
  const seen = [...bandsOf(reader, part)];
  assert.deepEqual(seen.map(({ rows }) => rows), [64, 64, 13]);
  const got = seen.flatMap(({ rgba }) => Array.from(rgba));
  const expected = [];
  for (let y = 5; y < 146; y++) expected.push(...image.data.subarray(4 * (y * 50 + 3), 4 * (y * 50 + 43)));
  assert.deepEqual(got, expected);
});

test('what is no picture is BAD_IMAGE, and the message says what works', async () => {
  const wrong = /** @type {any[]} */ ([null, undefined, 7, 'cat.jpg', {}, new Uint8Array(4), document404()]);
  for (const image of wrong) {
    await assert.rejects(toPicture(image), { code: 'BAD_IMAGE', message: /is no picture: give a File or Blob/ });
  }
  await assert.rejects(openPicture({ ...pixels(2, 2), width: 3 }), { code: 'BAD_IMAGE' });
});

test('a file that is no picture is named', async (t) => {
  const globals = /** @type {any} */ (globalThis);
  globals.createImageBitmap = async () => {
    throw new DOMException('The source image could not be decoded.', 'InvalidStateError');
  };
  t.after(() => delete globals.createImageBitmap);
  const file = new File(['not a picture'], 'notes.txt', { type: 'text/plain' });
  await assert.rejects(openPicture(file), { code: 'BAD_IMAGE', file: 'notes.txt', message: /^notes\.txt \(text\/plain, 13 bytes\)/ });
});

test('a browser that does not know an option decodes without it', async (t) => {
  /** @type {unknown[]} */
  const calls = [];
  const globals = /** @type {any} */ (globalThis);
  globals.createImageBitmap = async (/** @type {unknown} */ _, /** @type {unknown} */ options) => {
    calls.push(options);
    if (options) throw new TypeError("'from-image' is not a valid value for enumeration ImageOrientation");
    return { width: 2, height: 1, close() {} };
  };
  t.after(() => delete globals.createImageBitmap);
  const reader = await openPicture(new Blob(['x']));
  assert.deepEqual([reader.width, reader.height], [2, 1]);
  assert.deepEqual(calls, [{ imageOrientation: 'from-image', colorSpaceConversion: 'none' }, undefined]);
});

/** Stands for an element that is not a picture. */
function document404() {
  return { [Symbol.toStringTag]: 'HTMLDivElement' };
}
