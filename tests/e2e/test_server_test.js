import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { brotliCompressSync, gunzipSync } from 'node:zlib';
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

test('only an answer that is not whole yet can stall', async () => {
  server.fault('/code.wasm', { stallAfter: BYTES.length });
  assert.deepEqual(await bytesOf(await get('/code.wasm')), BYTES);
  assert.equal((await get('/index.html', { signal: AbortSignal.timeout(5000) })).status, 200, 'over the same connection');
  server.fault('/code.wasm', { stallAfter: BYTES.length, stallForMs: 50, chunked: true });
  await assert.rejects(bytesOf(await get('/code.wasm')), 'its end was not told');
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

test('sends parts of files, unless it is told not to, and says where there is no such part', async () => {
  const headers = { Range: 'bytes=250-' };
  const part = await get('/code.wasm', { headers });
  assert.deepEqual([part.status, part.headers.get('content-range')], [206, 'bytes 250-255/256']);
  assert.deepEqual(await bytesOf(part), BYTES.slice(250));
  const beyond = await get('/code.wasm', { headers: { Range: 'bytes=256-' } });
  assert.deepEqual([beyond.status, beyond.headers.get('content-range')], [416, 'bytes */256']);
  server.fault('/code.wasm', { ranges: 'ignored' });
  const whole = await get('/code.wasm', { headers });
  assert.deepEqual([whole.status, (await bytesOf(whole)).length], [200, 256]);
  server.fault('/code.wasm', { ranges: 'lying' });
  const lie = await get('/code.wasm', { headers });
  assert.deepEqual([lie.status, lie.headers.get('content-range')], [206, 'bytes 250-255/256']);
  assert.deepEqual(await bytesOf(lie), Uint8Array.of(251, 252, 253, 254, 255, 0));
});

test('a slow answer keeps its pace, and the log tells what of it was sent', async () => {
  server.fault('/code.wasm', { bytesPerSecond: 1000 });
  const start = performance.now();
  assert.deepEqual(await bytesOf(await get('/code.wasm')), BYTES);
  assert.ok(performance.now() - start >= 200);
  assert.deepEqual(server.requests.map(({ sentBytes }) => sentBytes), [256]);
  const controller = new AbortController();
  const broken = get('/code.wasm', { signal: controller.signal }).then(bytesOf);
  setTimeout(() => controller.abort(), 100);
  await assert.rejects(broken);
  await new Promise((resolve) => setTimeout(resolve, 200));
  const { sentBytes } = server.requests[1];
  assert.ok(sentBytes >= 20 && sentBytes <= 160, String(sentBytes));
});

test('a stalled answer brings its first bytes, then none until the client or its time ends', async () => {
  server.fault('/code.wasm', { stallAfter: 100, stallForMs: 150 });
  const start = performance.now();
  const response = await get('/code.wasm');
  const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
  assert.equal((await reader.read()).value?.length, 100);
  await assert.rejects(reader.read());
  assert.ok(performance.now() - start >= 145);
});

test('lengths may be left out, too small or too large', async () => {
  server.fault('/code.wasm', { chunked: true });
  const chunked = await get('/code.wasm');
  assert.deepEqual([chunked.headers.get('content-length'), chunked.headers.get('transfer-encoding')], [null, 'chunked']);
  assert.deepEqual(await bytesOf(chunked), BYTES);
  server.fault('/code.wasm', { lengthError: 10 });
  const long = await get('/code.wasm');
  assert.equal(long.headers.get('content-length'), '266');
  await assert.rejects(bytesOf(long));
  server.fault('/code.wasm', { lengthError: -10 });
  assert.equal((await get('/code.wasm')).headers.get('content-length'), '246');
});

test('a body compressed twice is decompressed once', async () => {
  server.fault('/code.wasm', { gzip: 1 });
  assert.deepEqual(await bytesOf(await get('/code.wasm')), BYTES);
  server.fault('/code.wasm', { gzip: 2 });
  assert.deepEqual(new Uint8Array(gunzipSync(await bytesOf(await get('/code.wasm')))), BYTES);
});

test('redirects, and answers to pages of every origin where it may', async () => {
  const other = await startTestServer({ '/': dir }, { cors: true });
  try {
    server.fault('/code.wasm', { redirectTo: `${other.origin}/code.wasm`, status: 307 });
    const response = await get('/code.wasm');
    assert.deepEqual([response.redirected, response.headers.get('access-control-allow-origin')], [true, '*']);
    const preflight = await fetch(`${other.origin}/code.wasm`, { method: 'OPTIONS' });
    assert.equal(preflight.status, 204);
    assert.equal((await get('/index.html')).headers.get('access-control-allow-origin'), null);
  } finally {
    await other.close();
  }
});

test('one fault after the other, for several addresses of a file', async () => {
  const both = ['/shard.mnw', '/code.wasm'];
  server.faultInTurn(both, [{ status: 503 }, undefined, { status: 429, times: 2 }]);
  const statuses = [];
  for (const urlPath of [both[0], both[1], both[0], both[1], both[0]]) statuses.push((await get(urlPath)).status);
  assert.deepEqual(statuses, [503, 200, 429, 429, 200]);
});

test('is gone for some requests or some time, then back', async () => {
  server.goneFor({ requests: 1 });
  // A request over a kept connection that breaks is sent again by the client itself.
  await get('/index.html').catch(() => undefined);
  assert.equal((await get('/index.html')).status, 200);
  server.goneFor({ ms: 150 });
  await assert.rejects(get('/index.html'));
  await new Promise((resolve) => setTimeout(resolve, 160));
  assert.equal((await get('/index.html')).status, 200);
});
