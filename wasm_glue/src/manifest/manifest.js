/** Reads manifest.json. It comes from anywhere, so every field is checked before it is used. */
import { Checker } from '../base/checker.js';
import { MinnowError } from '../base/errors.js';
import { readImage } from './manifest_inputs.js';
import { loadTaskModule } from '../base/script_modules.js';

/** @typedef {import('../base/types.js').Manifest} Manifest */
/** @typedef {import('../base/types.js').PackageFile} PackageFile */
/** @typedef {import('../base/types.js').TensorSpec} TensorSpec */

/** The newest; those before it are read as well. */
const FORMAT_VERSION = 2;
const MAX_FILE_BYTES = 2 ** 26;
const MAX_SHARDS = 4096;
const MAX_TENSORS = 255;
const MAX_RANK = 6;
const MAX_DIM = 2 ** 24;
const MAX_MEMORY = 2 ** 32 - 1;
/** Plain names only: a manifest must not lead out of its folder. */
const PLAIN_NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/;

/** @type {readonly import('../base/types.js').Dtype[]} */
const DTYPES = ['float32', 'int8', 'uint8', 'int32', 'int64', 'bool', 'int16'];
/** @type {readonly import('../base/types.js').Task[]} */
const TASKS = [
  'image-classification',
  'object-detection',
  'image-segmentation',
  'audio-classification',
  'text-classification',
  'text-embedding',
  'tensors',
];

/** Tasks whose fields are read without minnow-tasks.js. @type {readonly string[]} */
const PLAIN_TASKS = ['image-classification', 'tensors'];

/**
 * Fields that only other tasks have are left unread.
 * @param {string | object} source the file's text, or what it parses to
 * @param {string} [url] for messages
 * @returns {Promise<Manifest>}
 * @throws {MinnowError} BAD_MANIFEST, with `field`; UNSUPPORTED_VERSION; WRONG_TASK for a split package
 */
export async function readManifest(source, url) {
  const check = new Checker(url);
  const root = check.object(typeof source === 'string' ? check.json(source) : source, '');
  if (root.format !== 'minnow') check.fail('format', '"minnow": is this the manifest of a Minnow package?');
  if (root.version !== 1 && root.version !== FORMAT_VERSION) {
    throw new MinnowError(
      'UNSUPPORTED_VERSION',
      `${check.where} has format version ${root.version}, this runtime reads up to ${FORMAT_VERSION}: ` +
        'update the minnow package, or pack the model again',
      { url, field: 'version' },
    );
  }
  if (root.parts) {
    throw new MinnowError('WRONG_TASK', `${check.where} has parts: use ModelChain.create`, { url, field: 'parts' });
  }
  const memory = check.object(root.memory, 'memory');
  const task = check.oneOf(root.task, 'task', TASKS);
  const tasks = PLAIN_TASKS.includes(task) ? undefined : await loadTaskModule();
  /** @param {'inputs' | 'outputs'} name */
  const tensors = (name) => check.list(root[name], name, MAX_TENSORS, name === 'inputs' ? 0 : 1).map((t, i) => readTensor(check, t, `${name}[${i}]`, tasks));
  /** @type {Manifest} */
  const manifest = {
    name: check.string(root.name, 'name'),
    release: root.release === undefined ? 0 : check.integer(root.release, 'release', 0, Number.MAX_SAFE_INTEGER),
    task,
    memory: {
      weights: check.integer(memory.weights, 'memory.weights', 0, MAX_MEMORY),
      activations: check.integer(memory.activations, 'memory.activations', 0, MAX_MEMORY),
      staging: check.integer(memory.staging, 'memory.staging', 0, MAX_MEMORY),
    },
    inputs: tensors('inputs'),
    outputs: tensors('outputs'),
    labels: root.labels === undefined ? undefined : readFile(check, root.labels, 'labels'),
    shards: check.list(root.shards, 'shards', MAX_SHARDS).map((s, i) => readFile(check, s, `shards[${i}]`)),
  };
  const { inputs, outputs } = manifest;
  if (tasks) {
    if (root.vocabulary !== undefined) manifest.vocabulary = readFile(check, root.vocabulary, 'vocabulary');
    if (root.detection !== undefined) manifest.detection = tasks.readDetection(check, root.detection, 'detection', outputs);
    if (root.segmentation !== undefined) manifest.segmentation = tasks.readSegmentation(check, root.segmentation, 'segmentation', outputs);
    if (root.embedding !== undefined) manifest.embedding = tasks.readEmbedding(check, root.embedding, 'embedding', outputs);
    tasks.checkTask(check, manifest);
  } else if (task !== 'tensors' && (inputs.length !== 1 || !inputs[0].image || outputs.length !== 1)) {
    check.fail('task', '"tensors", unless there is one image input and one output');
  }
  return manifest;
}

/** @param {Checker} check @param {unknown} value @param {string} field @returns {PackageFile} */
function readFile(check, value, field) {
  const fields = check.object(value, field);
  const encodings = fields.encodings === undefined ? {} : check.object(fields.encodings, `${field}.encodings`);
  /** @param {'br' | 'gzip'} name */
  const encodedBytes = (name) =>
    encodings[name] === undefined
      ? undefined
      : check.integer(encodings[name], `${field}.encodings.${name}`, 1, MAX_FILE_BYTES);
  return {
    file: check.matching(fields.file, `${field}.file`, PLAIN_NAME, 'a plain file name'),
    bytes: check.integer(fields.bytes, `${field}.bytes`, 0, MAX_FILE_BYTES),
    sha256: check.matching(fields.sha256, `${field}.sha256`, /^[0-9a-f]{64}$/, '64 lower-case hexadecimal digits'),
    encodings: { br: encodedBytes('br'), gzip: encodedBytes('gzip') },
  };
}

/**
 * @param {Checker} check @param {unknown} value @param {string} field
 * @param {import('../base/script_modules.js').TaskModule | undefined} tasks
 * @returns {TensorSpec}
 */
function readTensor(check, value, field, tasks) {
  const fields = check.object(value, field);
  const shape = check.list(fields.shape, `${field}.shape`, MAX_RANK, 0);
  /** @type {TensorSpec} */
  const tensor = {
    name: check.string(fields.name, `${field}.name`),
    dtype: check.oneOf(fields.dtype, `${field}.dtype`, DTYPES),
    shape: shape.map((dim, i) => check.integer(dim, `${field}.shape[${i}]`, 1, MAX_DIM)),
  };
  if (fields.quantization !== undefined) {
    const { scale, zeroPoint } = check.object(fields.quantization, `${field}.quantization`);
    tensor.quantization = {
      scale: check.positive(scale, `${field}.quantization.scale`, 3e38),
      zeroPoint: check.integer(zeroPoint, `${field}.quantization.zeroPoint`, -128, 255),
    };
  }
  if (fields.image !== undefined) tensor.image = readImage(check, fields.image, `${field}.image`, tensor);
  if (tasks && fields.audio !== undefined) tensor.audio = tasks.readAudio(check, fields.audio, `${field}.audio`);
  if (tasks && fields.text !== undefined) tensor.text = tasks.readText(check, fields.text, `${field}.text`);
  return tensor;
}
