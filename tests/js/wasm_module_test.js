import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { supported, usableVariants } from '../../wasm_glue/src/page/features.js';
import { loadWasmModule } from '../../wasm_glue/src/worker/wasm_module.js';
import { startTestServer } from '../e2e/test_server.js';

/** @typedef {import('../../wasm_glue/src/base/types.js').Variant} Variant */

const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
const fastest = (await usableVariants())[0];

let folder = '';
/** @type {import('../e2e/test_server.js').TestServer} */
let server;
/** @type {Record<Variant, string>} */
let urls;

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'minnow_wasm_'));
  server = await startTestServer({ '/': folder });
  urls = /** @type {any} */ ({});
  for (const variant of /** @type {Variant[]} */ (['scalar', 'simd128', 'relaxed'])) {
    await writeFile(path.join(folder, `${variant}.wasm`), EMPTY_MODULE);
    urls[variant] = `${server.origin}/${variant}.wasm`;
  }
});
after(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});
afterEach(() => {
  server.clearFaults();
  server.clearLog();
});

test('relaxed SIMD is only trusted where its dot product is right', async (t) => {
  const major = Number(process.versions.node.split('.')[0]);
  const expected = major >= 22 ? ['relaxed', 'simd128', 'scalar'] : ['simd128', 'scalar'];
  assert.deepEqual(await usableVariants(), expected);
  const { instantiate } = WebAssembly;
  t.after(() => (WebAssembly.instantiate = instantiate));
  // An engine with another number for the same opcode.
  WebAssembly.instantiate = /** @type {any} */ (async () => ({ instance: { exports: { d: () => 1 + 4 * 128 * 127 } } }));
  assert.deepEqual(await usableVariants(), ['simd128', 'scalar']);
});

test('supported() tells what is there', async () => {
  const report = await supported();
  assert.equal(report.ok, true);
  assert.equal(report.variant, fastest);
  assert.deepEqual(Object.keys(report.wasm), ['simd128', 'relaxed', 'threads']);
  assert.equal(report.decompression.gzip, true);
  assert.equal(report.indexedDb, false);
  assert.ok(report.problems.some((problem) => problem.includes('IndexedDB')));
});

test('the fastest variant is taken, and only it is fetched', async () => {
  const { variant, module } = await loadWasmModule(urls, undefined, {});
  assert.equal(variant, fastest);
  assert.ok(module instanceof WebAssembly.Module);
  assert.deepEqual(server.requests.map((request) => request.path), [`/${fastest}.wasm`]);
});

test('a variant that is missing or does not compile gives way to the next', async () => {
  server.fault('/relaxed.wasm', { status: 404 });
  server.fault('/simd128.wasm', { body: Uint8Array.of(...EMPTY_MODULE, 99, 1), contentType: 'application/wasm' });
  assert.equal((await loadWasmModule(urls, undefined, {})).variant, 'scalar');
  server.fault('/simd128.wasm', { body: Uint8Array.of(...EMPTY_MODULE, 99, 1) });
  assert.equal((await loadWasmModule(urls, undefined, {})).variant, 'scalar');
});

test('a server that does not answer is given up, and the error says so', async () => {
  server.fault('/scalar.wasm', { delayMs: 5000 });
  await assert.rejects(loadWasmModule(urls, 'scalar', { stallMs: 50 }), { code: 'NETWORK', message: /scalar\.wasm \(nothing came for 0\.05 s\)/ });
});

test('another MIME type is no obstacle', async () => {
  server.fault('/scalar.wasm', { contentType: 'application/octet-stream' });
  await loadWasmModule(urls, 'scalar', {});
  server.fault('/scalar.wasm', { contentType: 'text/plain' });
  await loadWasmModule(urls, 'scalar', {});
});

test('an HTML page for the module is said to be one, with what to do', async () => {
  const body = '<!DOCTYPE html><script type="module" src="/app.js"></script>';
  for (const contentType of ['text/html; charset=utf-8', 'application/octet-stream']) {
    for (const variant of /** @type {Variant[]} */ (['scalar', 'simd128', 'relaxed'])) {
      server.fault(`/${variant}.wasm`, { body, contentType });
    }
    await assert.rejects(loadWasmModule(urls, undefined, {}), {
      code: 'HTTP',
      url: urls[fastest],
      message: /answered with an HTML page for .*\.wasm.*check the wasmUrl option/,
    });
  }
});

test('a damaged module is WASM with its address', async () => {
  server.fault('/scalar.wasm', { body: 'something else', contentType: 'application/octet-stream' });
  await assert.rejects(loadWasmModule(urls, 'scalar', {}), { code: 'WASM', message: /is no WebAssembly module/ });
  server.fault('/scalar.wasm', { body: Uint8Array.of(...EMPTY_MODULE, 99, 1), contentType: 'application/wasm' });
  await assert.rejects(loadWasmModule(urls, 'scalar', {}), {
    code: 'WASM',
    url: urls.scalar,
    message: /does not compile .*wasm-unsafe-eval/,
  });
});

test('a server in trouble is asked again', async () => {
  server.fault('/scalar.wasm', { status: 503, times: 1 });
  await loadWasmModule(urls, 'scalar', {});
  assert.equal(server.requests.length, 2);
});

test('a server that stays in trouble is asked four times for the best module, once for each other', async () => {
  for (const path of Object.values(urls).map((url) => new URL(url).pathname)) server.fault(path, { status: 503 });
  await assert.rejects(loadWasmModule(urls, undefined, {}), { code: 'HTTP', status: 503 });
  const asked = server.requests.map(({ path }) => path);
  const others = new Set(asked).size - 1;
  assert.deepEqual(asked, [...Array(4).fill(asked[0]), ...asked.slice(4)]);
  assert.equal(asked.length, 4 + others);
});

test('a variant that is asked for and cannot run is UNSUPPORTED_BROWSER', async (t) => {
  const { validate } = WebAssembly;
  t.after(() => (WebAssembly.validate = validate));
  WebAssembly.validate = () => false;
  await assert.rejects(loadWasmModule(urls, 'simd128', {}), { code: 'UNSUPPORTED_BROWSER', message: /scalar/ });
});
