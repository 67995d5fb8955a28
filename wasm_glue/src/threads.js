/**
 * Helper threads: workers that run the module over the memory of the model, and share each run's work
 * (minnow_wasm_threads.c). Nobody waits for them: a run goes on with those that are there.
 */
import { MinnowError, messageOf } from './errors.js';
import { canShareMemory } from './features.js';

/** @typedef {{ module: WebAssembly.Module, memory: WebAssembly.Memory, thread: number, stackTop: number }} HelperJob */

/**
 * @typedef {object} HelperExports
 * @property {WebAssembly.Global} __stack_pointer
 * @property {(thread: number) => void} help
 */

const PAGE_BYTES = 2 ** 16;
/** Of the module itself (tools/wasm_module.cmake). */
const FIRST_PAGES = 16;
const MOST_PAGES = 8192;
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
 * The memory that a model's threads share. Its maximum is address space that the browser sets aside.
 * @param {number} bytes that the model will need
 */
export function sharedMemory(bytes) {
  const pages = Math.min(MOST_PAGES, 2 * FIRST_PAGES + Math.ceil(bytes / PAGE_BYTES) * 2);
  try {
    return new WebAssembly.Memory({ initial: FIRST_PAGES, maximum: pages, shared: true });
  } catch (cause) {
    const message = `The browser gives no shared memory (${messageOf(cause)}): use threads: 1, or close other pages`;
    throw new MinnowError('OUT_OF_MEMORY', message, { cause });
  }
}

/**
 * Starts the helpers. One that does not start is missing, and that is all. Their script is one of its own: a worker that
 * starts itself is more than some bundlers can follow.
 * @param {HelperJob[]} jobs
 * @returns {() => void} ends them
 */
export function startHelpers(jobs) {
  const workers = jobs.map((job) => {
    const worker = new Worker(new URL('./minnow-helper.js', import.meta.url), { type: 'module', name: 'minnow-helper' });
    worker.addEventListener('error', (event) => event.preventDefault());
    worker.postMessage(job);
    return worker;
  });
  return () => workers.forEach((worker) => worker.terminate());
}
