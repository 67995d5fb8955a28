/** SHA-256 as lower-case hexadecimal digits. */
import { loadCrypto } from './script_modules.js';

/**
 * Browsers offer crypto.subtle on https and localhost only; on a phone that opens a development server by its plain-http
 * address a script of ours stands in.
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<string>}
 */
export async function sha256Hex(bytes) {
  const subtle = globalThis.crypto?.subtle;
  const digest = subtle ? new Uint8Array(await subtle.digest('SHA-256', bytes)) : (await loadCrypto()).sha256(bytes);
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
