/** Work that only one tab of a site does at a time (Web Locks). */
import { linkedController } from '../base/abort.js';

/** Whoever has the lock may be a page that the system has put to sleep, or one that WebKit has not noticed to be gone. */
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
  let hasBegun = false;
  const timer = setTimeout(() => {
    isHeldInVain ||= !hasBegun;
    waiting.abort();
  }, PATIENCE_MS);
  try {
    return await locks.request(name, { signal: waiting.signal }, () => {
      hasBegun = true;
      return work();
    });
  } catch (error) {
    // Too long, or pages like this one may have no locks.
    if (hasBegun || signal?.aborted) throw error;
    return work();
  } finally {
    clearTimeout(timer);
    waiting.unlink();
  }
}
