/** Sounds of every kind a page has, as samples. */
import { MinnowError, abortable } from '../minnow.js';
import { readWav } from './wav.js';

/**
 * Samples in -1 … 1, channels interleaved.
 * @typedef {{ samples: Float32Array, sampleRate: number, channels?: number }} Samples channels: default 1
 */

/**
 * A Blob of a sound file, an AudioBuffer, or samples; a Float32Array alone has one channel and the model's rate.
 * @typedef {Blob | AudioBuffer | Float32Array | Samples} SoundSource
 */

const WHAT_WORKS =
  'give a File or Blob of a WAV file (or of another sound the browser decodes), an AudioBuffer, a Float32Array, or ' +
  '{ samples, sampleRate, channels }';

/** What compressed files are decoded to; the core resamples. */
const DECODED_RATE = 48000;

/**
 * @param {SoundSource} sound
 * @param {number} defaultRate of a Float32Array
 * @param {AbortSignal} [signal]
 * @returns {Promise<Required<Samples>>}
 */
export async function toSamples(sound, defaultRate, signal) {
  const kind = Object.prototype.toString.call(sound).slice(8, -1);
  if (kind === 'Blob' || kind === 'File') return readFile(/** @type {File} */ (sound), signal);
  if (kind === 'AudioBuffer') return interleaved(/** @type {AudioBuffer} */ (sound));
  if (sound instanceof Float32Array) return checked({ samples: sound, sampleRate: defaultRate });
  if (sound && typeof sound === 'object' && 'samples' in sound) return checked(sound);
  throw badSound(`The ${kind}`, 'is no sound');
}

/** @param {Samples} sound @returns {Required<Samples>} */
function checked({ samples, sampleRate, channels = 1 }) {
  const isFine = samples instanceof Float32Array && samples.length > 0 && Number.isInteger(channels) &&
    channels >= 1 && channels <= 32 && samples.length % channels === 0 && sampleRate >= 1000 && sampleRate <= 768000;
  if (!isFine) throw badSound('The sound', 'is empty, or sampleRate (1000 … 768000 Hz) or channels (1 … 32) do not fit');
  return { samples, sampleRate, channels };
}

/** @param {File | Blob} file @param {AbortSignal} [signal] @returns {Promise<Required<Samples>>} */
async function readFile(file, signal) {
  const name = 'name' in file ? file.name : 'The sound';
  const bytes = await abortable(file.arrayBuffer(), signal);
  const wav = readWav(new Uint8Array(bytes), name);
  if (wav) return checked(wav);
  if (typeof OfflineAudioContext !== 'function') {
    throw badSound(name, `(${file.type || 'of unknown type'}, ${file.size} bytes) is no WAV file, and nothing here decodes others`);
  }
  try {
    return interleaved(await abortable(new OfflineAudioContext(1, 1, DECODED_RATE).decodeAudioData(bytes), signal));
  } catch (cause) {
    signal?.throwIfAborted();
    throw badSound(name, `(${file.type || 'of unknown type'}, ${file.size} bytes) is no sound this browser can decode`, cause);
  }
}

/** @param {AudioBuffer} buffer @returns {Required<Samples>} */
function interleaved(buffer) {
  const { numberOfChannels: channels, length, sampleRate } = buffer;
  const samples = new Float32Array(channels * length);
  for (let c = 0; c < channels; c++) {
    const channel = buffer.getChannelData(c);
    for (let i = 0; i < length; i++) samples[i * channels + c] = channel[i];
  }
  return checked({ samples, sampleRate, channels });
}

/** @param {string} name @param {string} problem @param {unknown} [cause] */
function badSound(name, problem, cause) {
  return new MinnowError('BAD_AUDIO', `${name} ${problem}: ${WHAT_WORKS}`, { file: name, cause });
}
