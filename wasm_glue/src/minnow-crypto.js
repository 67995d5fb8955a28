/** For browsers and pages without the cryptography that Minnow uses: SHA-256, and Ed25519's check (RFC 8032). */
import { hashes, verify } from '@noble/ed25519';
import { sha256, sha512 } from '@noble/hashes/sha2.js';

export { sha256 };

/**
 * @param {Uint8Array} signature 64 bytes
 * @param {Uint8Array} message
 * @param {Uint8Array} publicKey 32 bytes
 * @returns {boolean} false also for keys and signatures that are none
 */
export function verifyEd25519(signature, message, publicKey) {
  hashes.sha512 = sha512;
  try {
    return verify(signature, message, publicKey, { zip215: false });
  } catch {
    return false;
  }
}
