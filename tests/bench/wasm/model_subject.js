/** One package in one instance of a wasm module, timed whole or operator by operator; in Node as in a page. */
import { profileEngine } from '../../../wasm_glue/src/worker/profile.js';

const BATCH_MS = 4;

/** @typedef {import('../../../wasm_glue/src/worker/engine.js').Exports} Exports */
/** @typedef {import('../../../wasm_glue/src/base/types.js').OperatorProfile} OperatorProfile */

export class Subject {
  /** Noise for each input, made when first needed. @type {Uint8Array<ArrayBuffer>[] | undefined} */
  #noise;

  /** Makes room for a package. @param {WebAssembly.Module} module @param {Uint8Array} firstShard */
  constructor(module, firstShard) {
    this.exports = /** @type {Exports} */ (/** @type {unknown} */ (new WebAssembly.Instance(module, {}).exports));
    const head = firstShard.subarray(0, this.exports.io_bytes());
    this.io(head.length).set(head);
    this.call((e) => e.open(head.length, 0));
  }

  /** One that is ready to run. @param {WebAssembly.Module} module @param {Uint8Array[]} shards */
  static load(module, shards) {
    const subject = new Subject(module, shards[0]);
    subject.push(shards);
    subject.call((e) => e.prepare());
    return subject;
  }

  /** @param {Uint8Array[]} shards */
  push(shards) {
    const room = this.exports.io_bytes();
    for (const shard of shards) {
      for (let at = 0; at < shard.length; at += room) {
        const part = shard.subarray(at, at + room);
        this.io(part.length).set(part);
        this.call((e) => e.push(part.length));
      }
    }
  }

  /** @param {(exports: Exports) => number} operation that returns a status */
  call(operation) {
    if (operation(this.exports) === 0) return;
    const length = this.exports.error_message();
    throw new Error(new TextDecoder().decode(this.io(length)));
  }

  /** @param {number} bytes */
  io(bytes) {
    return new Uint8Array(this.exports.memory.buffer, this.exports.io(), bytes);
  }

  /** @param {number} index @returns {{ dtype: number, size: number, address: number }} */
  #input(index) {
    this.call((e) => e.tensor_info(0, index));
    const words = new Uint32Array(this.exports.memory.buffer, this.exports.io(), 12);
    return { dtype: words[0], size: words[10], address: words[11] };
  }

  /** @param {number} index @param {ArrayBufferView} data */
  setInput(index, data) {
    const { size, address } = this.#input(index);
    new Uint8Array(this.exports.memory.buffer, address, size).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }

  /** Deterministic; a float's top byte is that of 0.5 to 2. */
  get noise() {
    let state = 1;
    this.#noise ??= Array.from({ length: this.exports.input_count() }, (_, index) => {
      const { dtype, size } = this.#input(index);
      return Uint8Array.from({ length: size }, (_, b) => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return dtype === 1 && b % 4 === 3 ? 0x3f : state >>> 24;
      });
    });
    return this.#noise;
  }

  /** Milliseconds a run, of as many runs as fill a batch. @param {number} repeats */
  time(repeats) {
    this.noise.forEach((data, i) => this.setInput(i, data));
    const start = performance.now();
    for (let i = 0; i < repeats; i++) this.call((e) => e.run());
    return (performance.now() - start) / repeats;
  }

  /** As Model.profile() does. @param {number} runs @returns {readonly OperatorProfile[]} */
  profile(runs) {
    return profileEngine(this, this.noise, runs).operators;
  }
}

/** @param {number[]} times */
export function median(times) {
  const sorted = times.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/**
 * Times subjects in turn, A B A B. Returns each one's times a run.
 * @param {Subject[]} subjects @param {number} runs @returns {number[][]}
 */
export function compareSubjects(subjects, runs) {
  const once = Math.min(...[0, 1, 2].map(() => subjects[0].time(1)));
  const repeats = Math.max(1, Math.round(BATCH_MS / Math.max(once, 1e-4)));
  /** @type {number[][]} */
  const times = subjects.map(() => []);
  for (let run = -2; run < runs; run++) {
    subjects.forEach((subject, i) => {
      const ms = subject.time(repeats);
      if (run >= 0) times[i].push(ms);
    });
  }
  return times;
}
