// Times the kernels of one wasm variant: node kernel_bench_wasm.js MODULE.wasm
import { readFileSync } from 'node:fs';
import process from 'node:process';

const MIN_RUN_MS = 2;
const RUNS = 60;

/**
 * @typedef {object} BenchExports
 * @property {WebAssembly.Memory} memory
 * @property {() => number} bench_init
 * @property {() => number} bench_set_name
 * @property {(index: number) => number} bench_case_name
 * @property {(index: number) => number} bench_case_operations
 * @property {(index: number, repeats: number) => void} bench_run_case
 */
const { instance } = await WebAssembly.instantiate(readFileSync(process.argv[2]), {});
const bench = /** @type {BenchExports} */ (/** @type {unknown} */ (instance.exports));

/** @param {number} address */
function text(address) {
  const bytes = new Uint8Array(bench.memory.buffer, address);
  return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
}

/** @param {number} index */
function gigaPerSecond(index) {
  const operations = bench.bench_case_operations(index);
  let repeats = 1;
  let best = 0;
  for (let run = 0; run < RUNS; ) {
    const start = performance.now();
    bench.bench_run_case(index, repeats);
    const milliseconds = performance.now() - start;
    if (milliseconds < MIN_RUN_MS) {
      repeats *= 2;
      continue;
    }
    best = Math.max(best, (operations * repeats) / milliseconds / 1e6);
    run += 1;
  }
  return best;
}

const count = bench.bench_init();
for (let i = 0; i < count; i++) {
  const name = text(bench.bench_case_name(i));
  console.log(
    `${text(bench.bench_set_name()).padEnd(8)} ${name.padEnd(42)} ${gigaPerSecond(i).toFixed(2).padStart(7)} G/s`,
  );
}
