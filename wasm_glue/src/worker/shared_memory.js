/** The memory that a model's threads share. */
import { MinnowError, messageOf } from '../base/errors.js';

const PAGE_BYTES = 2 ** 16;
/** Of the module itself (tools/wasm_module.cmake). */
const FIRST_PAGES = 16;
const MOST_PAGES = 8192;

/**
 * Its maximum is address space that the browser sets aside.
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
