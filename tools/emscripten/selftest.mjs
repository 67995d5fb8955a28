// Runs the self-test module and compares with JavaScript. usage: selftest.mjs MODULE.wasm VARIANT
import { readFileSync } from 'node:fs';

const [path, variant] = process.argv.slice(2);
const major = Number(process.versions.node.split('.')[0]);
if (variant === 'relaxed' && major < 22) {
  console.error(`Node ${process.versions.node} has an old draft of relaxed SIMD; Node 22 or newer is needed`);
  process.exit(1);
}

const bytes = readFileSync(path);
const module = new WebAssembly.Module(bytes);
const imports = WebAssembly.Module.imports(module);
if (imports.length > 0) {
  console.error(`${variant}: the module imports ${imports.map((i) => `${i.module}.${i.name}`).join(', ')}`);
  process.exit(1);
}
// i32x4.relaxed_dot_i8x16_i7x16_add_s is 0xfd 0x93 0x02; without it the number below proves nothing.
if (variant === 'relaxed' && !bytes.includes(Buffer.from([0xfd, 0x93, 0x02]))) {
  console.error('relaxed: the compiler did not emit the relaxed dot product');
  process.exit(1);
}

const dot = /** @type {any} */ (new WebAssembly.Instance(module).exports);
const pagesBefore = dot.dot_grow(3);
const pages = dot.memory.buffer.byteLength / 65536;
const length = 32;
const lhs = new Int8Array(dot.memory.buffer, dot.dot_lhs_data(), length);
const rhs = new Int8Array(dot.memory.buffer, dot.dot_rhs_data(), length);
// Extremes included: an engine with the old draft's unsigned or saturating reading gives another sum.
for (let i = 0; i < length; i++) {
  lhs[i] = i % 3 === 0 ? -128 : i * 7 - 100;
  rhs[i] = i % 4 === 1 ? 127 : (i * 29) % 128;
}
const expected = lhs.reduce((sum, value, i) => sum + value * rhs[i], 0);
const got = dot.dot_run();
if (got !== expected || pages !== pagesBefore + 3) {
  console.error(`${variant}: dot product ${got}, expected ${expected}; memory ${pagesBefore} to ${pages} pages`);
  process.exit(1);
}
console.log(`${variant}: dot product ${got} in Node ${process.versions.node}, module of ${bytes.length} bytes`);
