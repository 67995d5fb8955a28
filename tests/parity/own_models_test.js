/** The models that ship with the product, judged on the parts of their data that they never saw. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DATA, missingNative } from './native_minnow.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TOOL = path.join(ROOT, 'build/native/minnow');

/**
 * Least accuracy on the test part and most bytes of the shards after brotli. `within`: of the first so many classes alone as well;
 * `least`: of one class;
 * `recordings`: only what people said, not cut and mixed clips that are made to be mistaken.
 */
const MODELS = [
  { name: 'sign_digits', data: 'sign_digits', accuracy: 0.97, bytes: 40_000 },
  { name: 'wake_words', data: 'wake_words', accuracy: 0.98, bytes: 40_000, recordings: true },
  { name: 'intents', data: 'intents', accuracy: 0.95, bytes: 60_000, within: 10, least: { 'out of scope': 0.5 } },
  { name: 'intents_zh', data: 'intents_zh', accuracy: 0.92, bytes: 60_000 },
  { name: 'doodles', data: 'quickdraw', accuracy: 0.94, bytes: 40_000 },
];

/** @param {string} name @param {...string} options */
function evaluate(name, ...options) {
  const args = ['eval', path.join(ROOT, 'models', name, 'package'), '--root', path.join(DATA, 'train'), '--json', ...options];
  return JSON.parse(execFileSync(TOOL, args, { encoding: 'utf8', maxBuffer: 1 << 26 }));
}

/**
 * A recipe whose data are read from DATA alone: sources made on this machine (./.training) may be missing.
 * @param {string} name @param {(source: any) => boolean} [keeps]
 */
function describeData(name, keeps = () => true) {
  const { data } = JSON.parse(readFileSync(path.join(ROOT, 'models', name, 'model.json'), 'utf8'));
  const folder = mkdtempSync(path.join(tmpdir(), 'minnow-data-'));
  const file = path.join(folder, 'data.json');
  delete data.root;
  data.sources = data.sources.filter((/** @type {any} */ source) => !source.folder?.startsWith('./') && keeps(source));
  writeFileSync(file, JSON.stringify(data));
  return { file, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

describe('models of the product', { skip: missingNative('train/intents/data_full.json') }, () => {
  for (const { name, accuracy, bytes, within, least, recordings } of MODELS) {
    test(name, { timeout: 120_000 }, () => {
      const folder = path.join(ROOT, 'models', name, 'package');
      const brotli = readdirSync(folder).filter((file) => file.endsWith('.mnw.br'));
      const size = brotli.reduce((sum, file) => sum + statSync(path.join(folder, file)).size, 0);
      assert.ok(size > 0 && size <= bytes, `${size} bytes`);
      const description = describeData(name, (source) => !recordings || source.folder);
      const judged = evaluate(name, '--data', description.file, '--part', 'test');
      description.remove();
      const { confusion, classes } = judged;
      for (const counted of [confusion, confusion.slice(0, within)]) {
        const right = counted.reduce((/** @type {number} */ sum, /** @type {number[]} */ row, /** @type {number} */ i) => sum + row[i], 0);
        const all = counted.flat().reduce((/** @type {number} */ sum, /** @type {number} */ count) => sum + count, 0);
        assert.ok(all >= 200, `${all} examples`);
        assert.ok(right / all >= accuracy, `${right} of ${all} right`);
      }
      for (const [label, share] of Object.entries(least ?? {})) {
        const { recall } = classes.find((/** @type {{ label: string }} */ of) => of.label === label);
        assert.ok(recall >= share, `${label}: ${recall} of them found`);
      }
      const card = JSON.parse(readFileSync(path.join(ROOT, 'models', name, 'card.json'), 'utf8'));
      assert.ok(card.attribution && card.licence, 'attribution and licence');
      assert.equal(card.bytes, size, 'bytes of the card');
    });
  }

  test('wake words: other speech is hardly ever taken for one', () => {
    const description = describeData('wake_words', (source) => source.folder === 'speech_negatives');
    const { examples, right } = evaluate('wake_words', '--data', description.file, '--part', 'test');
    description.remove();
    assert.ok(examples >= 80, `${examples} clips`);
    assert.ok(examples - right <= 0.01 * examples, `${examples - right} of ${examples} accepted`);
  });

  test('wake words: nearly all are heard', () => {
    const description = describeData('wake_words', (source) => source.folder === 'wake_words');
    const { examples, right } = evaluate('wake_words', '--data', description.file, '--part', 'test');
    description.remove();
    assert.ok(right / examples >= 0.95, `${right} of ${examples} heard`);
  });

  test('every model has its files', () => {
    for (const { name } of MODELS) {
      for (const file of ['model.json', 'labels.txt', 'frontend.json', 'card.json', 'package/manifest.json']) {
        assert.ok(existsSync(path.join(ROOT, 'models', name, file)), `${name}/${file}`);
      }
    }
  });
});
