/** The manifest's fields that say how a picture, a sound or a text becomes an input tensor. */

/** @typedef {import('../base/checker.js').Checker} Checker */
/** @typedef {import('../base/types.js').ImageSpec} ImageSpec */
/** @typedef {import('../base/types.js').AudioSpec} AudioSpec */
/** @typedef {import('../base/types.js').TextSpec} TextSpec */

const MAX_DIM = 2 ** 24;

/**
 * @param {Checker} check @param {unknown} value @param {string} field
 * @param {import('../base/types.js').TensorSpec} tensor
 * @returns {ImageSpec}
 */
export function readImage(check, value, field, { dtype, shape }) {
  const fields = check.object(value, field);
  /** @type {ImageSpec} */
  const image = {
    width: check.integer(fields.width, `${field}.width`, 1, MAX_DIM),
    height: check.integer(fields.height, `${field}.height`, 1, MAX_DIM),
    channels: check.integer(fields.channels, `${field}.channels`, 1, 3),
    crop: check.positive(fields.crop, `${field}.crop`, 1),
    ...check.optional(value, field, {
      fit: (v, f) => check.oneOf(v, f, /** @type {const} */ (['crop', 'letterbox', 'stretch'])),
      layout: (v, f) => check.oneOf(v, f, /** @type {const} */ (['nhwc', 'nchw'])),
      order: (v, f) => check.oneOf(v, f, /** @type {const} */ (['rgb', 'bgr'])),
      pad: (v, f) => check.integer(v, f, 0, 255),
    }),
  };
  const { width, height, channels } = image;
  const expected = image.layout === 'nchw' ? [1, channels, height, width] : [1, height, width, channels];
  if (String(shape) !== String(expected) || channels === 2 || !['uint8', 'int8', 'float32'].includes(dtype)) {
    const layout = image.layout === 'nchw' ? '1, 1 or 3, height, width' : '1, height, width, 1 or 3';
    check.fail(field, `as large as the tensor: uint8, int8 or float32, shape [${layout}]`);
  }
  if (dtype === 'float32') {
    image.scale = check.perChannel(fields.scale, `${field}.scale`, channels);
    image.offset = check.perChannel(fields.offset, `${field}.offset`, channels);
  }
  return image;
}

/**
 * The core checks what goes together; here every value gets its type and range.
 * @param {Checker} check @param {unknown} value @param {string} field
 * @returns {AudioSpec}
 */
export function readAudio(check, value, field) {
  const fields = check.object(value, field);
  /** @param {number} min @param {number} max @returns {(v: unknown, f: string) => number} */
  const integer = (min, max) => (v, f) => check.integer(v, f, min, max);
  /** @param {unknown} v @param {string} f */
  const number = (v, f) => check.number(v, f);
  /** @param {unknown} v @param {string} f */
  const boolean = (v, f) => check.boolean(v, f);
  const features = /** @type {const} */ (['waveform', 'spectrogram', 'log-mel', 'mfcc']);
  /** @type {AudioSpec} */
  const audio = {
    sampleRate: check.integer(fields.sampleRate, `${field}.sampleRate`, 1000, 192000),
    features: check.oneOf(fields.features, `${field}.features`, features),
    frames: check.integer(fields.frames, `${field}.frames`, 1, MAX_DIM),
    ...check.optional(value, field, {
      hopSamples: integer(1, MAX_DIM),
      frameLength: integer(1, 4096),
      frameStep: integer(1, MAX_DIM),
      fftLength: integer(16, 4096),
      window: (v, f) => check.oneOf(v, f, /** @type {const} */ (['none', 'hann', 'hann-periodic', 'hamming', 'hamming-periodic'])),
      center: boolean,
      power: integer(1, 2),
      melBins: integer(1, 4096),
      mel: (v, f) => check.oneOf(v, f, /** @type {const} */ (['htk', 'slaney'])),
      melIsLinear: boolean,
      melHasArea: boolean,
      lowerHz: number,
      upperHz: number,
      log: (v, f) => check.oneOf(v, f, /** @type {const} */ (['none', 'ln', 'log10', 'db'])),
      logOffset: number,
      logFloor: number,
      logRange: number,
      coefficients: integer(1, 4096),
      dctIsOrtho: boolean,
      normalize: (v, f) => check.oneOf(v, f, /** @type {const} */ (['none', 'standard', 'peak'])),
      transposed: boolean,
      gain: number,
      scale: number,
      offset: number,
    }),
  };
  return audio;
}

/** @param {Checker} check @param {unknown} value @param {string} field @returns {TextSpec} */
export function readText(check, value, field) {
  const fields = check.object(value, field);
  /** @param {unknown} v @param {string} f */
  const token = (v, f) => check.integer(v, f, 0, 2 ** 31 - 1);
  /** @type {TextSpec} */
  const text = {
    tokenizer: check.oneOf(fields.tokenizer, `${field}.tokenizer`, /** @type {const} */ (['wordpiece', 'bpe', 'hash'])),
    role: check.oneOf(fields.role, `${field}.role`, /** @type {const} */ (['ids', 'mask', 'types', 'counts'])),
    maxTokens: check.integer(fields.maxTokens, `${field}.maxTokens`, 1, 65536),
    lowercase: fields.lowercase === undefined ? false : check.boolean(fields.lowercase, `${field}.lowercase`),
    ...check.optional(value, field, {
      stripAccents: (v, f) => check.boolean(v, f),
      cls: token,
      sep: token,
      pad: token,
      unk: token,
      buckets: (v, f) => check.integer(v, f, 1, MAX_DIM),
      ngrams: (v, f) =>
        /** @type {[number, number]} */ (check.list(v, f, 2, 2).map((n, i) => check.integer(n, `${f}[${i}]`, 1, 16))),
    }),
  };
  if (text.tokenizer === 'hash' && !text.buckets) check.fail(`${field}.buckets`, 'the number of buckets');
  return text;
}
