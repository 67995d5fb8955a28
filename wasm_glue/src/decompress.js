/** Decompression by the browser's own DecompressionStream; each format where it exists. */
import { readStream } from './streams.js';

/** @typedef {'br' | 'gzip'} Encoding as the manifest names them */

/** @type {Record<Encoding, string>} */
const STREAM_FORMATS = { br: 'brotli', gzip: 'gzip' };

/** @param {Encoding} encoding @returns {boolean} */
export function canDecompress(encoding) {
  try {
    return Boolean(newStream(encoding));
  } catch {
    return false;
  }
}

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {Encoding} encoding
 * @param {number} maxBytes RangeError beyond: a small file may decompress to a huge one
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function decompress(bytes, encoding, maxBytes) {
  return readStream(new Blob([bytes]).stream().pipeThrough(newStream(encoding)), maxBytes);
}

/** @param {Encoding} encoding */
function newStream(encoding) {
  // lib.dom.d.ts does not list brotli yet.
  return new DecompressionStream(/** @type {CompressionFormat} */ (STREAM_FORMATS[encoding]));
}
