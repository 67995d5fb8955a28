/** The service worker's cache of the WebAssembly file, over stand-ins for the browser's caches and network. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, test } from 'node:test';

const ORIGIN = 'https://demo.example';
const URL_OF_WASM = `${ORIGIN}/minnow/wasm/minnow-scalar.wasm`;
const BYTES = Buffer.from('the module of this build');

/** @type {any} */
const world = globalThis;
world.WASM_HASHES = { 'minnow-scalar.wasm': createHash('sha256').update(BYTES).digest('hex') };
const { fetchSuccessors, fetchThroughCache } = await import('../src/offline/wasm_cache.js');

describe('the cache of the WebAssembly file', () => {
  /** @type {Map<string, Map<string, Response>>} */
  let stores;
  /** @type {string[]} */
  let fetched;
  /** @type {(url: string, response: Response) => Promise<void>} */
  let put;
  /** @type {() => Response} */
  let network;
  const realFetch = globalThis.fetch;

  beforeEach(() => {
    stores = new Map();
    fetched = [];
    put = async () => undefined;
    network = () => new Response(BYTES);
    world.caches = {
      keys: async () => [...stores.keys()],
      open: async (/** @type {string} */ name) => {
        const store = stores.get(name) ?? new Map();
        stores.set(name, store);
        return {
          match: async (/** @type {string} */ url) => store.get(url)?.clone(),
          keys: async () => [...store.keys()].map((url) => ({ url })),
          put: async (/** @type {string} */ url, /** @type {Response} */ response) => {
            await put(url, response);
            store.set(url, response);
          },
        };
      },
    };
    world.fetch = async (/** @type {string} */ url) => {
      fetched.push(url);
      return network();
    };
  });
  afterEach(() => {
    delete world.caches;
    globalThis.fetch = realFetch;
  });

  test('fetches once, then answers from what it kept', async () => {
    const first = fetchThroughCache(URL_OF_WASM);
    assert.equal(await (await first.answer).text(), String(BYTES));
    assert.equal(await first.kept, true);
    const second = fetchThroughCache(URL_OF_WASM);
    assert.equal(await (await second.answer).text(), String(BYTES));
    assert.equal(await second.kept, true);
    assert.deepEqual(fetched, [URL_OF_WASM]);
  });

  test('answers before the file is stored', async () => {
    let letStore = () => {};
    const stored = new Promise((resolve) => (letStore = () => resolve(undefined)));
    put = async () => void (await stored);
    const { answer, kept } = fetchThroughCache(URL_OF_WASM);
    assert.equal(await (await answer).text(), String(BYTES));
    letStore();
    assert.equal(await kept, true);
  });

  test('answers where nothing can be stored', async () => {
    put = () => Promise.reject(new DOMException('full', 'QuotaExceededError'));
    const full = fetchThroughCache(URL_OF_WASM);
    assert.equal(await (await full.answer).text(), String(BYTES));
    assert.equal(await full.kept, false);
    world.caches.open = () => Promise.reject(new DOMException('closed', 'SecurityError'));
    const closed = fetchThroughCache(URL_OF_WASM);
    assert.equal(await (await closed.answer).text(), String(BYTES));
    assert.equal(await closed.kept, false);
  });

  test('keeps neither other bytes nor failures, and hands both on', async () => {
    for (const [status, body] of /** @type {const} */ ([[200, 'another build'], [404, String(BYTES)]])) {
      network = () => new Response(body, { status });
      const { answer, kept } = fetchThroughCache(URL_OF_WASM);
      assert.equal((await answer).status, status);
      assert.equal(await kept, false);
    }
    network = () => {
      throw new TypeError('no network');
    };
    const { answer, kept } = fetchThroughCache(URL_OF_WASM);
    await assert.rejects(answer, /no network/);
    assert.equal(await kept, false);
    assert.equal(fetched.length, 3, 'nothing came from the cache');
  });

  test('fetches for this build what the device used in an earlier one', async () => {
    stores.set('minnow-demo-wasm-earlier', new Map([[URL_OF_WASM, new Response('earlier')]]));
    await fetchSuccessors();
    assert.deepEqual(fetched, [URL_OF_WASM]);
    const { answer } = fetchThroughCache(URL_OF_WASM);
    assert.equal(await (await answer).text(), String(BYTES));
    assert.equal(fetched.length, 1);
  });
});
