/** Times the kernels of one wasm bench module; in Node as in a page. */

const MIN_RUN_MS = 3;
const RUNS = 40;

/**
 * @typedef {object} BenchExports
 * @property {WebAssembly.Memory} memory
 * @property {() => number} bench_init
 * @property {() => number} bench_set_name
 * @property {(index: number) => number} bench_case_name
 * @property {(index: number) => number} bench_case_operations
 * @property {(index: number, repeats: number) => void} bench_run_case
 */

/** @typedef {{ set: string, name: string, gigaPerSecond: number }} KernelRate */

/** @param {WebAssembly.Module} module @param {string} filter part of the names @returns {KernelRate[]} */
export function timeKernels(module, filter) {
  const bench = /** @type {BenchExports} */ (
    /** @type {unknown} */ (new WebAssembly.Instance(module, {}).exports)
  );
  /** @param {number} address */
  const text = (address) => {
    const bytes = new Uint8Array(bench.memory.buffer, address);
    return new TextDecoder().decode(bytes.slice(0, bytes.indexOf(0)));
  };
  const count = bench.bench_init();
  const rates = [];
  for (let i = 0; i < count; i++) {
    const name = text(bench.bench_case_name(i));
    if (name.includes(filter)) rates.push({ set: text(bench.bench_set_name()), name, gigaPerSecond: gigaPerSecond(bench, i) });
  }
  return rates;
}

/** The best of many short runs: the machine may be busy with other work in between. @param {BenchExports} bench @param {number} index */
function gigaPerSecond(bench, index) {
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
