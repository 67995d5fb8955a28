/**
 * One model inside one instance of the wasm module. Dropping the engine gives all memory back.
 *
 * The memory's buffer changes whenever it grows, so views are made anew for each use.
 */
import { DTYPE_CODES } from '../base/dtype_codes.js';
import { sharedMemory } from './shared_memory.js';
import { WasmInstance } from './wasm_instance.js';

/** @typedef {import('../base/types.js').Dtype} Dtype */
/** @typedef {import('../base/types.js').TensorData} TensorData */

/**
 * The module's exports (minnow_wasm.c). Functions returning a status give 0 for success.
 * @typedef {import('./wasm_instance.js').BaseExports & ModelExports} Exports
 * @typedef {object} ModelExports
 * @property {(threads: number) => number} team_begin this and the next: of modules for threads
 * @property {(thread: number) => number} stack_top
 * @property {(status: number) => number} status_name
 * @property {(bytes: number, limitBytes: number) => number} open
 * @property {(bytes: number) => number} push
 * @property {(shard: number) => number} rewind
 * @property {() => number} prepare
 * @property {() => number} is_ready
 * @property {() => number} input_count
 * @property {() => number} output_count
 * @property {(isOutput: number, index: number) => number} tensor_info
 * @property {() => number} run
 * @property {() => number} step the next operator alone
 * @property {(index: number) => number} operator_info
 * @property {(input: number, maxRows: number) => number} image_open
 * @property {() => number} image_buffer
 * @property {(rows: number) => number} image_rows
 * @property {() => number} image_end
 * @property {(item: number) => number} memory_report
 */

/** @typedef {{ dtype: Dtype, shape: number[], scale: number, zeroPoint: number, bytes: number, address: number }} EngineTensor */

const DTYPES = new Map(Object.entries(DTYPE_CODES).map(([name, code]) => [code, /** @type {Dtype} */ (name)]));

/** @type {Record<Dtype, new (buffer: ArrayBufferLike, offset: number, length: number) => TensorData>} */
const ARRAYS = {
  float32: Float32Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
  int16: Int16Array,
};

const TENSOR_WORDS = 12;
/** A helper's stack and scratch, of which the manifest does not know: generous, for it is address space alone. */
const THREAD_BYTES = 2 ** 20;
/** Of shard 0, that open() looks at (MNW_PACKAGE_PEEK_BYTES). */
const PEEK_BYTES = 80;

/** @extends {WasmInstance<Exports>} */
export class Engine extends WasmInstance {
  #limitBytes;
  #isOpen = false;
  #endHelpers = () => {};
  /** @type {EngineTensor[]} */
  inputs = [];
  /** @type {EngineTensor[]} */
  outputs = [];

  /**
   * @param {WebAssembly.Instance} instance
   * @param {number} [limitBytes] of the wasm memory
   * @param {WebAssembly.Memory} [memory] that the instance was given
   */
  constructor(instance, limitBytes = 0, memory = undefined) {
    super(instance, memory);
    this.#limitBytes = Math.min(limitBytes, 2 ** 32 - 1);
  }

  /**
   * @param {WebAssembly.Module} module
   * @param {number} [limitBytes]
   * @returns {Promise<Engine>}
   */
  static async create(module, limitBytes) {
    return new Engine(await WasmInstance.instantiate(module), limitBytes);
  }

  /**
   * One whose runs are shared by `threads` threads; dispose of it to end them.
   * @param {WebAssembly.Module} module of a variant for threads
   * @param {number} threads
   * @param {number} neededBytes
   * @param {number | undefined} limitBytes
   * @param {import('../base/types.js').LoadHooks['startHelpers']} startHelpers nobody waits for them
   * @returns {Promise<Engine>}
   */
  static async createShared(module, threads, neededBytes, limitBytes, startHelpers) {
    const memory = sharedMemory(neededBytes + threads * THREAD_BYTES);
    const engine = new Engine(await WasmInstance.instantiate(module, memory), limitBytes, memory);
    engine.call((e) => e.team_begin(threads));
    const jobs = Array.from({ length: threads - 1 }, (_, i) => ({
      module,
      memory,
      thread: i + 1,
      stackTop: engine.exports.stack_top(i + 1),
    }));
    startHelpers(jobs);
    engine.#endHelpers = () => startHelpers([]);
    return engine;
  }

  /** Ends the helpers; the memory goes with the engine itself. */
  dispose() {
    this.#endHelpers();
  }

  /** Feeds the next whole shard; the first one opens the model and plans its memory. @param {Uint8Array} bytes */
  pushShard(bytes) {
    if (!this.#isOpen) {
      this.io(PEEK_BYTES).set(bytes.subarray(0, PEEK_BYTES));
      this.call((e) => e.open(Math.min(bytes.length, PEEK_BYTES), this.#limitBytes));
      this.#isOpen = true;
    }
    const step = this.exports.io_bytes();
    for (let i = 0; i < bytes.length; i += step) {
      const piece = bytes.subarray(i, i + step);
      this.io(piece.length).set(piece);
      this.call((e) => e.push(piece.length));
    }
    if (this.outputs.length === 0) this.#prepare();
  }

  #prepare() {
    this.call((e) => e.prepare());
    this.inputs = Array.from({ length: this.exports.input_count() }, (_, i) => this.#tensor(0, i));
    this.outputs = Array.from({ length: this.exports.output_count() }, (_, i) => this.#tensor(1, i));
  }

  get isReady() {
    return this.exports.is_ready() === 1;
  }

  /** @returns {import('../base/types.js').MemoryReport} */
  get memory() {
    const [weights, activations, total] = [0, 1, 2].map((item) => this.exports.memory_report(item) >>> 0);
    return { weights, activations, total };
  }

  /** @param {number} index @param {TensorData} data of the input's dtype and length */
  setInput(index, data) {
    const { address, bytes } = this.inputs[index];
    const source = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    new Uint8Array(this.exports.memory.buffer, address, bytes).set(source);
  }

  run() {
    this.call((e) => e.run());
  }

  /** @param {number} index @returns {TensorData} a copy */
  output(index) {
    const { dtype, address, bytes } = this.outputs[index];
    // Of an array, not of the buffer: a copy of a shared buffer would be shared.
    const { buffer: data } = this.bytesAt(address, bytes).slice();
    return new ARRAYS[dtype](data, 0, bytes / ARRAY_BYTES[dtype]);
  }

  /**
   * @param {number} input
   * @param {Uint8Array} words as imageWords() makes them
   * @param {number} maxRows
   */
  beginImage(input, words, maxRows) {
    this.io(words.length).set(words);
    this.call((e) => e.image_open(input, maxRows));
  }

  /** @param {Uint8Array | Uint8ClampedArray} rgba @param {number} rowCount */
  pushImageRows(rgba, rowCount) {
    const address = this.exports.image_buffer();
    if (address) new Uint8Array(this.exports.memory.buffer, address, rgba.length).set(rgba);
    this.call((e) => e.image_rows(rowCount));
  }

  endImage() {
    this.call((e) => e.image_end());
  }

  /** @param {number} isOutput @param {number} index @returns {EngineTensor} */
  #tensor(isOutput, index) {
    this.call((e) => e.tensor_info(isOutput, index));
    const address = this.exports.io();
    const words = new Int32Array(this.exports.memory.buffer, address, TENSOR_WORDS);
    const [scale] = new Float32Array(this.exports.memory.buffer, address + 4 * 8, 1);
    return {
      dtype: /** @type {Dtype} */ (DTYPES.get(words[0])),
      shape: Array.from(words.subarray(2, 2 + words[1])),
      scale,
      zeroPoint: words[9],
      bytes: words[10] >>> 0,
      address: words[11] >>> 0,
    };
  }
}

/** @type {Record<Dtype, number>} bytes of an element */
const ARRAY_BYTES = { float32: 4, int8: 1, uint8: 1, int32: 4, int64: 8, bool: 1, int16: 2 };
