/** Newer versions of a package: asked for, fetched, on trial, taken back; packages brought beforehand; full storages. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { IDBFactory } from 'fake-indexeddb';
import 'fake-indexeddb/auto';
import { CacheApiStorage } from '../../wasm_glue/src/storage/cache_api_storage.js';
import { MinnowError } from '../../wasm_glue/src/base/errors.js';
import { IdbStorage } from '../../wasm_glue/src/storage/idb_storage.js';
import { PackageLoader, filesOf } from '../../wasm_glue/src/delivery/loader.js';
import { MemoryStorage } from '../../wasm_glue/src/storage/memory_storage.js';
import { checkForUpdate, prefetch, updateInBackground } from '../../wasm_glue/src/minnow-storage.js';
import { OpfsStorage } from '../../wasm_glue/src/storage/opfs_storage.js';
import { ProgressReporter } from '../../wasm_glue/src/base/progress.js';
import { MemoryCaches, MemoryFileSystem } from './memory_backends.js';
import { sampleManifest, sha256Of } from './sample_package.js';
import { ScriptedNetwork } from './scripted_network.js';

/** @typedef {import('../../wasm_glue/src/base/types.js').PackageStorage} Storage */

const FOLDER = 'https://host/pkg/';
const URL_OF_MANIFEST = `${FOLDER}manifest.json`;

/** @type {ScriptedNetwork} */
let network;
beforeEach(() => {
  network = new ScriptedNetwork();
  globalThis.indexedDB = new IDBFactory();
  Object.assign(globalThis, { caches: new MemoryCaches() });
  const storage = { getDirectory: async () => new MemoryFileSystem(fileSystem).root };
  fileSystem.clear();
  Object.defineProperty(globalThis.navigator, 'storage', { configurable: true, value: storage });
});

/** @type {Map<string, any>} */
const fileSystem = new Map();

/** @param {string} name @param {readonly string[]} contents of its shards @param {object} [fields] */
function publish(name, contents, fields) {
  const shards = contents.map((content, i) => {
    const bytes = Buffer.from(content);
    const sha256 = sha256Of(bytes);
    network.serve(`${FOLDER}${i}-${sha256.slice(0, 8)}.mnw`, bytes);
    return { file: `${i}-${sha256.slice(0, 8)}.mnw`, bytes: bytes.length, sha256 };
  });
  network.serve(URL_OF_MANIFEST, JSON.stringify({ ...sampleManifest(), name, shards, ...fields }));
}

/** As create() does. @param {Storage} storage @param {{ fails?: Error, runs?: boolean }} [fate] @returns {Promise<string>} the version's name */
async function load(storage, { fails, runs = true } = {}) {
  const loader = new PackageLoader(URL_OF_MANIFEST, { storage, progress: new ProgressReporter(undefined), fetch: network.fetch });
  const manifest = await loader.loadManifest();
  for await (const _ of loader.loadFiles(filesOf(manifest)));
  await loader.commit(manifest);
  if (fails) await loader.failTrial(fails);
  else if (runs) await loader.passTrial();
  await loader.settled();
  return manifest.name;
}

const asked = () => network.requests.map(({ url }) => url.slice(FOLDER.length));
const options = (/** @type {Storage} */ storage) => ({ storage, fetch: network.fetch });

for (const [kind, create] of /** @type {const} */ ([
  ['memory', () => new MemoryStorage()],
  ['IndexedDB', () => new IdbStorage()],
  ['the Cache API', () => new CacheApiStorage()],
  ['the private file system', () => new OpfsStorage()],
])) {
  test(`in ${kind}: an update fetches what changed, and the older version stays until the newer has run`, async () => {
    const storage = create();
    publish('first', ['a', 'b', 'c']);
    assert.equal(await load(storage), 'first');
    assert.equal(await checkForUpdate(FOLDER, options(storage)), undefined);
    publish('second', ['a', 'B', 'c'], { release: 2 });
    network.requests.length = 0;
    const update = await checkForUpdate(FOLDER, options(storage));
    assert.deepEqual([update?.name, update?.release, update?.bytes, update?.downloadBytes], ['second', 2, 3, 1]);
    assert.equal(asked().length, 1, 'the manifest alone');
    await update?.download();
    assert.equal(asked().filter((file) => file.endsWith('.mnw')).length, 1);
    const [b, newB] = [sha256Of(Buffer.from('b')), sha256Of(Buffer.from('B'))];
    assert.deepEqual([await storage.hasFile(b), await storage.hasFile(newB)], [true, true]);
    network.requests.length = 0;
    assert.equal(await load(storage), 'second');
    assert.deepEqual(asked(), []);
    assert.deepEqual([await storage.hasFile(b), await storage.hasFile(newB)], [false, true]);
    assert.equal((await storage.getPackage(URL_OF_MANIFEST))?.previous, undefined);
    assert.equal(await storage.deletePackage(URL_OF_MANIFEST), true);
    assert.deepEqual([await storage.hasFile(newB), (await storage.listPackages()).length], [false, 0]);
  });

  test(`in ${kind}: bytes come back as they went in`, async () => {
    const storage = create();
    const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => i ^ (i >> 8));
    await storage.putFile('f'.repeat(64), bytes.buffer);
    assert.deepEqual(new Uint8Array(/** @type {ArrayBuffer} */ (await storage.getFile('f'.repeat(64)))), bytes);
    assert.equal(await storage.getFile('e'.repeat(64)), undefined);
    assert.equal(await storage.getPackage('https://nowhere/'), undefined);
    assert.equal(await storage.deletePackage('https://nowhere/'), false);
  });
}

/** @param {Storage} storage */
async function twoVersions(storage) {
  publish('first', ['a', 'b']);
  await load(storage);
  publish('second', ['a', 'B']);
  await updateInBackground(FOLDER, options(storage));
}

test('a newer version that does not work gives way to the older one, and is not fetched again', async () => {
  const storage = new MemoryStorage();
  await twoVersions(storage);
  assert.equal(await load(storage, { fails: new MinnowError('UNSUPPORTED_OPERATOR', 'x') }), 'second');
  network.requests.length = 0;
  assert.equal(await load(storage), 'first');
  assert.deepEqual(asked(), []);
  assert.equal(await storage.hasFile(sha256Of(Buffer.from('B'))), false);
  assert.equal(await checkForUpdate(FOLDER, options(storage)), undefined);
  publish('third', ['a', 'C']);
  assert.equal((await checkForUpdate(FOLDER, options(storage)))?.name, 'third');
});

test('what is not the package’s fault says nothing about a version', async () => {
  const storage = new MemoryStorage();
  await twoVersions(storage);
  for (const error of [new MinnowError('NETWORK', 'x'), new DOMException('x', 'AbortError')]) {
    assert.equal(await load(storage, { fails: error }), 'second');
  }
  assert.equal(await load(storage), 'second');
});

test('a version whose pages end before it has run is given up after three loads', async () => {
  const storage = new MemoryStorage();
  await twoVersions(storage);
  for (let i = 0; i < 3; i++) assert.equal(await load(storage, { runs: false }), 'second');
  assert.equal(await load(storage), 'first');
});

test('an update that breaks off leaves the version in use, and goes on later', async () => {
  const storage = new MemoryStorage();
  publish('first', ['a', 'b', 'c']);
  await load(storage);
  publish('second', ['A', 'B', 'C']);
  const update = await checkForUpdate(FOLDER, options(storage));
  network.script(`${FOLDER}2-${sha256Of(Buffer.from('C')).slice(0, 8)}.mnw`, { status: 404 });
  await assert.rejects(/** @type {Promise<void>} */ (update?.download()), { code: 'HTTP' });
  network.requests.length = 0;
  assert.equal(await load(storage), 'first');
  assert.deepEqual(asked(), []);
  await (await checkForUpdate(FOLDER, options(storage)))?.download();
  assert.equal(asked().filter((file) => file.endsWith('.mnw')).length, 1);
  assert.equal(await load(storage), 'second');
});

test('on a connection that is to be spared nobody asks in the background', async () => {
  const storage = new MemoryStorage();
  publish('first', ['a']);
  await load(storage);
  network.requests.length = 0;
  Object.defineProperty(globalThis.navigator, 'connection', { configurable: true, value: { saveData: true } });
  await updateInBackground(FOLDER, options(storage));
  Reflect.deleteProperty(globalThis.navigator, 'connection');
  assert.deepEqual(asked(), []);
});

test('prefetch() brings a package once, with progress, and says where it cannot', async () => {
  const storage = new MemoryStorage();
  publish('first', ['a', 'bb']);
  /** @type {number[]} */
  const loaded = [];
  await prefetch(FOLDER, { ...options(storage), onProgress: (progress) => loaded.push(progress.loaded) });
  assert.equal(loaded.at(-1), 3);
  assert.ok(network.requests.every(({ priority }) => priority === 'low'));
  network.requests.length = 0;
  await prefetch(FOLDER, options(storage));
  assert.deepEqual(asked(), []);
  storage.putFile = async () => {
    throw new DOMException('full', 'QuotaExceededError');
  };
  await storage.deletePackage(URL_OF_MANIFEST);
  await assert.rejects(prefetch(FOLDER, options(storage)), { code: 'OUT_OF_MEMORY', message: /first cannot be kept.*storage\.delete/ });
  await assert.rejects(prefetch(FOLDER, { storage: 'none' }), { code: 'INVALID_ARGUMENT' });
  await assert.rejects(prefetch(FOLDER, { ...options(storage), signal: AbortSignal.abort() }), { name: 'AbortError' });
});

/** Takes only so many files. */
class SmallStorage extends MemoryStorage {
  #count = 0;
  /** @param {number} most */
  constructor(most) {
    super();
    this.most = most;
  }

  /** @override @param {string} sha256 @param {ArrayBuffer} bytes */
  async putFile(sha256, bytes) {
    if (this.#count >= this.most) throw new DOMException('full', 'QuotaExceededError');
    this.#count++;
    await super.putFile(sha256, bytes);
  }

  /** @override @param {string} url */
  async deletePackage(url) {
    this.#count -= (await this.getPackage(url))?.files.length ?? 0;
    return super.deletePackage(url);
  }
}

test('a full storage gives up what was not used for longest, never the package it is asked for; else a model loads without', async () => {
  const storage = new SmallStorage(5);
  for (const [i, url] of ['https://host/new/', 'https://host/old/'].entries()) {
    const sha256 = String(i).repeat(64);
    await storage.putFile(sha256, new ArrayBuffer(1));
    await storage.putPackage({ url, name: url, bytes: 1, savedAt: 5, usedAt: 10 - i, manifest: '{}', files: [sha256] });
  }
  publish('first', ['a', 'b', 'c', 'd']);
  await load(storage);
  assert.deepEqual((await storage.listPackages()).map(({ url }) => url), ['https://host/new/', URL_OF_MANIFEST]);
  publish('second', ['A', 'B', 'C', 'D', 'E']);
  await updateInBackground(FOLDER, options(storage));
  assert.deepEqual((await storage.listPackages()).map(({ name }) => name), ['first'], 'no room for two versions');
  network.requests.length = 0;
  assert.equal(await load(storage), 'first');
  assert.deepEqual(asked(), []);
});
