/**
 * Signed manifests (docs/SIGNING.md): manifest.sig holds the Ed25519 signature (RFC 8032), in base64, of a fixed line
 * followed by the manifest's bytes. The manifest names every other file by its SHA-256, so it vouches for all of them.
 */
import { MinnowError } from './errors.js';
import { loadCrypto } from './script_modules.js';

/** So that no signature made for anything else fits. */
const CONTEXT = 'minnow-manifest-v1\n';
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

/**
 * @typedef {object} TrustCase
 * @property {string} url of the manifest, for messages
 * @property {string | object} text the manifest
 * @property {string} [signature] the text of manifest.sig
 * @property {string} [kept] the manifest that is on the device, which this one is to replace
 * @property {import('./types.js').Trust} trust
 */

/**
 * @param {TrustCase} given
 * @throws {MinnowError} SIGNATURE, ROLLBACK, BAD_MANIFEST for a release that is none, INVALID_ARGUMENT for keys that are none
 */
export async function checkTrust({ url, text, signature, kept, trust }) {
  const keys = readKeys(trust.publicKeys);
  if (typeof text !== 'string') throw new MinnowError('INVALID_ARGUMENT', 'source.manifest: with a publicKey give the text of manifest.json');
  if (signature === undefined) {
    const message = `${url} is not signed, there is no manifest.sig beside it: sign the package (minnow sign), or leave out publicKey`;
    throw new MinnowError('SIGNATURE', message, { url });
  }
  const message = new TextEncoder().encode(CONTEXT + text);
  const bytes = fromBase64(signature.trim(), SIGNATURE_BYTES);
  const holds = bytes ? await Promise.all(keys.map((key) => verifies(bytes, message, key))) : [];
  if (!holds.includes(true)) {
    const problem = `${url} does not carry a signature of the given public key: the manifest was changed, or signed with another key. ` +
      'Do not use it; sign the package anew (minnow sign) if it is yours';
    throw new MinnowError('SIGNATURE', problem, { url });
  }
  const release = releaseOf(text, url);
  const known = trust.rollback === 'refuse' && kept !== undefined ? releaseOf(kept, url) : 0;
  const least = Math.max(trust.minRelease ?? 0, known);
  if (release < least) {
    const problem = `${url} is release ${release}, and release ${least} or newer is asked for: an old package was put in its place. ` +
      'Upload the newest one, or sign it with a higher --release';
    throw new MinnowError('ROLLBACK', problem, { url, field: 'release' });
  }
}

/** @param {readonly string[]} publicKeys in base64 */
function readKeys(publicKeys) {
  const keys = publicKeys.map((key) => (typeof key === 'string' ? fromBase64(key.trim(), KEY_BYTES) : undefined));
  if (keys.length > 0 && keys.every((key) => key !== undefined)) return keys;
  const message = 'publicKey: give the 32 bytes of NAME.pub in base64, as minnow keygen writes them, or a list of such keys';
  throw new MinnowError('INVALID_ARGUMENT', message);
}

/** @param {string} text @param {number} length @returns {Uint8Array<ArrayBuffer> | undefined} */
function fromBase64(text, length) {
  try {
    const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
    return bytes.length === length ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** @param {Uint8Array<ArrayBuffer>} signature @param {Uint8Array<ArrayBuffer>} message @param {Uint8Array<ArrayBuffer>} publicKey */
async function verifies(signature, message, publicKey) {
  const subtle = globalThis.crypto?.subtle;
  try {
    const key = await subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify']);
    return await subtle.verify('Ed25519', key, signature, message);
  } catch {
    // No cryptography here, or none with this curve (Chrome before 137).
    return (await loadCrypto()).verifyEd25519(signature, message, publicKey);
  }
}

/** @param {string} text of a manifest @param {string} url @returns {number} 0 where it has none */
function releaseOf(text, url) {
  let release;
  try {
    ({ release = 0 } = JSON.parse(text));
  } catch {
    // What else is wrong with it is said by the reader of the manifest.
    release = 0;
  }
  if (Number.isSafeInteger(release) && release >= 0) return release;
  throw new MinnowError('BAD_MANIFEST', `The manifest ${url}: release must be a whole number from 0: sign the package again`, { url, field: 'release' });
}
