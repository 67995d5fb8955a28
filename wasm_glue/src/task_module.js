/** Fetches minnow-tasks.js where a package or a call needs it. */
import { MinnowError } from './errors.js';

/** @typedef {typeof import('./minnow-tasks.js')} TaskModule */

/** @returns {Promise<TaskModule>} the same one each time @throws {MinnowError} WORKER */
export async function loadTaskModule() {
  try {
    return await import('./minnow-tasks.js');
  } catch (cause) {
    const message = `minnow-tasks.js does not load (${cause}): serve it beside minnow-worker.js, from the same folder of the package`;
    throw new MinnowError('WORKER', message, { cause });
  }
}
