import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { cosineSimilarity, poolTokens } from '../../wasm_glue/src/text/embedding.js';
import { importNodeModule, missing, packModel, root } from './native_tool.js';
import { sha256Of } from './sample_package.js';
import { withManifest } from './task_packages.js';
import { writeOnnx } from './tiny_onnx.js';

const MAX_TOKENS = 8;
const SIZE = 4;
const WORDS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'fish', 'cat', '##s', 'swim', '!', 'house'];

/** The vector of each token: those of fish and cat are alike. */
const TABLE = WORDS.map((_, i) => [Math.sin(i), Math.cos(2 * i), i / 10, i === 5 ? 0.3 : 0.2].map((value) => Math.fround(value)));
TABLE[5] = TABLE[4].map((value) => Math.fround(value * 1.1));

/** @param {string} name @param {Parameters<typeof writeOnnx>[0]} graph */
function packTiny(name, graph) {
  const folder = path.join(root, 'build/test_packages');
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${name}.onnx`);
  writeFileSync(file, writeOnnx(graph));
  return packModel(file);
}

/** Gives each token its vector. */
function packEmbedder() {
  return packTiny('tiny_embedder', {
    inputs: [{ name: 'ids', dtype: 'int64', shape: [1, MAX_TOKENS] }],
    outputs: [{ name: 'vectors', dtype: 'float32', shape: [1, MAX_TOKENS, SIZE] }],
    nodes: [{ op: 'Gather', inputs: ['table', 'ids'], outputs: ['vectors'] }],
    weights: { table: { shape: [WORDS.length, SIZE], data: Float32Array.from(TABLE.flat()) } },
  });
}

const vocabularyBytes = Uint8Array.from(Buffer.from(`${WORDS.join('\n')}\n`));
const vocabulary = { file: 'vocabulary.txt', bytes: vocabularyBytes.length, sha256: sha256Of(Buffer.from(vocabularyBytes)), encodings: {} };

/** @param {object} [embedding] */
function embedderSource(embedding) {
  const edit = (/** @type {any} */ manifest) => {
    manifest.task = 'text-embedding';
    manifest.inputs[0].text = { tokenizer: 'wordpiece', role: 'ids', maxTokens: MAX_TOKENS, lowercase: true, cls: 2, sep: 3, pad: 0, unk: 1 };
    manifest.embedding = { output: 0, pooling: 'mean', normalize: false, ...embedding };
    manifest.vocabulary = vocabulary;
  };
  return withManifest(packEmbedder(), edit, new Map([[vocabulary.file, vocabularyBytes]]));
}

const BUCKETS = 32;

/** Counts of buckets against two rows of weights: the class whose row fits better. */
function packClassifier() {
  const weights = Float32Array.from({ length: BUCKETS * 2 }, (_, i) => ((i >> 1) % 2 === i % 2 ? 1 : -1));
  return packTiny('tiny_classifier', {
    inputs: [{ name: 'counts', dtype: 'float32', shape: [1, BUCKETS] }],
    outputs: [{ name: 'scores', dtype: 'float32', shape: [1, 2] }],
    nodes: [
      { op: 'MatMul', inputs: ['counts', 'weights'], outputs: ['logits'] },
      { op: 'Softmax', inputs: ['logits'], outputs: ['scores'], attributes: { axis: 1 } },
    ],
    weights: { weights: { shape: [BUCKETS, 2], data: weights } },
  });
}

test('pooling: the mean of the text’s tokens, the first one, or all as it is', () => {
  const output = { data: Float32Array.of(1, 2, 3, 4, 100, 200), shape: [1, 3, 2] };
  assert.deepEqual([...poolTokens(output, { output: 0, pooling: 'mean', normalize: false }, 2)], [2, 3]);
  assert.deepEqual([...poolTokens(output, { output: 0, pooling: 'cls', normalize: false }, 2)], [1, 2]);
  assert.deepEqual([...poolTokens({ data: Float32Array.of(3, 4), shape: [1, 2] }, { output: 0, pooling: 'none', normalize: true }, 2)].map((v) => v.toFixed(6)), ['0.600000', '0.800000']);
  assert.deepEqual([...poolTokens({ data: new Float32Array(2), shape: [1, 2] }, { output: 0, pooling: 'none', normalize: true }, 0)], [0, 0]);
});

test('the cosine of an angle', () => {
  assert.ok(Math.abs(cosineSimilarity([1, 0], [1, 1]) - Math.SQRT1_2) < 1e-12);
  assert.deepEqual([cosineSimilarity([1, 2], [-2, -4]), cosineSimilarity([0, 3], [4, 0]), cosineSimilarity([0, 0], [1, 1])].map((v) => Math.round(v * 1e9) / 1e9), [-1, 0, 0]);
  assert.throws(() => cosineSimilarity([1], [1, 2]), RangeError);
});

describe('tasks on texts', { skip: missing }, () => {
  /** @type {typeof import('../../wasm_glue/src/node.js')} */
  let node;
  before(async () => (node = await importNodeModule()));

  /** @param {string[]} tokens */
  function meanOf(tokens) {
    const rows = ['[CLS]', ...tokens, '[SEP]'].map((token) => TABLE[WORDS.indexOf(token)]);
    return Array.from({ length: SIZE }, (_, i) => rows.reduce((sum, row) => sum + row[i], 0) / rows.length);
  }

  test('an embedder gives the mean of the tokens’ vectors', async () => {
    const embedder = await node.TextEmbedder.create(embedderSource());
    /** @type {[string, string[]][]} */
    const texts = [
      ['Fish swim!', ['fish', 'swim', '!']],
      ['CATS', ['cat', '##s']],
      ['a cat', ['[UNK]', 'cat']],
      ['', []],
      ['fish fish fish fish fish fish fish fish', Array(6).fill('fish')],
    ];
    /** @type {Float32Array[]} */
    const results = [];
    for await (const vector of embedder.embedAll(texts.map(([text]) => text))) results.push(vector);
    texts.forEach(([text, tokens], i) => {
      assert.ok(results[i] instanceof Float32Array);
      meanOf(tokens).forEach((value, k) => assert.ok(Math.abs(results[i][k] - value) < 1e-6, `"${text}": ${[...results[i]]}`));
    });
    await assert.rejects(embedder.embed(/** @type {any} */ (7)), { code: 'INVALID_ARGUMENT' });
    await assert.rejects(embedder.embed('fish', { signal: AbortSignal.abort() }), { name: 'AbortError' });
    embedder.dispose();
    await assert.rejects(embedder.embed('fish'), { code: 'DISPOSED' });
  });

  test('vectors of length 1 and the first token’s alone', async () => {
    const embedder = await node.TextEmbedder.create(embedderSource({ normalize: true }));
    const [fish, cat, house] = await Promise.all(['fish', 'cat', 'house'].map((text) => embedder.embed(text)));
    assert.ok(Math.abs(Math.hypot(...fish) - 1) < 1e-6);
    assert.ok(node.cosineSimilarity(fish, cat) > node.cosineSimilarity(fish, house));
    const first = await node.TextEmbedder.create(embedderSource({ pooling: 'cls' }));
    assert.deepEqual([...(await first.embed('house'))], TABLE[2]);
  });

  test('a vocabulary is verified like every file', async () => {
    const damaged = embedderSource();
    const shards = async (/** @type {string} */ file) => (file === vocabulary.file ? vocabularyBytes.map((byte) => byte ^ 1) : damaged.shards(file));
    await assert.rejects(node.TextEmbedder.create({ ...damaged, shards }), { code: 'INTEGRITY', file: vocabulary.file });
  });

  test('a classifier counts hashed pieces', async () => {
    const edit = (/** @type {any} */ manifest) => {
      manifest.task = 'text-classification';
      manifest.inputs[0].text = { tokenizer: 'hash', role: 'counts', maxTokens: 64, lowercase: true, buckets: BUCKETS, ngrams: [1, 2] };
    };
    const classifier = await node.TextClassifier.create(withManifest(packClassifier(), edit));
    const texts = ['minnow', 'a', 'small fish', 'MINNOW'];
    const results = [];
    for await (const result of classifier.classifyAll(texts)) results.push(result);
    for (const result of results) {
      assert.equal(result.length, 2);
      assert.ok(result[0].score >= result[1].score && Math.abs(result[0].score + result[1].score - 1) < 1e-5);
    }
    assert.deepEqual(results[3], results[0], 'made small first');
    assert.ok(new Set(results.map(([{ index, score }]) => `${index} ${score}`)).size >= 2);
    assert.equal((await classifier.classify('x', { top: 1 })).length, 1);
  });
});
