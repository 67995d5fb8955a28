/** WAV files (RIFF, or RF64): PCM of 8, 16, 24 and 32 bits, and 32-bit floats. */
import { MinnowError } from '../minnow.js';

const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;

/**
 * @param {Uint8Array} bytes
 * @param {string} name for messages
 * @returns {{ samples: Float32Array, sampleRate: number, channels: number } | undefined} undefined: another format
 * @throws {MinnowError} TRUNCATED, BAD_AUDIO
 */
export function readWav(bytes, name) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  /** @param {number} at */
  const tag = (at) => String.fromCharCode(...bytes.subarray(at, at + 4));
  if (!['RIFF', 'RF64'].includes(tag(0)) || tag(8) !== 'WAVE') return undefined;
  let format;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const size = view.getUint32(at + 4, true);
    const begin = at + 8;
    if (tag(at) === 'fmt ' && size >= 16 && begin + size <= bytes.length) format = readFormat(view, begin, size);
    if (tag(at) === 'data') {
      if (!format) break;
      // A recorder that was stopped early leaves 0xffffffff or 0; what is there counts then.
      const isOpen = size === 0xffffffff || (size === 0 && begin < bytes.length);
      if (!isOpen && begin + size > bytes.length) {
        const message = `${name} (${bytes.length} bytes) ends early, a part of the sound is missing: copy or download it again`;
        throw new MinnowError('TRUNCATED', message, { file: name });
      }
      return { ...format, samples: readSamples(view, begin, isOpen ? bytes.length - begin : size, format, name) };
    }
    at = begin + size + (size & 1);
  }
  throw new MinnowError('BAD_AUDIO', `${name} is a WAV file without sound: its "fmt " or "data" part is missing`, { file: name });
}

/** @param {DataView} view @param {number} at @param {number} size */
function readFormat(view, at, size) {
  const code = view.getUint16(at, true);
  return {
    code: code === EXTENSIBLE && size >= 26 ? view.getUint16(at + 24, true) : code,
    channels: view.getUint16(at + 2, true),
    sampleRate: view.getUint32(at + 4, true),
    bits: view.getUint16(at + 14, true),
  };
}

/**
 * @param {DataView} view @param {number} at @param {number} size
 * @param {ReturnType<typeof readFormat>} format @param {string} name
 */
function readSamples(view, at, size, { code, channels, bits }, name) {
  /** @type {Record<string, (offset: number) => number>} */
  const readers = {
    [`${PCM},8`]: (o) => (view.getUint8(o) - 128) / 128,
    [`${PCM},16`]: (o) => view.getInt16(o, true) / 32768,
    [`${PCM},24`]: (o) => (view.getUint8(o) | (view.getInt16(o + 1, true) << 8)) / 8388608,
    [`${PCM},32`]: (o) => view.getInt32(o, true) / 2147483648,
    [`${FLOAT},32`]: (o) => view.getFloat32(o, true),
  };
  const read = readers[`${code},${bits}`];
  if (!read || channels === 0) {
    const message = `${name} is a WAV file of format ${code} with ${bits} bits: save it as PCM of 16 bits`;
    throw new MinnowError('BAD_AUDIO', message, { file: name });
  }
  const step = bits / 8;
  const frames = Math.floor(size / (step * channels));
  return Float32Array.from({ length: frames * channels }, (_, i) => read(at + i * step));
}
