import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { IDBFactory } from 'fake-indexeddb';
import 'fake-indexeddb/auto';
import { IdbStorage } from '../../wasm_glue/src/storage/idb_storage.js';
import { LenientStorage } from '../../wasm_glue/src/storage/lenient_storage.js';
import { MemoryStorage } from '../../wasm_glue/src/storage/memory_storage.js';
import { storage } from '../../wasm_glue/src/page/storage.js';
import { sha256Of } from './sample_package.js';

const MIB = 2 ** 20;

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});

/** @param {string} url @param {string[]} files */
function storedPackage(url, files) {
  return { url, name: `package at ${url}`, bytes: 10, savedAt: 1, manifest: '{}', files };
}

/** @param {number} length @returns {{ bytes: ArrayBuffer, sha256: string }} */
function someFile(length) {
  const bytes = Uint8Array.from({ length }, (_, i) => i ^ (i >> 9) ^ length);
  return { bytes: bytes.buffer, sha256: sha256Of(Buffer.from(bytes)) };
}

/** @returns {Promise<IDBDatabase>} */
function openRaw() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('minnow');
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

for (const [name, create] of /** @type {const} */ ([
  ['IndexedDB', () => new IdbStorage()],
  ['memory', () => new MemoryStorage()],
])) {
  test(`${name}: files come back byte for byte, whatever their size`, async () => {
    const kept = create();
    for (const length of [0, 1, 4 * MIB - 1, 4 * MIB, 4 * MIB + 1, 9 * MIB]) {
      const { bytes, sha256 } = someFile(length);
      assert.equal(await kept.hasFile(sha256), false);
      assert.equal(await kept.getFile(sha256), undefined);
      await kept.putFile(sha256, bytes);
      assert.equal(await kept.hasFile(sha256), true);
      const back = await kept.getFile(sha256);
      assert.ok(back instanceof ArrayBuffer);
      assert.ok(Buffer.from(back).equals(Buffer.from(bytes)), `${length} bytes`);
      assert.equal(bytes.byteLength, length, 'the caller keeps its bytes');
    }
  });

  test(`${name}: half a file is no file, and goes with the whole one`, async () => {
    const kept = create();
    const { bytes, sha256 } = someFile(1000);
    const half = { name: 'f.mnw.br', bytes: new Uint8Array(bytes.slice(0, 500)) };
    assert.equal(await kept.getHalf(sha256), undefined);
    await kept.putHalf(sha256, half);
    assert.deepEqual(await kept.getHalf(sha256), half);
    assert.deepEqual([await kept.hasFile(sha256), await kept.getFile(sha256)], [false, undefined]);
    await kept.putHalf(sha256, undefined);
    assert.equal(await kept.getHalf(sha256), undefined);
    await kept.putHalf(sha256, half);
    await kept.putFile(sha256, bytes);
    assert.equal(await kept.getHalf(sha256), undefined);
    assert.equal((await kept.getFile(sha256))?.byteLength, 1000);
  });

  test(`${name}: a package replaces its older self, and drops files that no package needs`, async () => {
    const kept = create();
    const [a, b, c] = [10, 11, 12].map(someFile);
    for (const { sha256, bytes } of [a, b, c]) await kept.putFile(sha256, bytes);
    await kept.putPackage(storedPackage('u1', [a.sha256, b.sha256]));
    await kept.putPackage(storedPackage('u2', [b.sha256]));
    await kept.putPackage({ ...storedPackage('u1', [c.sha256]), savedAt: 2 });
    assert.equal(await kept.hasFile(a.sha256), false);
    assert.equal(await kept.hasFile(b.sha256), true, 'the other package has it too');
    assert.equal(await kept.hasFile(c.sha256), true);
    assert.equal((await kept.getPackage('u1'))?.savedAt, 2);
    assert.deepEqual((await kept.listPackages()).map(({ url }) => url), ['u1', 'u2']);
    assert.equal(await kept.deletePackage('u2'), true);
    assert.equal(await kept.deletePackage('u2'), false);
    assert.equal(await kept.hasFile(b.sha256), false);
    assert.equal(await kept.hasFile(c.sha256), true);
  });
}

test('records are ArrayBuffers of at most 4 MiB', async () => {
  const { bytes, sha256 } = someFile(9 * MIB);
  await new IdbStorage().putFile(sha256, bytes);
  const database = await openRaw();
  const request = database.transaction('records').objectStore('records').getAll();
  await new Promise((resolve) => (request.onsuccess = resolve));
  assert.deepEqual(request.result.map((record) => record.byteLength), [4 * MIB, 4 * MIB, MIB]);
  assert.ok(request.result.every((record) => record instanceof ArrayBuffer));
});

test('half a file of more than a record is not kept', async () => {
  const kept = new IdbStorage();
  await kept.putHalf('a', { name: 'f', bytes: new Uint8Array(4 * MIB + 1) });
  assert.equal(await kept.getHalf('a'), undefined);
});

test('a lost connection is opened anew, once', async () => {
  const kept = new IdbStorage();
  const { bytes, sha256 } = someFile(100);
  await kept.putFile(sha256, bytes);
  const real = IDBDatabase_prototype(await openRaw());
  const transaction = real.transaction;
  let failures = 1;
  real.transaction = function (/** @type {any[]} */ ...args) {
    if (failures-- > 0) throw new DOMException('Connection to Indexed Database server lost.', 'UnknownError');
    return transaction.apply(this, args);
  };
  try {
    assert.equal((await kept.getFile(sha256))?.byteLength, 100);
    failures = 2;
    await assert.rejects(kept.getFile(sha256), { name: 'UnknownError' });
  } finally {
    real.transaction = transaction;
  }
});

/** @param {IDBDatabase} database @returns {any} */
function IDBDatabase_prototype(database) {
  return Object.getPrototypeOf(database);
}

test('a later version of the database in another tab is not blocked', async () => {
  const kept = new IdbStorage();
  await kept.listPackages();
  await new Promise((resolve, reject) => {
    const request = indexedDB.open('minnow', 99);
    request.onsuccess = resolve;
    request.onblocked = () => reject(new Error('blocked'));
    request.onerror = () => reject(request.error);
  });
});

test('a database that does not open in time is given up', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const neverOpens = Object.create(IDBOpenDBRequest.prototype);
  neverOpens.addEventListener = () => undefined;
  indexedDB.open = () => neverOpens;
  const waiting = assert.rejects(new IdbStorage().getPackage('u'), /does not open/);
  for (let i = 0; i < 4; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    t.mock.timers.tick(5001);
  }
  await waiting;
});

test('a database that is locked is given up, without a second attempt', async (t) => {
  const kept = new IdbStorage();
  await kept.getPackage('u');
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const get = t.mock.method(IDBObjectStore.prototype, 'get', () => Object.create(IDBRequest.prototype, { addEventListener: { value() {} } }));
  const waiting = assert.rejects(kept.getPackage('u'), { name: 'TimeoutError', message: /does not answer/ });
  for (let i = 0; i < 4; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    t.mock.timers.tick(10_001);
  }
  await waiting;
  assert.equal(get.mock.callCount(), 1);
});

test('the exported storage lists, deletes and clears', async () => {
  const kept = new IdbStorage();
  const { bytes, sha256 } = someFile(10);
  await kept.putFile(sha256, bytes);
  await kept.putPackage(storedPackage('https://host/a/manifest.json', [sha256]));
  assert.deepEqual(await storage.list(), [
    { url: 'https://host/a/manifest.json', name: 'package at https://host/a/manifest.json', bytes: 10, savedAt: 1, usedAt: 1 },
  ]);
  assert.equal(await storage.delete('https://host/a'), true, 'addresses as for create()');
  assert.deepEqual(await storage.list(), []);
  await kept.putFile(sha256, bytes);
  await storage.clear();
  assert.equal(await kept.hasFile(sha256), false, 'left over from a broken download');
  assert.deepEqual(await storage.estimate(), { usage: 0, quota: 0 });
  assert.equal(await storage.persist(), false);
});

test('a storage that fails once is left alone from then on', async () => {
  let calls = 0;
  const broken = new MemoryStorage();
  broken.getPackage = async () => {
    calls++;
    throw new DOMException('The quota has been exceeded.', 'QuotaExceededError');
  };
  const lenient = new LenientStorage(broken, 'u');
  assert.equal(lenient.isWorking, true);
  assert.equal(await lenient.getPackage('u'), undefined);
  assert.equal(await lenient.getPackage('u'), undefined);
  assert.equal(calls, 1);
  assert.equal(lenient.isWorking, false);
});
