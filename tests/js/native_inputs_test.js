import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { dataFile, importNodeModule, missing, packModel, root } from './native_tool.js';
import { asKeywords, folderWithManifest, packKeywords } from './task_packages.js';
import { sha256Of } from './sample_package.js';
import { writeOnnx } from './tiny_onnx.js';
import { wavOf } from './wav_file.js';

/** @typedef {typeof import('../../wasm_glue/src/node.js')} NodeModule */
/** @typedef {{ top: { index: number, label: string, score: number }[], sound?: string, text?: string }} NativeResult */

const tool = path.join(root, 'build/native/minnow');
const BUCKETS = 32;

/** @param {string[]} args @returns {any} */
const runJson = (...args) => JSON.parse(execFileSync(tool, ['run', ...args, '--json'], { encoding: 'utf8' }));

/** @param {string} folder of a package @returns {{ manifest: any, shards: (file: string) => Promise<Uint8Array<ArrayBuffer>> }} */
const sourceOf = (folder) => ({
  manifest: JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8')),
  shards: async (file) => Uint8Array.from(readFileSync(path.join(folder, file))),
});

/** @param {{ label?: string, index: number, score: number }[]} got @param {readonly { index: number, score: number }[]} expected */
function assertSameAnswers(got, expected) {
  assert.equal(got.length, expected.length);
  expected.forEach(({ index, score }, i) => {
    assert.equal(got[i].index, index, JSON.stringify({ got, expected }));
    assert.ok(Math.abs(got[i].score - score) < 1e-6, `${got[i].score} instead of ${score}`);
  });
}

/** A word tokenizer or counts of n-grams in front of two rows of weights. @param {'wordpiece' | 'hash'} tokenizer */
function packTexts(tokenizer) {
  const folder = path.join(root, 'build/test_packages');
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `native_${tokenizer}.onnx`);
  const weights = Float32Array.from({ length: BUCKETS * 2 }, (_, i) => ((i % 2) - 0.5) * Math.sin((i >> 1) ** 2));
  writeFileSync(
    file,
    writeOnnx({
      inputs: [{ name: 'counts', dtype: 'float32', shape: [1, BUCKETS] }],
      outputs: [{ name: 'scores', dtype: 'float32', shape: [1, 2] }],
      nodes: [
        { op: 'MatMul', inputs: ['counts', 'weights'], outputs: ['logits'] },
        { op: 'Softmax', inputs: ['logits'], outputs: ['scores'], attributes: { axis: 1 } },
      ],
      weights: { weights: { shape: [BUCKETS, 2], data: weights } },
    }),
  );
  const words = Buffer.from('[PAD]\n[UNK]\nsmall\nfish\n##es\n');
  const packed = folderWithManifest(packModel(file), 'texts', (manifest) => {
    manifest.task = 'text-classification';
    manifest.inputs[0].text =
      tokenizer === 'hash'
        ? { tokenizer, role: 'counts', maxTokens: 64, lowercase: true, buckets: BUCKETS, ngrams: [1, 2] }
        : { tokenizer, role: 'ids', maxTokens: BUCKETS, lowercase: true, pad: 0, unk: 1 };
    if (tokenizer !== 'hash') manifest.vocabulary = { file: 'vocabulary.txt', bytes: words.length, sha256: sha256Of(words), encodings: {} };
  });
  writeFileSync(path.join(packed, 'vocabulary.txt'), words);
  return packed;
}

describe('minnow run answers as the page does', { skip: missing }, () => {
  /** @type {NodeModule} */
  let node;
  before(async () => {
    node = await importNodeModule();
  });

  test('sounds: the windows of a file at once, of another rate, and shorter than a window', async () => {
    const folder = folderWithManifest(packKeywords(), 'native', asKeywords);
    const classifier = await node.AudioClassifier.create(sourceOf(folder));
    const clip = dataFile('models/micro_speech/testdata/yes_1000ms.wav');
    const bytes = readFileSync(clip);
    const samples = Float32Array.from({ length: (bytes.length - 44) / 2 }, (_, i) => bytes.readInt16LE(44 + 2 * i) / 32768);
    const files = { 'long.wav': Float32Array.from({ length: 3 * samples.length }, (_, i) => samples[i % samples.length]), 'short.wav': samples.subarray(0, 4000) };
    const paths = [clip];
    for (const [name, sound] of Object.entries(files)) {
      paths.push(path.join(folder, name));
      writeFileSync(path.join(folder, name), wavOf(sound, { sampleRate: name === 'long.wav' ? 22050 : 16000 }));
    }
    const results = /** @type {NativeResult[]} */ (runJson(folder, ...paths, '--top', '12'));
    assert.equal(results[0].top[0].label, 'Yes');
    assert.equal(results[1].sound, 'long.wav');
    for (const [i, file] of paths.entries()) {
      assertSameAnswers(results[i].top, await classifier.classify(new Blob([Uint8Array.from(readFileSync(file))]), { top: 12 }));
    }
    classifier.dispose();
  });

  for (const tokenizer of /** @type {const} */ (['hash', 'wordpiece'])) {
    test(`texts by ${tokenizer}`, async () => {
      const folder = packTexts(tokenizer);
      const source = sourceOf(folder);
      const classifier = await node.TextClassifier.create(source);
      const texts = ['Small fish', 'fishes — 小鱼', ''];
      const results = /** @type {NativeResult[]} */ (runJson(folder, ...texts.flatMap((text) => ['--text', text])));
      assert.equal(new Set(results.map(({ top }) => top[0].score)).size, texts.length);
      for (const [i, text] of texts.entries()) {
        assert.equal(results[i].text, text);
        assertSameAnswers(results[i].top, await classifier.classify(text));
      }
      classifier.dispose();
    });
  }

  test('minnow eval judges lines of texts, and its page shows them', async () => {
    const folder = packTexts('hash');
    const classifier = await node.TextClassifier.create(sourceOf(folder));
    const texts = ['small fish', '<b>two</b> & three', 'cat', '小鱼', 'e'];
    const names = ['first', 'second'];
    const answers = [];
    for (const text of texts) answers.push((await classifier.classify(text, { top: 1 }))[0].index);
    classifier.dispose();
    assert.deepEqual(new Set(answers), new Set([0, 1]), 'both classes are answered');
    const labels = answers.map((index, i) => names[i === 1 ? 1 - index : index]);
    const file = path.join(folder, 'texts.jsonl');
    writeFileSync(file, texts.map((text, i) => JSON.stringify({ text, label: labels[i] })).join('\n'));
    writeFileSync(path.join(folder, 'labels.txt'), 'first\nsecond\n');
    const page = path.join(folder, 'eval.html');
    const args = ['eval', folder, '--data', file, '--labels', path.join(folder, 'labels.txt'), '--json', '--report', page];
    const result = JSON.parse(execFileSync(tool, args, { encoding: 'utf8' }));
    assert.deepEqual([result.examples, result.right], [5, 4]);
    assert.deepEqual(result.mistakes.map((/** @type {any} */ { example, label }) => [example, label]), [['texts.jsonl:2', labels[1]]]);
    const html = readFileSync(page, 'utf8');
    assert.match(html, /&lt;b&gt;two&lt;\/b&gt; &amp; three<br>/);
    assert.doesNotMatch(html, /<b>/);
  });

  test('what does not fit is refused by name', () => {
    const refusal = (/** @type {string[]} */ ...args) => spawnSync(tool, ['run', ...args], { encoding: 'utf8' });
    const [words, texts] = [folderWithManifest(packKeywords(), 'native', asKeywords), packTexts('wordpiece')];
    const cases = /** @type {const} */ ([
      [[texts, 'fish.wav'], 64, 'takes texts: give one with --text'],
      [[texts, 'fish.wav', '--text', 'fish'], 64, 'exclude each other'],
      [[words, '--text', 'fish'], 64, 'does not take texts'],
      [[words, dataFile('photos/grace_hopper.bmp')], 78, 'grace_hopper.bmp'],
      [[words, 'nowhere.wav'], 74, 'nowhere.wav'],
    ]);
    for (const [args, status, message] of cases) {
      const result = refusal(...args);
      assert.equal(result.status, status, result.stderr);
      assert.match(result.stderr, new RegExp(message));
    }
    writeFileSync(path.join(texts, 'vocabulary.txt'), 'another\n');
    assert.equal(refusal(texts, '--text', 'fish').status, 76);
  });
});
