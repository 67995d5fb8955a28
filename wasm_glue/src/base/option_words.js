/** A manifest's image, audio and text fields as the core's options: words of 4 bytes (minnow_wasm_image.c, minnow_wasm_sound_text.c, frontend.h). */

import { DTYPE_CODES } from './dtype_codes.js';

/** @typedef {import('./types.js').AudioSpec} AudioSpec */
/** @typedef {import('./types.js').TextSpec} TextSpec */

/** What is pushed, and how often a window is wanted. @typedef {{ sampleRate: number, channels: number, hopSamples?: number }} SoundSource */

/** In the order of the C enumerations. */
const FEATURES = ['waveform', 'spectrogram', 'log-mel', 'mfcc'];
const WINDOWS = ['none', 'hann', 'hann-periodic', 'hamming', 'hamming-periodic'];
const MEL_SCALES = ['htk', 'slaney'];
const LOGS = ['none', 'ln', 'log10', 'db'];
const NORMALIZATIONS = ['none', 'standard', 'peak'];
const TOKENIZERS = ['wordpiece', 'bpe', 'hash'];
export const TEXT_ROLES = ['ids', 'mask', 'types', 'counts'];

const NO_TOKEN = -1;
const MAX_RANK = 6;

/**
 * @param {import('./types.js').ImageSpec} spec
 * @param {import('../picture/placement.js').Placement} placement the rows that are pushed are those of its part
 * @returns {Uint8Array}
 */
export function imageWords({ scale = 1, offset = 0, ...spec }, { part, box }) {
  /** @param {number | readonly number[]} value @returns {{ float: number }[]} for three channels */
  const channels = (value) => [0, 1, 2].map((c) => ({ float: typeof value === 'number' ? value : value[c] ?? 0 }));
  return wordsOf([
    ...[part.width, part.height],
    ...[0, 0, part.width, part.height],
    ...[box.x, box.y, box.width, box.height],
    spec.pad,
    spec.layout === 'nchw',
    spec.order === 'bgr',
    ...channels(scale),
    ...channels(offset),
  ]);
}

/**
 * @param {AudioSpec} spec
 * @param {SoundSource} source
 * @returns {Uint8Array}
 */
export function audioWords(spec, { sampleRate, channels, hopSamples = spec.hopSamples }) {
  return wordsOf([
    sampleRate,
    channels,
    spec.sampleRate,
    FEATURES.indexOf(spec.features),
    spec.frames,
    hopSamples,
    spec.frameLength,
    spec.frameStep,
    spec.fftLength,
    WINDOWS.indexOf(spec.window ?? 'none'),
    spec.center,
    spec.power,
    spec.melBins,
    MEL_SCALES.indexOf(spec.mel ?? 'htk'),
    spec.melIsLinear,
    spec.melHasArea,
    { float: spec.lowerHz },
    { float: spec.upperHz },
    LOGS.indexOf(spec.log ?? 'none'),
    { float: spec.logOffset },
    { float: spec.logFloor },
    { float: spec.logRange },
    spec.coefficients,
    spec.dctIsOrtho,
    NORMALIZATIONS.indexOf(spec.normalize ?? 'none'),
    spec.transposed,
    { float: spec.gain },
    { float: spec.scale },
    { float: spec.offset },
  ]);
}

/** @param {TextSpec} spec @returns {Uint8Array} */
export function textWords(spec) {
  const { cls = NO_TOKEN, sep = NO_TOKEN, pad = 0, unk = NO_TOKEN, ngrams = [1, 1] } = spec;
  return wordsOf([
    TOKENIZERS.indexOf(spec.tokenizer),
    spec.maxTokens,
    spec.lowercase,
    spec.stripAccents,
    cls,
    sep,
    pad,
    unk,
    spec.buckets,
    ngrams[0],
    ngrams[1],
  ]);
}

/** @param {import('../worker/engine.js').EngineTensor} tensor @returns {Uint8Array} */
export function tensorWords({ dtype, shape, scale, zeroPoint, bytes }) {
  const dims = Array.from({ length: MAX_RANK }, (_, i) => shape[i]);
  const address = 0; // which the module chooses
  return wordsOf([DTYPE_CODES[dtype], shape.length, ...dims, { float: scale }, zeroPoint, bytes, address]);
}

/** @param {readonly (number | boolean | undefined | { float: number | undefined })[]} values @returns {Uint8Array} */
function wordsOf(values) {
  const words = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, i) => {
    if (typeof value === 'object') words.setFloat32(4 * i, value.float ?? 0, true);
    else words.setInt32(4 * i, Number(value ?? 0), true);
  });
  return new Uint8Array(words.buffer);
}
