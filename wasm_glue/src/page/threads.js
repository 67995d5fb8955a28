/**
 * Threads of a model: how many, and the workers that help (minnow_wasm_threads.c). The page starts them, wherever the model
 * lives: Firefox lets a worker that starts a worker wait for the page's thread, and now and then wakes the wrong one of the two.
 */
import { MinnowError } from '../base/errors.js';
import { canShareMemory } from './features.js';

/** @typedef {import('../base/types.js').HelperJob} HelperJob */

const MAX_THREADS = 16;

/**
 * How many threads to run on.
 * @param {number | 'auto' | undefined} wanted
 * @returns {Promise<number>} 1 where memory cannot be shared
 */
export async function threadCount(wanted = 1) {
  const isCount = typeof wanted === 'number' && Number.isInteger(wanted) && wanted >= 1 && wanted <= MAX_THREADS;
  if (wanted !== 'auto' && !isCount) {
    throw new MinnowError('INVALID_ARGUMENT', `threads must be "auto" or a whole number from 1 to ${MAX_THREADS}`);
  }
  if (wanted === 1 || !(await canShareMemory())) return 1;
  // More than four little cores wait for each other more than they help.
  return wanted === 'auto' ? Math.min(4, navigator.hardwareConcurrency || 1) : wanted;
}

/**
 * What starts a model's helpers. One that does not start is missing, and that is all: a run goes on with those that are there.
 * @param {string | undefined} workerUrl of minnow-worker.js, where it is elsewhere: the helpers' script is beside it
 * @returns {(jobs: HelperJob[]) => void} each call ends the helpers of the one before
 */
export function helperStarter(workerUrl) {
  /** @type {Worker[]} */
  let helpers = [];
  return (jobs) => {
    helpers.forEach((helper) => helper.terminate());
    helpers = jobs.map((job) => {
      // Their script is one of its own: a worker that starts itself is more than some bundlers can follow.
      const helper = workerUrl
        ? new Worker(new URL('./minnow-helper.js', workerUrl))
        : new Worker(new URL('./minnow-helper.js', import.meta.url));
      helper.addEventListener('error', (event) => event.preventDefault());
      helper.postMessage(job);
      return helper;
    });
  };
}
