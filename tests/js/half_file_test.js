/** Halves of files that came slowly: kept by themselves, and gone on from by the next load. */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { PackageLoader, filesOf } from '../../wasm_glue/src/delivery/loader.js';
import { MemoryStorage } from '../../wasm_glue/src/storage/memory_storage.js';
import { ProgressReporter } from '../../wasm_glue/src/base/progress.js';
import { serveSamplePackage } from './served_package.js';

/** Of shards of 20,000 bytes: they take a quarter of a second. */
const SLOW = { bytesPerSecond: 80_000 };

/** @type {import('./sample_package.js').SamplePackage} */
let sample;
/** @type {import('../e2e/test_server.js').TestServer} */
let server;
let url = '';
/** @type {() => Promise<void>} */
let close;
before(async () => {
  ({ sample, server, url, close } = await serveSamplePackage({ shardCount: 3, isEncoded: false }));
});
after(() => close());
afterEach(() => {
  server.clearFaults();
  server.clearLog();
});

/** Loads all, and checks every byte. @param {MemoryStorage} storage @param {AbortSignal} [signal] */
async function load(storage, signal) {
  const loader = new PackageLoader(url, { progress: new ProgressReporter(undefined), storage, signal, stallMs: 2000 });
  const manifest = await loader.loadManifest();
  const files = filesOf(manifest);
  let index = 0;
  try {
    for await (const bytes of loader.loadFiles(files)) assert.deepEqual(Buffer.from(bytes), sample.plain.get(files[index++].file));
    await loader.commit(manifest);
  } finally {
    await loader.settled();
  }
}

const shard = (/** @type {number} */ i) => sample.manifest.shards[i];
const shardPath = (/** @type {number} */ i) => `/pkg/${shard(i).file}`;
/** What was asked for of a shard: the byte that each request begins with. @param {number} i */
const beginnings = (i) => server.requests.filter(({ path }) => path === shardPath(i)).map(({ headers }) => Number(/\d+/.exec(headers.range ?? '0')));

test('a load that is broken off in the second half of a file is gone on from its first half', async () => {
  const storage = new MemoryStorage();
  server.fault(shardPath(1), { ...SLOW, stallAfter: 17_000 });
  await assert.rejects(load(storage, AbortSignal.timeout(600)), { name: 'TimeoutError' });
  const half = await storage.getHalf(shard(1).sha256);
  assert.ok(half && half.bytes.length >= 10_000 && half.bytes.length < 17_000);
  assert.deepEqual(Buffer.from(half.bytes), sample.plain.get(shard(1).file)?.subarray(0, half.bytes.length));
  assert.equal(await storage.hasFile(shard(1).sha256), false, 'it is no file');
  server.clearFaults();
  server.clearLog();
  await load(storage);
  assert.deepEqual([beginnings(0), beginnings(1)], [[], [half.bytes.length]]);
  assert.equal(await storage.getHalf(shard(1).sha256), undefined, 'the file took its place');
});

test('a half that is not the file’s costs one more request, and goes', async () => {
  for (const length of [10, 12_000, 20_000, 30_000]) {
    const storage = new MemoryStorage();
    await storage.putHalf(shard(1).sha256, { name: shard(1).file, bytes: new Uint8Array(length) });
    await load(storage);
    assert.deepEqual(beginnings(1), [length, 0]);
    assert.equal(await storage.getHalf(shard(1).sha256), undefined);
    server.clearLog();
  }
});

test('a half of another encoding is left alone', async () => {
  const storage = new MemoryStorage();
  await storage.putHalf(shard(1).sha256, { name: `${shard(1).file}.br`, bytes: new Uint8Array(500) });
  await load(storage);
  assert.deepEqual(beginnings(1), [0]);
});

test('of a file that came damaged no half stays', async () => {
  const storage = new MemoryStorage();
  server.fault(shardPath(1), { ...SLOW, flipBit: 7 });
  await assert.rejects(load(storage), { code: 'INTEGRITY' });
  assert.equal(await storage.getHalf(shard(1).sha256), undefined);
  server.clearFaults();
  server.clearLog();
  await load(storage);
  assert.deepEqual(beginnings(1), [0]);
});

test('a storage without halves, or whose halves fail, keeps whole files all the same', async () => {
  const fails = () => Promise.reject(new TypeError('getHalf is not a function'));
  for (const halves of [{ getHalf: undefined, putHalf: undefined }, { getHalf: fails, putHalf: fails }]) {
    const storage = Object.assign(new MemoryStorage(), halves);
    server.fault(shardPath(1), SLOW);
    await load(storage);
    assert.equal((await storage.listPackages()).length, 1);
  }
});

test('the next file waits until the half is kept', async () => {
  const storage = new MemoryStorage();
  const { putHalf, putFile } = storage;
  let askedBefore = 0;
  // One write after the other, as in a database.
  let written = Promise.resolve();
  storage.putHalf = (sha256, half) => {
    written = new Promise((resolve) => setTimeout(resolve, 700)).then(() => putHalf.call(storage, sha256, half));
    return written.then(() => void (askedBefore ||= server.requests.length));
  };
  storage.putFile = (sha256, bytes) => written.then(() => putFile.call(storage, sha256, bytes));
  server.fault(shardPath(0), SLOW);
  await load(storage);
  assert.equal(askedBefore, 2, 'the manifest and the first shard');
});
