// Runs the kernel checks of one wasm variant: node check_kernels_wasm.js MODULE.wasm SET [CASES]
// Exit status 77 (skipped, for ctest): the variant is not built, or this Node cannot run it.
import { existsSync, readFileSync } from 'node:fs';
import process from 'node:process';

const SKIPPED = 77;
const [path, set, cases = '4000'] = process.argv.slice(2);

/** @param {string} why @returns {never} */
function skip(why) {
  console.log(`skipped: ${why}`);
  process.exit(SKIPPED);
}

if (!existsSync(path)) {
  skip(`${path} is not built; cmake --preset wasm-${set} && cmake --build --preset wasm-${set}`);
}
if (set === 'relaxed' && Number(process.versions.node.split('.')[0]) < 22) {
  skip(`Node ${process.versions.node} computes an old draft of the relaxed dot product; 22 is right`);
}

/**
 * @typedef {object} CheckExports
 * @property {WebAssembly.Memory} memory
 * @property {() => number} check_kernel_count
 * @property {(kernel: number) => number} check_kernel_name
 * @property {() => number} check_set_count
 * @property {(set: number) => number} check_set_name
 * @property {() => number} check_listed_set_count
 * @property {(set: number, kernel: number, cases: number) => number} check_run
 * @property {() => number} check_mismatch
 */
const { instance } = await WebAssembly.instantiate(readFileSync(path), {});
const checks = /** @type {CheckExports} */ (/** @type {unknown} */ (instance.exports));

/** @param {number} address */
function text(address) {
  const bytes = new Uint8Array(checks.memory.buffer, address);
  return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
}

let failures = 0;

/** @param {number} setIndex @param {number} kernel */
function check(setIndex, kernel) {
  const name = `${text(checks.check_kernel_name(kernel))}__${text(checks.check_set_name(setIndex))}`;
  const seed = checks.check_run(setIndex, kernel, Number(cases));
  if (seed === 0) {
    console.log(`ok ${name}: ${cases} cases equal to scalar`);
    return;
  }
  failures += 1;
  const words = new Int32Array(checks.memory.buffer, checks.check_mismatch(), 10);
  const wroteOutside = (words[0] & 0xff00) !== 0;
  console.log(
    `not ok ${name}: seed ${seed}, shape ${words.slice(4, 10).join(' ')}: ` +
      `y[${words[1]}] is ${words[3]}, not ${words[2]}${wroteOutside ? '; wrote outside its output' : ''}`,
  );
}

const firstSet = text(checks.check_set_name(0));
if (checks.check_listed_set_count() !== 1 || firstSet !== set) {
  failures += 1;
  console.log(`not ok ${path} lists ${checks.check_listed_set_count()} kernel sets, first ${firstSet}; only ${set} belongs there`);
}
for (let setIndex = 0; setIndex < checks.check_set_count(); setIndex++) {
  for (let kernel = 0; kernel < checks.check_kernel_count(); kernel++) {
    check(setIndex, kernel);
  }
}
process.exit(failures === 0 ? 0 : 1);
