import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { Duplex } from 'node:stream';
import { createBrotliDecompress } from 'node:zlib';
import { PackageLoader, filesOf } from '../../wasm_glue/src/delivery/loader.js';
import { MemoryStorage } from '../../wasm_glue/src/storage/memory_storage.js';
import { ProgressReporter } from '../../wasm_glue/src/base/progress.js';
import { startTestServer } from '../e2e/test_server.js';
import { serveSamplePackage } from './served_package.js';

/** @typedef {import('../../wasm_glue/src/base/types.js').Progress} Progress */

/** @type {import('./sample_package.js').SamplePackage} */
let sample;
/** @type {import('../e2e/test_server.js').TestServer} */
let server;
let url = '';
/** @type {() => Promise<void>} */
let close;

before(async () => {
  ({ sample, server, url, close } = await serveSamplePackage());
});
after(() => close());
beforeEach(() => {
  server.clearLog();
  decompressing({ gzip: true, brotli: false });
});
afterEach(() => {
  globalThis.DecompressionStream = nativeStream;
  server.clearFaults();
  server.on();
});

/**
 * Loads the whole package and checks every byte.
 * @param {Partial<import('../../wasm_glue/src/delivery/loader.js').LoaderOptions>} [options]
 */
async function load(options = {}) {
  /** @type {Progress[]} */
  const progress = [];
  const reporter = new ProgressReporter((p) => progress.push(p));
  const loader = new PackageLoader(url, { progress: reporter, ...options });
  const manifest = await loader.loadManifest();
  const files = filesOf(manifest);
  reporter.expect(files);
  let index = 0;
  for await (const bytes of loader.loadFiles(files)) {
    assert.deepEqual(Buffer.from(bytes), sample.plain.get(files[index].file), 'the right bytes, in order');
    index++;
  }
  assert.equal(index, files.length);
  await loader.commit(manifest);
  return { loader, manifest, progress };
}

/** @param {number} i @param {string} [suffix] */
const shardPath = (i, suffix = '') => `/pkg/${sample.manifest.shards[i].file}${suffix}`;
const paths = () => server.requests.map((request) => request.path);

const nativeStream = globalThis.DecompressionStream;

/**
 * Makes this Node decompress what one or the other browser does.
 * @param {{ gzip: boolean, brotli: boolean }} formats
 */
function decompressing(formats) {
  const standIn = /** @this {unknown} @param {'gzip' | 'brotli'} format */ function (format) {
    if (!formats[format]) throw new TypeError(`Unsupported compression format: '${format}'`);
    return format === 'gzip' ? new nativeStream(format) : Duplex.toWeb(createBrotliDecompress());
  };
  globalThis.DecompressionStream = /** @type {any} */ (standIn);
}

test('the smallest encoding that this browser decodes is fetched, and only that', async () => {
  await load();
  assert.equal(paths().length, 7);
  assert.ok(paths().slice(1).every((path) => path.endsWith('.gz')));
});

test('brotli is taken where the browser has it', async () => {
  decompressing({ gzip: true, brotli: true });
  await load();
  assert.ok(paths().slice(1).every((path) => path.endsWith('.br')));
});

test('without DecompressionStream the plain files are taken', async () => {
  decompressing({ gzip: false, brotli: false });
  await load();
  assert.ok(paths().slice(1).every((path) => /\.(mnw|txt)$/.test(path)));
});

test('a host without the encoded files is asked for one of them only', async () => {
  for (const { file } of [...sample.manifest.shards, sample.manifest.labels]) server.fault(`/pkg/${file}.gz`, { status: 404 });
  await load();
  const encoded = paths().filter((path) => path.endsWith('.gz'));
  // Three are under way before the first answer.
  assert.ok(encoded.length <= 3, String(encoded));
});

test('a host that answers with an HTML page for the encoded file is one without it', async () => {
  server.fault(shardPath(1, '.gz'), { status: 200, body: '<!DOCTYPE html><title>app</title>', contentType: 'text/html' });
  await load();
});

test('a host that decompresses encoded files by itself is fine', async () => {
  // The fault's body is the gzip file as it is; the header makes fetch() decompress it.
  for (let i = 0; i < 5; i++) server.fault(shardPath(i, '.gz'), { headers: { 'Content-Encoding': 'gzip' } });
  await load();
  assert.ok(paths().slice(1).every((path) => path.endsWith('.gz')));
});

test('a host that compresses plain files on the way is fine', async (t) => {
  decompressing({ gzip: false, brotli: false });
  const encoding = await startTestServer({ '/pkg/': sample.folder }, { precompressed: true });
  t.after(() => encoding.close());
  const loader = new PackageLoader(`${encoding.origin}/pkg/`, { progress: new ProgressReporter(undefined) });
  let index = 0;
  for await (const bytes of loader.loadFiles(sample.manifest.shards)) {
    assert.deepEqual(Buffer.from(bytes), sample.plain.get(sample.manifest.shards[index++].file));
  }
  assert.equal(index, 5);
});

test('a damaged encoded file is replaced by the plain one', async () => {
  server.fault(shardPath(0, '.gz'), { flipBit: 8 * 40 });
  server.fault(shardPath(2, '.gz'), { truncate: 30 });
  await load();
  assert.ok(paths().includes(shardPath(0)) && paths().includes(shardPath(2)));
});

test('a file that decompresses to more than the manifest says is not unpacked', async () => {
  const { gzipSync } = await import('node:zlib');
  server.fault(shardPath(3, '.gz'), { body: gzipSync(Buffer.alloc(10_000_000)) });
  await load();
  assert.ok(paths().includes(shardPath(3)));
});

test('500, 429 and a broken connection are tried again', async () => {
  server.fault(shardPath(0, '.gz'), { status: 500, times: 1 });
  server.fault(shardPath(1, '.gz'), { status: 429, times: 1 });
  server.fault(shardPath(2, '.gz'), { destroy: true, times: 1 });
  server.fault(shardPath(3, '.gz'), { cutAfter: 20, times: 1 });
  const { progress } = await load();
  for (let i = 0; i < 4; i++) assert.equal(paths().filter((path) => path === shardPath(i, '.gz')).length, 2);
  checkProgress(progress, 'download');
});

test('a server that stays in trouble is asked six times for a shard, whatever encodings there are', async () => {
  decompressing({ gzip: true, brotli: true });
  for (let i = 0; i < 5; i++) for (const suffix of ['', '.br', '.gz']) server.fault(shardPath(i, suffix), { status: 500 });
  await assert.rejects(load(), { code: 'HTTP', status: 500, message: /in trouble/ });
  assert.equal(paths().filter((path) => path.endsWith('manifest.json')).length, 1);
  const asked = [...new Set(paths())].map((path) => paths().filter((each) => each === path).length);
  assert.deepEqual(asked, [1, 4, 1, 1]);
});

test('a server that has trouble with one encoding alone is asked for another, and is trusted again', async () => {
  for (let i = 0; i < 5; i++) server.fault(shardPath(i, '.gz'), { status: 500 });
  server.fault(shardPath(2), { status: 503, times: 2 });
  await load();
  const asked = (/** @type {string} */ path) => paths().filter((each) => each === path).length;
  assert.deepEqual([asked(shardPath(0, '.gz')), asked(shardPath(0)), asked(shardPath(2, '.gz')), asked(shardPath(2))], [4, 1, 0, 3]);
});

test('a plain file that stays damaged is INTEGRITY, after one look past the HTTP cache', async () => {
  decompressing({ gzip: false, brotli: false });
  server.fault(shardPath(1), { flipBit: 8 * 100 });
  await assert.rejects(load(), { code: 'INTEGRITY', file: sample.manifest.shards[1].file });
  const asked = server.requests.filter(({ path }) => path === shardPath(1));
  assert.equal(asked.length, 2);
  assert.match(String(asked[1].headers['cache-control']), /no-cache/);
});

for (const [name, fault] of /** @type {const} */ ([
  ['truncated', { truncate: 1000 }],
  ['too long', { body: Buffer.alloc(30000) }],
])) {
  test(`a plain file that is ${name} is INTEGRITY`, async () => {
    decompressing({ gzip: false, brotli: false });
    server.fault(shardPath(1), fault);
    await assert.rejects(load(), { code: 'INTEGRITY' });
  });
}

test('a missing shard is HTTP 404 with its address and what to do', async () => {
  decompressing({ gzip: false, brotli: false });
  server.fault(shardPath(2), { status: 404 });
  await assert.rejects(load(), (/** @type {any} */ error) => {
    assert.deepEqual([error.code, error.status, error.url], ['HTTP', 404, server.origin + shardPath(2)]);
    assert.match(error.message, /the file is not there: check the address/);
    return true;
  });
  assert.equal(paths().filter((path) => path === shardPath(2)).length, 1, 'not tried again');
});

for (const contentType of ['text/html', 'application/octet-stream']) {
  test(`an HTML page for a shard, sent as ${contentType}, is said to be one`, async () => {
    decompressing({ gzip: false, brotli: false });
    server.fault(shardPath(2), { body: '\n<!DOCTYPE html>\n<title>Home</title>', contentType });
    await assert.rejects(load(), { code: 'HTTP', message: /answered with an HTML page for .*-.*mnw/ });
  });
}

test('an HTML page for the manifest is said to be one', async () => {
  server.fault('/pkg/manifest.json', { body: '<html><body>hello', contentType: 'application/json' });
  await assert.rejects(load(), { code: 'HTTP', url, message: /HTML page/ });
});

test('a manifest that is damaged once is looked at again, past the HTTP cache and elsewhere', async () => {
  server.fault('/pkg/manifest.json', { truncate: 100, times: 1 });
  await load();
  server.fault('/pkg/manifest.json', { truncate: 100 });
  await assert.rejects(load(), { code: 'BAD_MANIFEST' });
  const mirror = await startTestServer({ '/pkg/': sample.folder });
  try {
    await load({ mirrors: [`${mirror.origin}/pkg/manifest.json`] });
  } finally {
    await mirror.close();
  }
});

test('of files that have come no more than three wait for the storage', async () => {
  const storage = new MemoryStorage();
  let waiting = 0;
  let most = 0;
  const put = storage.putFile.bind(storage);
  storage.putFile = async (sha256, bytes) => {
    most = Math.max(most, ++waiting);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await put(sha256, bytes);
    waiting--;
  };
  await load({ storage });
  assert.equal(most, 3);
});

test('a dead network is NETWORK, after a few attempts', async () => {
  server.off();
  await assert.rejects(load(), { code: 'NETWORK', url });
  assert.equal(server.requests.length, 4);
});

test('aborting rejects with AbortError at once and asks for nothing more', async () => {
  for (const when of [0, 1, 3]) {
    const controller = new AbortController();
    let asked = 0;
    const loader = new PackageLoader(url, {
      progress: new ProgressReporter(undefined),
      signal: controller.signal,
      fetch: (input, init) => {
        assert.ok(!controller.signal.aborted, 'no request after the end');
        asked++;
        return fetch(input, init);
      },
    });
    const files = filesOf(await loader.loadManifest());
    await assert.rejects(
      async () => {
        let got = 0;
        if (when === 0) controller.abort();
        for await (const _ of loader.loadFiles(files)) if (++got === when) controller.abort();
      },
      { name: 'AbortError' },
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.ok(asked < 7);
  }
});

test('after an abort, what has settled touches the storage no more', async () => {
  for (const [when, isKept] of /** @type {const} */ ([[1, false], [2, false], [4, false], [7, false], [1, true], [2, true]])) {
    const controller = new AbortController();
    const storage = new MemoryStorage();
    if (isKept) await load({ storage });
    let isSettled = false;
    let uses = 0;
    /** @type {string[]} */
    const late = [];
    const { getFile, putFile } = storage;
    /**
     * As slow as a database may be: a worker that is ended in the middle of it leaves it locked in WebKit.
     * @template T
     * @param {string} what @param {() => Promise<T>} use @returns {Promise<T>}
     */
    const slowly = async (what, use) => {
      if (isSettled) late.push(`${what} begun`);
      if (++uses === when) controller.abort();
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (isSettled) late.push(`${what} ended`);
      return use();
    };
    storage.getFile = (sha256) => slowly('getFile', () => getFile.call(storage, sha256));
    storage.putFile = (sha256, bytes) => slowly('putFile', () => putFile.call(storage, sha256, bytes));
    const loader = new PackageLoader(url, { progress: new ProgressReporter(undefined), signal: controller.signal, storage });
    // As where the module cannot be compiled: nobody takes the files.
    loader.loadFiles(filesOf(await loader.loadManifest()));
    while (!controller.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 1));
    await loader.settled();
    isSettled = true;
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual(late, [], `aborted at use ${when} of the storage`);
  }
});

test('aborting ends the wait before another attempt', async () => {
  server.fault('/pkg/manifest.json', { status: 503, headers: { 'Retry-After': '5' } });
  const begunAt = performance.now();
  const signal = AbortSignal.timeout(300);
  await assert.rejects(load({ signal }), { name: 'TimeoutError' });
  assert.ok(performance.now() - begunAt < 2000);
});

test('at most three files are on their way at once', async () => {
  let now = 0;
  let most = 0;
  await load({
    fetch: async (input, init) => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 20));
      try {
        return await fetch(input, init);
      } finally {
        now--;
      }
    },
  });
  assert.equal(most, 3);
});

test('progress is in decoded bytes, rises, and ends at the total', async () => {
  const { progress } = await load();
  checkProgress(progress, 'download');
});

test('the second load asks for nothing, and reports progress from the cache', async () => {
  const storage = new MemoryStorage();
  const first = await load({ storage });
  assert.equal(first.loader.isFromCache, false);
  server.clearLog();
  server.off();
  const { progress, loader } = await load({ storage });
  assert.equal(server.requests.length, 0);
  assert.equal(loader.isFromCache, true);
  checkProgress(progress, 'cache');
});

test('a download that broke off goes on where it stopped', async () => {
  decompressing({ gzip: false, brotli: false });
  const storage = new MemoryStorage();
  server.fault(shardPath(3), { status: 404 });
  await assert.rejects(load({ storage }), { code: 'HTTP' });
  assert.deepEqual(await storage.listPackages(), [], 'not complete, so not listed');
  server.clearFaults();
  server.clearLog();
  await load({ storage });
  assert.ok(paths().includes(shardPath(3)) && !paths().includes(shardPath(0)));
  assert.equal((await storage.listPackages()).length, 1);
});

test('a damaged or missing record is fetched again', async () => {
  const storage = new MemoryStorage();
  await load({ storage });
  await storage.putFile(sample.manifest.shards[1].sha256, new ArrayBuffer(8));
  server.clearLog();
  await load({ storage });
  assert.deepEqual(paths(), [shardPath(1, '.gz')]);
  server.clearLog();
  await load({ storage });
  assert.deepEqual(paths(), [], 'the right bytes took its place');
});

test('a manifest of another format version in the cache is fetched again', async () => {
  const storage = new MemoryStorage();
  await load({ storage });
  const stored = await storage.getPackage(url);
  assert.ok(stored);
  await storage.putPackage({ ...stored, manifest: stored.manifest.replace('"version":1', '"version":3') });
  server.clearLog();
  await load({ storage });
  assert.deepEqual(paths(), ['/pkg/manifest.json']);
});

for (const method of /** @type {const} */ (['getPackage', 'getFile', 'putFile', 'putPackage'])) {
  test(`a storage whose ${method} fails does not keep the package from loading`, async () => {
    const storage = new MemoryStorage();
    storage[method] = async () => {
      throw new DOMException('The quota has been exceeded.', 'QuotaExceededError');
    };
    await load({ storage });
    assert.deepEqual(await storage.listPackages(), [], 'nothing that claims to be complete');
  });
}

test('a package in memory needs no address', async () => {
  const readFile = async (/** @type {string} */ file) => /** @type {Buffer<ArrayBuffer>} */ (sample.plain.get(file));
  const loader = new PackageLoader(undefined, { progress: new ProgressReporter(undefined), readFile });
  let count = 0;
  for await (const _ of loader.loadFiles(sample.manifest.shards)) count++;
  assert.equal(count, 5);
  assert.equal(server.requests.length, 0);
  const broken = new PackageLoader(undefined, {
    progress: new ProgressReporter(undefined),
    readFile: async () => /** @type {any} */ (undefined),
  });
  await assert.rejects(broken.loadFiles(sample.manifest.shards).next(), { code: 'INTEGRITY', message: /have no "000-/ });
});

/** @param {Progress[]} progress @param {'download' | 'cache'} phase */
function checkProgress(progress, phase) {
  const total = [...sample.plain.values()].reduce((sum, { length }) => sum + length, 0);
  let last = 0;
  for (const report of progress) {
    assert.deepEqual([report.phase, report.total], [phase, total]);
    assert.ok(report.loaded > last && report.loaded <= total);
    assert.ok(report.file && sample.plain.has(report.file));
    last = report.loaded;
  }
  assert.equal(last, total);
}
