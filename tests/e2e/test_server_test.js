import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { brotliCompressSync } from 'node:zlib';
import { startTestServer } from './test_server.js';

const BYTES = Uint8Array.from({ length: 256 }, (_, i) => i);
/** @type {string} */
let dir;
/** @type {import('./test_server.js').TestServer} */
let server;

before(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'test-server-test-'));
  writeFileSync(path.join(dir, 'index.html'), '<h1>index</h1>');
  writeFileSync(path.join(dir, 'shard.mnw'), BYTES);
  writeFileSync(path.join(dir, 'shard.mnw.br'), brotliCompressSync(BYTES));
  writeFileSync(path.join(dir, 'code.wasm'), BYTES);
  server = await startTestServer({ '/': dir }, { isolate: true, precompressed: true });
});
afterEach(() => {
  server.on();
  server.clearFaults();
  server.clearLog();
});
after(async () => {
  await server.close();
  rmSync(dir, { recursive: true });
});

/** @param {string} urlPath @param {RequestInit} [init] */
const get = (urlPath, init) => fetch(server.origin + urlPath, init);
/** @param {Response} response */
const bytesOf = async (response) => new Uint8Array(await response.arrayBuffer());

test('serves folders with MIME types, isolation headers and precompressed files', async () => {
  const index = await get('/');
  assert.equal(await index.text(), '<h1>index</h1>');
  assert.equal(index.headers.get('cross-origin-opener-policy'), 'same-origin');
  assert.equal(index.headers.get('cross-origin-embedder-policy'), 'require-corp');
  assert.equal((await get('/code.wasm')).headers.get('content-type'), 'application/wasm');
  const shard = await get('/shard.mnw', { headers: { 'Accept-Encoding': 'gzip, br' } });
  assert.equal(shard.headers.get('content-encoding'), 'br');
  assert.deepEqual(await bytesOf(shard), BYTES);
  assert.equal((await get('/missing')).status, 404);
  assert.equal((await get('/%2e%2e/%2e%2e/etc/passwd')).status, 404);
});

test('logs what it refuses while off, and tells service worker scripts apart', async () => {
  server.off();
  await assert.rejects(get('/index.html?a=1'));
  await assert.rejects(get('/worker.js', { headers: { 'Service-Worker': 'script' } }));
  assert.deepEqual([...new Set(server.pageRequests.map(({ path, query, status }) => `${path}${query} ${status}`))], [
    '/index.html?a=1 0',
  ]);
  assert.ok(server.requests.some((request) => request.path === '/worker.js' && request.serviceWorkerScript));
  server.on();
  assert.equal((await get('/index.html')).status, 200);
});

test('answers with the faults asked for', async () => {
  server.fault('/shard.mnw', { status: 404 });
  assert.equal((await get('/shard.mnw')).status, 404);
  server.fault('/shard.mnw', { truncate: 100 });
  assert.deepEqual(await bytesOf(await get('/shard.mnw')), BYTES.slice(0, 100));
  server.fault('/shard.mnw', { cutAfter: 100 });
  await assert.rejects(get('/shard.mnw').then(bytesOf));
  server.fault('/shard.mnw', { flipBit: 8 * 20 + 3 });
  const flipped = BYTES.slice();
  flipped[20] ^= 8;
  assert.deepEqual(await bytesOf(await get('/shard.mnw')), flipped);
  server.fault('/code.wasm', { body: '<!doctype html>', contentType: 'text/html' });
  const html = await get('/code.wasm');
  assert.equal(html.headers.get('content-type'), 'text/html');
  assert.equal(await html.text(), '<!doctype html>');
  server.fault('/shard.mnw', { destroy: true });
  await assert.rejects(get('/shard.mnw'));
  server.fault('/shard.mnw', { status: 503, times: 1 });
  assert.deepEqual([(await get('/shard.mnw')).status, (await get('/shard.mnw')).status], [503, 200]);
  server.fault('/shard.mnw', { delayMs: 150 });
  const start = performance.now();
  assert.deepEqual(await bytesOf(await get('/shard.mnw')), BYTES);
  assert.ok(performance.now() - start >= 145);
});

test('holds an answer until it is let go', async () => {
  let letGo = () => {};
  server.fault('/code.wasm', { hold: new Promise((resolve) => (letGo = () => resolve(undefined))) });
  let isAnswered = false;
  const answer = get('/code.wasm').finally(() => (isAnswered = true));
  assert.equal((await get('/index.html')).status, 200);
  assert.equal(isAnswered, false);
  letGo();
  assert.equal((await answer).status, 200);
});
