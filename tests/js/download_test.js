/** Files over networks that break: ranges, mirrors, halts, no network at all. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { download } from '../../wasm_glue/src/delivery/download.js';
import { ScriptedNetwork } from './scripted_network.js';

const A = 'https://a.example/pkg/manifest.json';
const B = 'https://b.example/other/manifest.json';
const ON_A = 'https://a.example/pkg/shard';
const ON_B = 'https://b.example/other/shard';
const content = Uint8Array.from({ length: 50_000 }, (_, i) => i ^ (i >> 7));

/** @type {ScriptedNetwork} */
let network;
beforeEach(() => {
  network = new ScriptedNetwork();
  network.serve(ON_A, content);
  network.serve(ON_B, content);
});

/** @param {string[]} [places] @param {object} [options] */
async function get(places = [A], options = {}) {
  const bytes = await download('shard', places, { fetch: network.fetch, maxBytes: content.length, stallMs: 50, ...options });
  assert.deepEqual(bytes, content);
}

/** @param {import('node:test').TestContext} t @param {() => boolean} get */
function setOnLine(t, get) {
  Object.defineProperty(globalThis.navigator, 'onLine', { configurable: true, get });
  t.after(() => Reflect.deleteProperty(globalThis.navigator, 'onLine'));
}

const ranges = () => network.requests.map(({ range }) => range);

test('a broken answer is resumed where it stopped, again and again', async () => {
  network.script(ON_A, { cutAfter: 20_000 }, { cutAfter: 17_000 }, { cutAfter: 500 });
  await get();
  assert.deepEqual(ranges(), [null, 'bytes=20000-', 'bytes=37000-', 'bytes=37500-']);
  assert.equal(network.requests.reduce((sum, { sent }) => sum + sent, 0), content.length, 'no byte twice');
});

test('what keeps coming is not given up, what does not advance is, after four attempts', async () => {
  network.script(ON_A, { cutAfter: 17_000 }, { refuses: true }, { cutAfter: 17_000 }, { refuses: true });
  await get();
  network.requests.length = 0;
  network.script(ON_A, ...Array.from({ length: 9 }, () => ({ cutAfter: 0 })));
  await assert.rejects(get(), { code: 'NETWORK', url: ON_A });
  assert.equal(network.requests.length, 4);
});

test('a host without ranges sends all of it', async () => {
  network.script(ON_A, { cutAfter: 20_000 }, { ignoresRange: true });
  await get();
  assert.deepEqual(ranges(), [null, 'bytes=20000-']);
});

test('a host that refuses ranges is asked for all of it', async () => {
  network.script(ON_A, { cutAfter: 20_000 }, { status: 416 });
  await get();
  assert.deepEqual(ranges(), [null, 'bytes=20000-', null]);
  network.requests.length = 0;
  network.script(ON_A, { cutAfter: 20_000 }, { refuses: true }, { refuses: true });
  await get();
  assert.deepEqual(ranges(), [null, 'bytes=20000-', 'bytes=20000-', null], 'as a host of another origin may');
});

test('requests for the rest that bring nothing are no attempts, and there are at most two in a row', async () => {
  const brief = { cutAfter: 1000 };
  for (const refusal of [{ refuses: true }, { cutAfter: 0 }]) {
    network.requests.length = 0;
    network.script(ON_A, brief, brief, brief, refusal, refusal);
    await get();
    assert.deepEqual(ranges(), [null, 'bytes=1000-', 'bytes=2000-', 'bytes=3000-', 'bytes=3000-', null]);
  }
  network.requests.length = 0;
  network.script(ON_A, brief, ...Array.from({ length: 20 }, () => ({ refuses: true })));
  await assert.rejects(get(), { code: 'NETWORK' });
  assert.deepEqual(ranges(), [null, 'bytes=1000-', 'bytes=1000-', null, null, null]);
});

test('an answer that comes to a halt is broken off and resumed', async () => {
  network.script(ON_A, { stallAfter: 30_000 });
  const begunAt = performance.now();
  await get();
  assert.ok(performance.now() - begunAt < 2000);
  assert.deepEqual(ranges(), [null, 'bytes=30000-']);
  network.script(ON_A, ...Array.from({ length: 4 }, () => ({ stallAfter: 0 })));
  await assert.rejects(get(), { code: 'NETWORK', message: /nothing came for 0\.05 s.*check the connection/ });
  network.script(ON_A, ...Array.from({ length: 4 }, () => ({ isSilent: true })));
  await assert.rejects(get(), { code: 'NETWORK', message: /nothing came for 0\.05 s.*check the connection/ }, 'not even a head');
});

test('another place goes on where the first one broke off, and is asked first from then on', async () => {
  network.script(ON_A, { cutAfter: 20_000 });
  const places = [A, B];
  await get(places);
  assert.deepEqual(network.requests.map(({ url, range }) => [url, range]), [[ON_A, null], [ON_B, 'bytes=20000-']]);
  assert.deepEqual(places, [B, A]);
});

test('a place without the file is passed over at once; the error is that of the last one', async () => {
  network.script(ON_A, { status: 404 });
  await get([A, B]);
  network.script(ON_A, { status: 404 });
  network.script(ON_B, { status: 403 });
  network.requests.length = 0;
  await assert.rejects(get([A, B]), { code: 'HTTP', status: 403, url: ON_B });
  assert.equal(network.requests.length, 2);
});

test('an HTML page for a part of the file is no part of it', async () => {
  const page = new TextEncoder().encode('<!doctype html><title>Home</title>');
  network.script(ON_A, { body: page });
  await get([A, B]);
  network.script(ON_A, { body: page });
  await assert.rejects(get([A]), { code: 'HTTP', message: /HTML page/ });
});

test('more than the file has is an error of its own', async () => {
  network.serve(ON_A, new Uint8Array(content.length + 1));
  await assert.rejects(get(), { code: 'INTEGRITY', message: /longer than the 50000 bytes expected/ });
});

test('without a network an error at once, or a wait until it is back', async (t) => {
  let isOnLine = false;
  setOnLine(t, () => isOnLine);
  network.script(ON_A, { refuses: true });
  await assert.rejects(get(), { code: 'NETWORK', message: /this device is offline/ });
  assert.equal(network.requests.length, 1);
  network.script(ON_A, { cutAfter: 20_000 });
  let waits = 0;
  setTimeout(() => (isOnLine = true), 100);
  await get([A], { onOffline: () => waits++ });
  assert.equal(waits, 1);
  assert.deepEqual(ranges().slice(1), [null, 'bytes=20000-']);
});

test('aborting ends the wait for the network', async (t) => {
  setOnLine(t, () => false);
  network.script(ON_A, { refuses: true });
  await assert.rejects(get([A], { onOffline() {}, signal: AbortSignal.timeout(50) }), { name: 'TimeoutError' });
});

test('progress tells the head of each answer and what came', async () => {
  network.script(ON_A, { cutAfter: 2000 });
  /** @type {number[]} */
  const told = [];
  await get([A], { onBytes: (/** @type {number} */ bytes) => told.push(bytes) });
  assert.deepEqual(told.slice(0, 5), [0, 1000, 2000, 2000, 3000]);
});
