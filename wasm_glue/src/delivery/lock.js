/** Work that only one tab of a site does at a time (Web Locks). */
import { linkedController } from '../base/abort.js';

/** Whoever has the lock may be a page that the system has put to sleep. */
const PATIENCE_MS = 5000;
/** Nobody waits for such a page twice. */
let isHeldInVain = false;

/**
 * Does the work once no other tab does work of that name; without waiting where there are no locks, and after a while
 * in any case.
 * @template T
 * @param {string} name
 * @param {AbortSignal | undefined} signal ends the waiting
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(name, signal, work) {
  const locks = globalThis.navigator?.locks;
  if (!locks || isHeldInVain) return work();
  const waiting = linkedController(signal);
  /** @type {Promise<T> | undefined} */
  let begun;
  const timer = setTimeout(() => {
    isHeldInVain ||= !begun;
    waiting.abort();
  }, PATIENCE_MS);
  try {
    return await locks.request(name, { signal: waiting.signal }, () => (begun = work()));
  } catch (error) {
    // Too long, or pages like this one may have no locks, or WebKit has taken it back from a page that was left.
    if (signal?.aborted) throw error;
    return begun ?? work();
  } finally {
    clearTimeout(timer);
    waiting.unlink();
  }
}
