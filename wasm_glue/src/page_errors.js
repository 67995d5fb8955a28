/** Errors of code that is in another script's bundle too. */
import { MinnowError } from './minnow.js';

/**
 * Settles like the promise, with errors of the class that the page knows: what is bundled with chain.js has a copy
 * of its own.
 * @template T
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
export async function withPageErrors(promise) {
  try {
    return await promise;
  } catch (error) {
    const { name, code, message, ...details } = /** @type {MinnowError} */ (error);
    if (name !== 'MinnowError' || error instanceof MinnowError) throw error;
    throw new MinnowError(code, /** @type {Error} */ (error).message, details);
  }
}
