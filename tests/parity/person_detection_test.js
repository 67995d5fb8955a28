/**
 * The person detector on its two test pictures. Its authors feed the grey values' bytes as they are, read as
 * int8; their own test demands these answers.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { DATA, missingNative, packOnce, runTensors } from './native_minnow.js';

const MODEL = 'models/person_detection/person_detect.tflite';
const PICTURES = 'models/person_detection/testdata';
const SIDE = 96;

/** @param {string} name @returns {Promise<Buffer>} the grey values, top row first (a BMP's last one) */
async function readGrey(name) {
  const bytes = await readFile(path.join(DATA, PICTURES, name));
  const pixels = bytes.subarray(bytes.readUInt32LE(10));
  const rows = Array.from({ length: SIDE }, (_, y) => pixels.subarray((SIDE - 1 - y) * SIDE, (SIDE - y) * SIDE));
  return Buffer.concat(rows);
}

test('tells pictures with a person from those without', { skip: missingNative(MODEL, PICTURES) }, async (t) => {
  const folder = await packOnce(MODEL);
  for (const [picture, isPerson] of /** @type {const} */ ([['person.bmp', true], ['no_person.bmp', false]])) {
    const [noPerson, person] = new Int8Array(await runTensors(folder, await readGrey(picture)));
    t.diagnostic(`${picture}: person ${person}, no person ${noPerson}`);
    assert.equal(person > noPerson, isPerson);
  }
});
