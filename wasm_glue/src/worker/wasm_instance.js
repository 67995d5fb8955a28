/**
 * An instance of one of the wasm modules: its transfer buffer, its calls and its errors (minnow_wasm_base.c).
 *
 * The memory's buffer changes whenever it grows, so views are made anew for each use.
 */
import { ENGINE_CODES } from '../base/error_codes.js';
import { MinnowError, messageOf } from '../base/errors.js';

/**
 * What every module exports.
 * @typedef {object} BaseExports
 * @property {WebAssembly.Memory} memory the instance's own, unless it was given one
 * @property {() => number} io address of the transfer buffer
 * @property {() => number} io_bytes
 * @property {() => number} error_message
 */

/** @template {BaseExports} Exports functions among them that return a status give 0 for success */
export class WasmInstance {
  /** @readonly */
  exports;

  /** @param {WebAssembly.Instance} instance @param {WebAssembly.Memory} [memory] that it was given */
  constructor(instance, memory) {
    const exports = /** @type {Exports} */ (/** @type {unknown} */ (instance.exports));
    this.exports = memory ? { ...exports, memory } : exports;
  }

  /**
   * @param {WebAssembly.Module} module
   * @param {WebAssembly.Memory} [memory] where the module imports it
   * @returns {Promise<WebAssembly.Instance>}
   */
  static async instantiate(module, memory) {
    try {
      return await WebAssembly.instantiate(module, memory ? { env: { memory } } : {});
    } catch (cause) {
      const message = `The engine does not start (${messageOf(cause)}): close other pages, or restart the browser`;
      throw new MinnowError(cause instanceof RangeError ? 'OUT_OF_MEMORY' : 'WASM', message, { cause });
    }
  }

  /** A view of the memory, for at once. @param {number} address @param {number} bytes */
  bytesAt(address, bytes) {
    return new Uint8Array(this.exports.memory.buffer, address, bytes);
  }

  /** The transfer buffer. @param {number} bytes */
  io(bytes) {
    return this.bytesAt(this.exports.io(), bytes);
  }

  /** @param {(exports: Exports) => number} operation that returns a status */
  call(operation) {
    let status;
    try {
      status = operation(this.exports);
    } catch (cause) {
      const message = `The engine stopped (${messageOf(cause)}): dispose of the model and create it again`;
      throw new MinnowError('WASM', message, { cause });
    }
    if (status !== 0) this.fail(status);
  }

  /** The error that the engine reported last. @param {number} [status] @returns {never} */
  fail(status) {
    // A copy: what is shared is not decoded.
    const text = new TextDecoder().decode(this.io(this.exports.error_message()).slice()).replace(/^[A-Z_]+: /, '');
    const code = ENGINE_CODES[/** @type {keyof typeof ENGINE_CODES} */ (status)];
    throw new MinnowError(code === undefined || code === 'OK' ? 'WASM' : code, text);
  }
}
