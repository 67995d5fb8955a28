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
 * @property {(index: number) => number} bench_case_limit
 * @property {(limit: number) => number} bench_limit_name
 * @property {(limit: number) => number} bench_limit_operations
 * @property {(limit: number, repeats: number) => void} bench_run_limit
 */

/** limit: the name of what the machine can do at most. @typedef {{ set: string, name: string, gigaPerSecond: number, limit?: string, share?: number }} KernelRate */

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
  const set = text(bench.bench_set_name());
  /** @type {KernelRate[]} */
  const limits = [];
  for (let limit = 0; bench.bench_limit_name(limit) !== 0; limit++) {
    const run = (/** @type {number} */ repeats) => bench.bench_run_limit(limit, repeats);
    limits.push({ set, name: text(bench.bench_limit_name(limit)), gigaPerSecond: gigaPerSecond(bench.bench_limit_operations(limit), run) });
  }
  const rates = [...limits];
  for (let i = 0; i < count; i++) {
    const name = text(bench.bench_case_name(i));
    if (!name.includes(filter)) continue;
    const speed = gigaPerSecond(bench.bench_case_operations(i), (repeats) => bench.bench_run_case(i, repeats));
    const limit = limits[bench.bench_case_limit(i)];
    rates.push({ set, name, gigaPerSecond: speed, ...(limit && { limit: limit.name, share: speed / limit.gigaPerSecond }) });
  }
  return rates;
}

/** The best of many short runs: the machine may be busy with other work in between. @param {number} operations @param {(repeats: number) => void} run */
function gigaPerSecond(operations, run) {
  let repeats = 1;
  let best = 0;
  for (let count = 0; count < RUNS; ) {
    const start = performance.now();
    run(repeats);
    const milliseconds = performance.now() - start;
    if (milliseconds < MIN_RUN_MS) {
      repeats *= 2;
      continue;
    }
    best = Math.max(best, (operations * repeats) / milliseconds / 1e6);
    count += 1;
  }
  return best;
}
