/**
 * Single operators with int16 activations and int8 weights, from a SEANet speech model: every output of
 * every case is the integer that TensorFlow Lite Micro's golden file has.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { DATA, missingNative, packInto, runTensors, withTempDir } from './native_minnow.js';

const CASES = 'models/seanet_int16';
const skip = missingNative(CASES);

describe('int16 operators against golden files', { skip }, () => {
  const folders = skip ? [] : readdirSync(path.join(DATA, CASES)).sort();
  for (const operator of folders) {
    test(operator, async (t) => {
      const folder = path.join(DATA, CASES, operator);
      const models = readdirSync(folder).filter((file) => file.endsWith('.tflite'));
      assert.ok(models.length > 0);
      for (const model of models) await checkCase(path.join(folder, model));
      t.diagnostic(`${models.length} cases exact`);
    });
  }
});

/** @param {string} model */
async function checkCase(model) {
  const stem = model.replace(/\.tflite$/, '');
  /** @type {Buffer[]} */
  const inputs = [];
  for (let number = 0; ; number++) {
    const file = ['int16', 'int32'].map((dtype) => `${stem}_input${number}_${dtype}.csv`).find(existsSync);
    if (!file) break;
    inputs.push(toBytes(await readIntegers(file), file.includes('int32') ? Int32Array : Int16Array));
  }
  assert.ok(inputs.length > 0, `${stem} has no inputs`);
  const expected = await readIntegers(`${stem}_golden_int16.csv`);
  const bytes = await withTempDir(async (dir) => {
    const folder = path.join(dir, 'package');
    await packInto(model, folder);
    return runTensors(folder, Buffer.concat(inputs));
  });
  const actual = new Int16Array(Uint8Array.from(bytes).buffer);
  assert.equal(actual.length, expected.length, path.basename(model));
  const at = expected.findIndex((value, index) => value !== actual[index]);
  assert.equal(at, -1, `${path.basename(model)}: output ${at} is ${actual[at]}, the golden file has ${expected[at]}`);
}

/** @param {string} file @returns {Promise<number[]>} */
async function readIntegers(file) {
  return (await readFile(file, 'utf8')).split(',').map((field) => Number(field.trim()));
}

/** @param {number[]} values @param {Int16ArrayConstructor | Int32ArrayConstructor} array @returns {Buffer} */
function toBytes(values, array) {
  return Buffer.from(array.from(values).buffer);
}
