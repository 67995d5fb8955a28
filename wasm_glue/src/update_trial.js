/**
 * A newer version of a package on trial: the one before it stays until the newer has run once, and comes back where
 * that loads or runs with an error, or its page ends before the first run several times.
 */
import { MinnowError } from './errors.js';
import { sha256Hex } from './sha256.js';

/** @typedef {import('./types.js').StoredPackage} StoredPackage */

/** The storage as the loader uses it. @typedef {Pick<import('./lenient_storage.js').LenientStorage, 'putPackage'>} TrialStorage */

/** A page may be closed before the first run without the model's fault. */
const MAX_TRIALS = 3;

/** What says nothing about a package. @type {readonly import('./errors.js').MinnowErrorCode[]} */
const OTHERS_FAULTS = ['NETWORK', 'HTTP', 'WASM', 'WORKER', 'UNSUPPORTED_BROWSER', 'DISPOSED'];

/**
 * @param {TrialStorage} storage
 * @param {StoredPackage} stored with a version before it
 * @returns {Promise<StoredPackage>} the version to use
 */
export async function beginTrial(storage, stored) {
  const trials = (stored.trials ?? 0) + 1;
  if (trials > MAX_TRIALS) return restore(storage, stored);
  const begun = { ...stored, trials };
  await storage.putPackage(begun);
  return begun;
}

/** @param {TrialStorage} storage @param {StoredPackage} stored */
export async function passTrial(storage, { previous, trials, ...proven }) {
  await storage.putPackage(proven);
}

/**
 * @param {TrialStorage} storage
 * @param {StoredPackage} stored with a version before it
 * @param {unknown} error
 * @returns {Promise<boolean>} whether that one is back
 */
export async function failTrial(storage, stored, error) {
  if (!(error instanceof MinnowError) || OTHERS_FAULTS.includes(error.code)) return false;
  await restore(storage, stored);
  return true;
}

/**
 * @param {TrialStorage} storage
 * @param {StoredPackage} stored with a version before it
 * @returns {Promise<StoredPackage>} that one, which remembers what not to fetch again
 */
async function restore(storage, { manifest, previous }) {
  const refused = await sha256Hex(new TextEncoder().encode(manifest));
  const restored = { .../** @type {StoredPackage} */ (previous), refused };
  await storage.putPackage(restored);
  return restored;
}
