/** Work that only one tab of a site does at a time (Web Locks). */
import { linkedController } from './abort.js';

/** Whoever has the lock may be a page that the system has put to sleep. */
const PATIENCE_MS = 20_000;

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
  if (!locks) return work();
  const waiting = linkedController(signal);
  const timer = setTimeout(() => waiting.abort(), PATIENCE_MS);
  let hasBegun = false;
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
