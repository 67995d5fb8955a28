/** Reads manifest.json. It comes from anywhere, so every field is checked before it is used. */
import { MinnowError } from './errors.js';

/** @typedef {import('./types.js').Manifest} Manifest */
/** @typedef {import('./types.js').PackageFile} PackageFile */
/** @typedef {import('./types.js').TensorSpec} TensorSpec */

const FORMAT_VERSION = 1;
const MAX_FILE_BYTES = 2 ** 26;
const MAX_SHARDS = 4096;
const MAX_TENSORS = 255;
const MAX_RANK = 6;
const MAX_DIM = 2 ** 24;
const MAX_MEMORY = 2 ** 32 - 1;
/** Plain names only: a manifest must not lead out of its folder. */
const PLAIN_NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/;

/** @type {readonly import('./types.js').Dtype[]} */
const DTYPES = ['float32', 'int8', 'uint8', 'int32', 'int64', 'bool', 'int16'];
/** @type {readonly Manifest['task'][]} */
const TASKS = ['image-classification', 'tensors'];

/** @typedef {Record<string, unknown>} Fields */

/**
 * @param {string | object} source the file's text, or what it parses to
 * @param {string} [url] for messages
 * @returns {Manifest}
 * @throws {MinnowError} BAD_MANIFEST, with `field`; UNSUPPORTED_VERSION
 */
export function readManifest(source, url) {
  const check = new Checker(url);
  const root = check.object(typeof source === 'string' ? check.json(source) : source, '');
  if (root.format !== 'minnow') check.fail('format', '"minnow": is this the manifest of a Minnow package?');
  if (root.version !== FORMAT_VERSION) {
    throw new MinnowError(
      'UNSUPPORTED_VERSION',
      `${check.where} has format version ${root.version} and this runtime reads version ${FORMAT_VERSION}: ` +
        'update the minnow package, or pack the model again',
      { url, field: 'version' },
    );
  }
  const memory = check.object(root.memory, 'memory');
  const manifest = {
    name: check.string(root.name, 'name'),
    task: check.oneOf(root.task, 'task', TASKS),
    memory: {
      weights: check.integer(memory.weights, 'memory.weights', 0, MAX_MEMORY),
      activations: check.integer(memory.activations, 'memory.activations', 0, MAX_MEMORY),
      staging: check.integer(memory.staging, 'memory.staging', 0, MAX_MEMORY),
    },
    inputs: check.list(root.inputs, 'inputs', MAX_TENSORS, 0).map((t, i) => readTensor(check, t, `inputs[${i}]`)),
    outputs: check.list(root.outputs, 'outputs', MAX_TENSORS).map((t, i) => readTensor(check, t, `outputs[${i}]`)),
    labels: root.labels === undefined ? undefined : readFile(check, root.labels, 'labels'),
    shards: check.list(root.shards, 'shards', MAX_SHARDS).map((s, i) => readFile(check, s, `shards[${i}]`)),
  };
  if (manifest.task === 'image-classification') {
    const { inputs, outputs } = manifest;
    if (inputs.length !== 1 || !inputs[0].image || outputs.length !== 1) {
      check.fail('task', '"tensors", unless there is one image input and one output');
    }
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

/** @param {Checker} check @param {unknown} value @param {string} field @returns {TensorSpec} */
function readTensor(check, value, field) {
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
  return tensor;
}

/** @param {Checker} check @param {unknown} value @param {string} field @param {TensorSpec} tensor */
function readImage(check, value, field, { dtype, shape }) {
  const fields = check.object(value, field);
  /** @type {import('./types.js').ImageSpec} */
  const image = {
    width: check.integer(fields.width, `${field}.width`, 1, MAX_DIM),
    height: check.integer(fields.height, `${field}.height`, 1, MAX_DIM),
    channels: check.integer(fields.channels, `${field}.channels`, 1, 3),
    crop: check.positive(fields.crop, `${field}.crop`, 1),
  };
  const expected = `1,${image.height},${image.width},${image.channels}`;
  if (String(shape) !== expected || image.channels === 2 || !['uint8', 'int8', 'float32'].includes(dtype)) {
    check.fail(field, 'as large as the tensor: uint8, int8 or float32, shape [1, height, width, 1 or 3]');
  }
  if (dtype === 'float32') {
    image.scale = check.number(fields.scale, `${field}.scale`);
    image.offset = check.number(fields.offset, `${field}.offset`);
  }
  return image;
}

/** Each method returns the value in its type or throws BAD_MANIFEST naming the field. */
class Checker {
  /** @param {string | undefined} url */
  constructor(url) {
    this.url = url;
    this.where = url ? `The manifest ${url}` : 'The manifest';
  }

  /** @param {string} field @param {string} expected @returns {never} */
  fail(field, expected) {
    throw new MinnowError(
      'BAD_MANIFEST',
      `${this.where}: ${field || 'its content'} must be ${expected}. The file is damaged or no Minnow ` +
        'manifest: pack the model again and upload the whole folder',
      { url: this.url, field },
    );
  }

  /** @param {string} text @returns {unknown} */
  json(text) {
    try {
      return JSON.parse(text);
    } catch (cause) {
      return this.fail('', `JSON (${cause instanceof Error ? cause.message : cause})`);
    }
  }

  /** @param {unknown} value @param {string} field @returns {Fields} */
  object(value, field) {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? /** @type {Fields} */ (value) : this.fail(field, 'an object');
  }

  /** @param {unknown} value @param {string} field @param {number} maxLength @returns {unknown[]} */
  list(value, field, maxLength, minLength = 1) {
    const isList = Array.isArray(value) && value.length >= minLength && value.length <= maxLength;
    return isList ? value : this.fail(field, `a list of ${minLength} to ${maxLength}`);
  }

  /** @param {unknown} value @param {string} field @returns {string} */
  string(value, field) {
    return typeof value === 'string' && value.length <= 4096 ? value : this.fail(field, 'a string');
  }

  /** @param {unknown} value @param {string} field @param {RegExp} pattern @param {string} expected */
  matching(value, field, pattern, expected) {
    return typeof value === 'string' && pattern.test(value) ? value : this.fail(field, expected);
  }

  /**
   * @template {string} T
   * @param {unknown} value @param {string} field @param {readonly T[]} choices
   * @returns {T}
   */
  oneOf(value, field, choices) {
    return choices.find((choice) => choice === value) ?? this.fail(field, choices.join(' or '));
  }

  /** @param {unknown} value @param {string} field @param {number} min @param {number} max @returns {number} */
  integer(value, field, min, max) {
    const isFine = typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
    return isFine ? value : this.fail(field, `a whole number from ${min} to ${max}`);
  }

  /** @param {unknown} value @param {string} field @returns {number} */
  number(value, field) {
    const isFine = typeof value === 'number' && Math.abs(value) <= 1e30;
    return isFine ? value : this.fail(field, 'a number');
  }

  /** @param {unknown} value @param {string} field @param {number} max @returns {number} */
  positive(value, field, max) {
    const isFine = typeof value === 'number' && value > 0 && value <= max;
    return isFine ? value : this.fail(field, `a number above 0, at most ${max}`);
  }
}
