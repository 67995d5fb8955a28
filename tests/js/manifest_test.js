import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readManifest } from '../../wasm_glue/src/manifest/manifest.js';
import { sampleManifest, sampleTasks } from './sample_package.js';

test('a right manifest is read whole', async () => {
  const manifest = await readManifest(JSON.stringify(sampleManifest()));
  assert.equal(manifest.name, 'sample');
  assert.deepEqual(manifest.inputs[0].image, { width: 6, height: 4, channels: 3, crop: 0.875 });
  assert.deepEqual(manifest.outputs[0].quantization, { scale: 0.00390625, zeroPoint: 0 });
  assert.deepEqual(manifest.shards[0].encodings, { br: 4, gzip: 4 });
  assert.equal(manifest.labels, undefined);
});

test('unknown fields are passed over, so that later versions may add some', async () => {
  assert.equal((await readManifest({ ...sampleManifest(), author: 'x' })).name, 'sample');
});

test('fields of other tasks are left unread', async () => {
  const manifest = await readManifest({ ...sampleManifest(), detection: 7, vocabulary: 'x' });
  assert.deepEqual([manifest.detection, manifest.vocabulary], [undefined, undefined]);
});

test('fields of further tasks are read', async () => {
  const { detection, segmentation, embedding, audio, text } = sampleTasks();
  const { inputs, outputs, ...rest } = sampleManifest();
  const boxes = { name: 'boxes', dtype: 'float32', shape: [1, 9, 4] };
  const detector = await readManifest({ ...rest, inputs, outputs: [...outputs, boxes], task: 'object-detection', detection });
  assert.deepEqual(detector.detection, detection);
  assert.deepEqual((await readManifest({ ...rest, inputs, outputs, task: 'image-segmentation', segmentation })).segmentation, segmentation);
  const sound = { name: 'x', dtype: 'float32', shape: [1, 49, 40], audio };
  assert.deepEqual((await readManifest({ ...rest, outputs, inputs: [sound], task: 'audio-classification' })).inputs[0].audio, audio);
  const words = [{ name: 'ids', dtype: 'int32', shape: [1, 16], text }, { name: 'mask', dtype: 'int32', shape: [1, 16], text: { ...text, role: 'mask' } }];
  const vocabulary = { .../** @type {object} */ (sampleManifest().shards[0]), file: 'vocabulary-aa.txt' };
  const embedder = await readManifest({ ...rest, outputs, inputs: words, task: 'text-embedding', vocabulary, embedding });
  assert.deepEqual([embedder.inputs[1].text, embedder.vocabulary?.file, embedder.embedding], [{ ...text, role: 'mask' }, 'vocabulary-aa.txt', embedding]);
  const planar = { width: 6, height: 4, channels: 3, crop: 1, layout: 'nchw', order: 'bgr', fit: 'letterbox', pad: 114, scale: [1, 2, 3], offset: 0 };
  const float = { name: 'x', dtype: 'float32', shape: [1, 3, 4, 6], image: planar };
  assert.deepEqual((await readManifest({ ...rest, outputs, inputs: [float] })).inputs[0].image, planar);
});

test('a model that computes without inputs is no mistake, unless it is to look at pictures', async () => {
  const manifest = { ...sampleManifest(), task: 'tensors', inputs: [] };
  assert.deepEqual((await readManifest(manifest, 'https://host/manifest.json')).inputs, []);
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

/** The same for the fields of other tasks. @type {[string, (m: any) => void][]} */
const taskSpoilers = [
  ['inputs[0].image', (m) => (m.inputs[0].image.layout = 'nchw')],
  ['inputs[0].image.fit', (m) => (m.inputs[0].image.fit = 'squeeze')],
  ['inputs[0].image.order', (m) => (m.inputs[0].image.order = 'grb')],
  ['inputs[0].image.pad', (m) => (m.inputs[0].image.pad = 256)],
  ['inputs[0].image.scale', (m) => (m.inputs[0].dtype = 'float32')],
  ['inputs[0].image.scale', (m) => Object.assign(m.inputs[0], { dtype: 'float32', image: { ...m.inputs[0].image, scale: [1, 2], offset: 0 } })],
  ['inputs[0].image.offset[2]', (m) => Object.assign(m.inputs[0], { dtype: 'float32', image: { ...m.inputs[0].image, scale: 1, offset: [1, 2, '3'] } })],
  ['task', (m) => Object.assign(m, { task: 'object-detection', detection: undefined })],
  ['task', (m) => Object.assign(m, { task: 'image-segmentation', segmentation: undefined })],
  ['task', (m) => (m.task = 'audio-classification')],
  ['task', (m) => (m.task = 'text-classification')],
  ['task', (m) => Object.assign(m, { task: 'text-classification', inputs: [{ name: 'x', dtype: 'int32', shape: [1, 16], text: sampleTasks().text }] })],
  ['detection.kind', (m) => (m.detection.kind = 'oracle')],
  ['detection.boxes', (m) => (m.detection.boxes = 2)],
  ['detection.scores', (m) => delete m.detection.scores],
  ['detection.classes', (m) => (m.detection.kind = 'tflite-postprocess')],
  ['detection.anchors', (m) => (m.detection.kind = 'ssd-anchors')],
  ['detection.anchors.strides[1]', (m) => (m.detection.anchors = { strides: [8, 0] })],
  ['detection.anchors.boxScale', (m) => (m.detection.anchors = { strides: [8], boxScale: [1, 2] })],
  ['detection.scoreThreshold', (m) => (m.detection.scoreThreshold = 1.1)],
  ['detection.iouThreshold', (m) => (m.detection.iouThreshold = '0.5')],
  ['detection.maxDetections', (m) => (m.detection.maxDetections = 0)],
  ['detection.boxForm', (m) => (m.detection.boxForm = 'xy')],
  ['detection.normalized', (m) => (m.detection.normalized = 1)],
  ['segmentation.output', (m) => (m.segmentation.output = -1)],
  ['segmentation.classes', (m) => (m.segmentation.classes = 257)],
  ['segmentation.argmax', (m) => (m.segmentation.argmax = 'yes')],
  ['embedding.pooling', (m) => (m.embedding.pooling = 'max')],
  ['embedding.normalize', (m) => delete m.embedding.normalize],
  ['vocabulary.sha256', (m) => (m.vocabulary = { ...m.shards[0], sha256: '' })],
  ['inputs[0].audio.sampleRate', (m) => (m.inputs[0].audio = { ...sampleTasks().audio, sampleRate: 0 })],
  ['inputs[0].audio.features', (m) => (m.inputs[0].audio = { ...sampleTasks().audio, features: 'chroma' })],
  ['inputs[0].audio.frames', (m) => (m.inputs[0].audio = { ...sampleTasks().audio, frames: undefined })],
  ['inputs[0].audio.window', (m) => (m.inputs[0].audio = { ...sampleTasks().audio, window: 'blackman' })],
  ['inputs[0].audio.center', (m) => (m.inputs[0].audio = { ...sampleTasks().audio, center: 0 })],
  ['inputs[0].audio.lowerHz', (m) => (m.inputs[0].audio = { ...sampleTasks().audio, lowerHz: '20' })],
  ['inputs[0].text.tokenizer', (m) => (m.inputs[0].text = { ...sampleTasks().text, tokenizer: 'words' })],
  ['inputs[0].text.role', (m) => (m.inputs[0].text = { ...sampleTasks().text, role: 'id' })],
  ['inputs[0].text.maxTokens', (m) => (m.inputs[0].text = { ...sampleTasks().text, maxTokens: 0 })],
  ['inputs[0].text.cls', (m) => (m.inputs[0].text = { ...sampleTasks().text, cls: 1.5 })],
  ['inputs[0].text.buckets', (m) => (m.inputs[0].text = { ...sampleTasks().text, tokenizer: 'hash' })],
  ['inputs[0].text.ngrams', (m) => (m.inputs[0].text = { ...sampleTasks().text, ngrams: [3] })],
];

for (const [field, spoil] of [...spoilers, ...taskSpoilers]) {
  test(`a wrong ${field} is named: ${spoil.toString().slice(7)}`, async () => {
    const { detection, segmentation, embedding } = sampleTasks();
    const manifest = taskSpoilers.some(([, s]) => s === spoil)
      ? { ...sampleManifest(), task: 'object-detection', detection: { ...detection, boxes: 0 }, segmentation, embedding }
      : sampleManifest();
    spoil(manifest);
    await assert.rejects(readManifest(manifest, 'https://host/manifest.json'), (/** @type {any} */ error) => {
      assert.equal(error.code, 'BAD_MANIFEST');
      assert.equal(error.field, field);
      assert.ok(error.message.includes(field) && error.message.includes('https://host/manifest.json'), error.message);
      return true;
    });
  });
}

test('text that is no JSON is said to be none', async () => {
  await assert.rejects(readManifest('{"format": '), { code: 'BAD_MANIFEST', message: /must be JSON/ });
  await assert.rejects(readManifest('[]'), { code: 'BAD_MANIFEST', message: /must be an object/ });
});

test('another format version is UNSUPPORTED_VERSION', async () => {
  for (const version of [0, 3, '2', null]) {
    await assert.rejects(readManifest({ ...sampleManifest(), version }), { code: 'UNSUPPORTED_VERSION' });
  }
  for (const version of [1, 2]) await readManifest({ ...sampleManifest(), version });
});
