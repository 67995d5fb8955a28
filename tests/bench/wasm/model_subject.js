/** One package in one instance of a wasm module, timed whole or operator by operator; in Node as in a page. */

const BATCH_MS = 4;
const BYTES_PER_WORD = 4;
const FIGURES_AT = 32;
const FIGURE_BYTES = 24;

/**
 * @typedef {object} ModelExports
 * @property {WebAssembly.Memory} memory
 * @property {() => number} io
 * @property {() => number} io_bytes
 * @property {() => number} error_message
 * @property {(bytes: number, limit: number) => number} open
 * @property {(bytes: number) => number} push
 * @property {() => number} prepare
 * @property {() => number} input_count
 * @property {(isOutput: number, index: number) => number} tensor_info
 * @property {() => number} run
 * @property {() => number} step
 * @property {(index: number) => number} operator_info
 */

/** @typedef {{ name: string, dims: number[], macs: number, ms: number }} OperatorTime */

export class Subject {
  /** Operators of the model, counted when first asked for. @type {number | undefined} */
  #count;

  /** @param {WebAssembly.Module} module @param {Uint8Array[]} shards */
  constructor(module, shards) {
    this.exports = /** @type {ModelExports} */ (
      /** @type {unknown} */ (new WebAssembly.Instance(module, {}).exports)
    );
    const room = this.exports.io_bytes();
    const first = shards[0].subarray(0, room);
    this.io(first.length).set(first);
    this.check(this.exports.open(first.length, 0));
    for (const shard of shards) {
      for (let at = 0; at < shard.length; at += room) {
        const part = shard.subarray(at, at + room);
        this.io(part.length).set(part);
        this.check(this.exports.push(part.length));
      }
    }
    this.check(this.exports.prepare());
  }

  /** @param {number} status */
  check(status) {
    if (status === 0) return;
    const length = this.exports.error_message();
    throw new Error(new TextDecoder().decode(this.io(length)));
  }

  /** @param {number} bytes */
  io(bytes) {
    return new Uint8Array(this.exports.memory.buffer, this.exports.io(), bytes);
  }

  /** Deterministic noise; a float's top byte is that of 0.5 to 2. */
  fill() {
    const { exports } = this;
    let state = 1;
    for (let i = 0; i < exports.input_count(); i++) {
      this.check(exports.tensor_info(0, i));
      const words = new Uint32Array(exports.memory.buffer, exports.io(), 12);
      const [dtype, size, address] = [words[0], words[10], words[11]];
      const bytes = new Uint8Array(exports.memory.buffer, address, size);
      for (let b = 0; b < size; b++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        bytes[b] = dtype === 1 && b % 4 === 3 ? 0x3f : state >>> 24;
      }
    }
  }

  /** Milliseconds a run, of as many runs as fill a batch. @param {number} repeats */
  time(repeats) {
    this.fill();
    const start = performance.now();
    for (let i = 0; i < repeats; i++) this.check(this.exports.run());
    return (performance.now() - start) / repeats;
  }

  /** @param {number} index @returns {OperatorTime} */
  operator(index) {
    this.check(this.exports.operator_info(index));
    const view = new DataView(this.exports.memory.buffer, this.exports.io());
    const [nameBytes, rank] = [view.getUint32(0, true), view.getUint32(BYTES_PER_WORD, true)];
    const dims = Array.from({ length: rank }, (_, i) => view.getInt32((2 + i) * BYTES_PER_WORD, true));
    const name = this.io(FIGURES_AT + FIGURE_BYTES + nameBytes).slice(FIGURES_AT + FIGURE_BYTES);
    const macs = view.getFloat64(FIGURES_AT + 16, true);
    return { name: new TextDecoder().decode(name), dims, macs, ms: 0 };
  }

  get count() {
    if (this.#count === undefined) {
      let count = 0;
      while (this.exports.operator_info(count) === 0) count += 1;
      this.#count = count;
    }
    return this.#count;
  }

  /** Each operator's median time over `runs` runs. @param {number} runs @returns {OperatorTime[]} */
  profile(runs) {
    const operators = Array.from({ length: this.count }, (_, index) => this.operator(index));
    const times = operators.map(() => /** @type {number[]} */ ([]));
    for (let run = 0; run < runs; run++) {
      this.fill();
      for (let i = 0; i < this.count; i++) {
        const start = performance.now();
        this.check(this.exports.step());
        const ms = performance.now() - start;
        times[new Uint32Array(this.exports.memory.buffer, this.exports.io(), 1)[0]].push(ms);
      }
    }
    return operators.map((operator, i) => ({ ...operator, ms: mean(times[i]) }));
  }
}

/** The clock of a page is coarse, so no median: the mean of the better half. @param {number[]} times */
function mean(times) {
  const sorted = times.toSorted((a, b) => a - b).slice(0, Math.max(1, times.length >> 1));
  return sorted.reduce((sum, ms) => sum + ms, 0) / sorted.length;
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
