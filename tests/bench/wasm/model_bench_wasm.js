// Times whole models in one or more wasm modules under Node, interleaved A B A B, and each operator of
// them: node model_bench_wasm.js [--profile] [--runs N] MODULE.wasm… -- PACKAGE_FOLDER…
// The first module is the reference of the printed ratios.
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';

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

/** One package in one instance of a module. */
class Subject {
  /** @param {WebAssembly.Module} module @param {string} label @param {string} folder */
  constructor(module, label, folder) {
    this.label = label;
    this.exports = /** @type {ModelExports} */ (
      /** @type {unknown} */ (new WebAssembly.Instance(module, {}).exports)
    );
    this.load(folder);
    /** @type {number[]} */
    this.times = [];
    /** Operators of the model, counted when first asked for. @type {number | undefined} */
    this.count = undefined;
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

  /** @param {string} folder */
  load(folder) {
    const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
    const shards = manifest.shards.map((/** @type {{ file: string }} */ s) => readFileSync(join(folder, s.file)));
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

  /** @param {number} index */
  operator(index) {
    this.check(this.exports.operator_info(index));
    const view = new DataView(this.exports.memory.buffer, this.exports.io());
    const [nameBytes, rank] = [view.getUint32(0, true), view.getUint32(BYTES_PER_WORD, true)];
    const dims = Array.from({ length: rank }, (_, i) => view.getInt32((2 + i) * BYTES_PER_WORD, true));
    const name = this.io(FIGURES_AT + FIGURE_BYTES + nameBytes).slice(FIGURES_AT + FIGURE_BYTES);
    const macs = view.getFloat64(FIGURES_AT + 16, true);
    return { name: new TextDecoder().decode(name), dims, macs, ms: Infinity };
  }

  /** Each operator's best time over `runs` runs. @param {number} runs */
  profile(runs) {
    /** @type {ReturnType<Subject['operator']>[]} */
    const operators = [];
    for (let run = 0; run < runs; run++) {
      this.fill();
      let last = -1;
      for (;;) {
        const start = performance.now();
        this.check(this.exports.step());
        const ms = performance.now() - start;
        const index = new Uint32Array(this.exports.memory.buffer, this.exports.io(), 1)[0];
        if (index <= last) throw new Error('an operator ran twice');
        operators[index] ??= this.operator(index);
        operators[index].ms = Math.min(operators[index].ms, ms);
        last = index;
        if (this.isLast(index)) break;
      }
    }
    return operators;
  }

  /** @param {number} index */
  isLast(index) {
    this.count ??= this.countOperators();
    return index === this.count - 1;
  }

  countOperators() {
    let count = 0;
    while (this.exports.operator_info(count) === 0) count += 1;
    return count;
  }
}

/** @param {number[]} times */
function median(times) {
  const sorted = [...times].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** @param {Subject[]} subjects @param {number} runs @param {string} name */
function compare(subjects, runs, name) {
  const once = Math.min(...[0, 1, 2].map(() => subjects[0].time(1)));
  const repeats = Math.max(1, Math.round(BATCH_MS / once));
  for (let run = -2; run < runs; run++) {
    for (const subject of subjects) {
      const ms = subject.time(repeats);
      if (run >= 0) subject.times.push(ms);
    }
  }
  const best = Math.min(...subjects[0].times);
  const middle = median(subjects[0].times);
  for (const { label, times } of subjects) {
    const [min, mid] = [Math.min(...times), median(times)];
    console.log(
      `${name.padEnd(12)} ${label.padEnd(24)} min ${min.toFixed(3).padStart(8)} median ${mid.toFixed(3).padStart(8)} ms` +
        `   ratio min ${(min / best).toFixed(3)} median ${(mid / middle).toFixed(3)}`,
    );
  }
}

/** @param {Subject} subject @param {number} runs */
function printProfile(subject, runs) {
  const operators = subject.profile(runs);
  let total = 0;
  operators.forEach(({ name, dims, macs, ms }, i) => {
    const speed = macs > 0 ? `${(macs / ms / 1e6).toFixed(1).padStart(6)} GMAC/s` : '';
    console.log(
      `${String(i).padStart(4)} ${name.padEnd(18)} ${dims.join('x').padEnd(18)} ${ms.toFixed(4).padStart(8)} ms ${speed}`,
    );
    total += ms;
  });
  console.log(`     sum ${total.toFixed(3)} ms (${subject.label})`);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { profile: { type: 'boolean' }, runs: { type: 'string', default: '40' } },
});
const modules = positionals.filter((path) => path.endsWith('.wasm'));
const folders = positionals.filter((path) => !path.endsWith('.wasm'));
const runs = Number(values.runs);
const compiled = modules.map((path) => ({
  label: `${basename(dirname(path))}/${basename(path, '.wasm').replace('minnow-', '')}`,
  module: new WebAssembly.Module(readFileSync(path)),
}));
for (const folder of folders) {
  const subjects = compiled.map(({ module, label }) => new Subject(module, label, folder));
  if (values.profile) subjects.forEach((subject) => printProfile(subject, runs));
  else compare(subjects, runs, basename(folder));
}
