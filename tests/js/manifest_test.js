import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readManifest } from '../../wasm_glue/src/manifest.js';
import { sampleManifest } from './sample_package.js';

test('a right manifest is read whole', () => {
  const manifest = readManifest(JSON.stringify(sampleManifest()));
  assert.equal(manifest.name, 'sample');
  assert.deepEqual(manifest.inputs[0].image, { width: 6, height: 4, channels: 3, crop: 0.875 });
  assert.deepEqual(manifest.outputs[0].quantization, { scale: 0.00390625, zeroPoint: 0 });
  assert.deepEqual(manifest.shards[0].encodings, { br: 4, gzip: 4 });
  assert.equal(manifest.labels, undefined);
});

test('unknown fields are passed over, so that later versions may add some', () => {
  assert.equal(readManifest({ ...sampleManifest(), author: 'x' }).name, 'sample');
});

test('a model that computes without inputs is no mistake, unless it is to look at pictures', () => {
  const manifest = { ...sampleManifest(), task: 'tensors', inputs: [] };
  assert.deepEqual(readManifest(manifest, 'https://host/manifest.json').inputs, []);
});

/** Each spoils one field, and the error names it. @type {[string, (m: any) => void][]} */
const spoilers = [
  ['format', (m) => delete m.format],
  ['name', (m) => (m.name = 7)],
  ['task', (m) => (m.task = 'telepathy')],
  ['task', (m) => m.outputs.push(m.outputs[0])],
  ['task', (m) => delete m.inputs[0].image],
  ['memory', (m) => delete m.memory],
  ['memory.weights', (m) => (m.memory.weights = -1)],
  ['memory.activations', (m) => (m.memory.activations = 1.5)],
  ['memory.staging', (m) => (m.memory.staging = 2 ** 40)],
  ['task', (m) => (m.inputs = [])],
  ['inputs', (m) => (m.inputs = {})],
  ['inputs[0]', (m) => (m.inputs[0] = null)],
  ['inputs[0].dtype', (m) => (m.inputs[0].dtype = 'float16')],
  ['inputs[0].shape', (m) => (m.inputs[0].shape = [1, 2, 3, 4, 5, 6, 7])],
  ['inputs[0].shape[1]', (m) => (m.inputs[0].shape[1] = 0)],
  ['inputs[0].quantization.scale', (m) => (m.inputs[0].quantization.scale = 0)],
  ['inputs[0].quantization.zeroPoint', (m) => (m.inputs[0].quantization.zeroPoint = 256)],
  ['inputs[0].image', (m) => (m.inputs[0].image.width = 7)],
  ['inputs[0].image.crop', (m) => (m.inputs[0].image.crop = 1.5)],
  ['inputs[0].image.channels', (m) => (m.inputs[0].image.channels = 4)],
  ['outputs[0].name', (m) => delete m.outputs[0].name],
  ['shards', (m) => (m.shards = 'all of them')],
  ['shards[0].file', (m) => (m.shards[0].file = '../../secret')],
  ['shards[0].file', (m) => (m.shards[0].file = 'https://elsewhere/x')],
  ['shards[0].file', (m) => (m.shards[0].file = '.hidden')],
  ['shards[0].bytes', (m) => (m.shards[0].bytes = '5')],
  ['shards[0].bytes', (m) => (m.shards[0].bytes = 2 ** 30)],
  ['shards[0].sha256', (m) => (m.shards[0].sha256 = 'A'.repeat(64))],
  ['shards[0].encodings', (m) => (m.shards[0].encodings = 4)],
  ['shards[0].encodings.br', (m) => (m.shards[0].encodings.br = 0)],
  ['labels.file', (m) => (m.labels = { ...m.shards[0], file: 'a/b' })],
];

for (const [field, spoil] of spoilers) {
  test(`a wrong ${field} is named: ${spoil.toString().slice(7)}`, () => {
    const manifest = sampleManifest();
    spoil(manifest);
    assert.throws(() => readManifest(manifest, 'https://host/manifest.json'), (/** @type {any} */ error) => {
      assert.equal(error.code, 'BAD_MANIFEST');
      assert.equal(error.field, field);
      assert.ok(error.message.includes(field) && error.message.includes('https://host/manifest.json'), error.message);
      return true;
    });
  });
}

test('text that is no JSON is said to be none', () => {
  assert.throws(() => readManifest('{"format": '), { code: 'BAD_MANIFEST', message: /must be JSON/ });
  assert.throws(() => readManifest('[]'), { code: 'BAD_MANIFEST', message: /must be an object/ });
});

test('another format version is UNSUPPORTED_VERSION', () => {
  assert.throws(() => readManifest({ ...sampleManifest(), version: 2 }), { code: 'UNSUPPORTED_VERSION' });
});
