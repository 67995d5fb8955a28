/**
 * Packages in IndexedDB.
 *
 * A file is a row of records of at most 4 MiB, keyed [SHA-256, number], plain ArrayBuffers: WebKit crashes on
 * Blobs and fails on large values. One transaction writes a whole file, so a file is either there or not;
 * whether its bytes are still right is for the reader to check. The half of a file that is not there yet has a number
 * of its own, before the others.
 *
 * WebKit loses its connection to the database server at times, and its open() has been seen to hang:
 * an operation that fails is tried once more on a new connection, and opening has a time limit. So has every
 * operation: a worker that was ended while it wrote can leave the database locked.
 *
 * A page that is left is kept for the way back, in WebKit with its transactions, for which all other pages of the site
 * would wait. So they are aborted, and tried again when the page is back.
 */
import { openDB } from 'idb';
import { described, unusedFiles } from './stored_files.js';

/** @typedef {import('../base/types.js').FileHalf} FileHalf */
/** @typedef {import('../base/types.js').StoredPackage} StoredPackage */

const DATABASE = 'minnow';
const VERSION = 1;
const RECORD_BYTES = 4 * 2 ** 20;
const HALF = -1;
const OPEN_TIMEOUT_MS = 5000;
const OPERATION_TIMEOUT_MS = 10_000;

/**
 * @typedef {object} Schema
 * @property {{ key: string, value: StoredPackage }} packages
 * @property {{ key: [string, number], value: ArrayBuffer | FileHalf | undefined }} records the latter two at HALF
 */

/** @typedef {'packages' | 'records'} StoreName */

/** @type {StoreName[]} */
const BOTH = ['packages', 'records'];

/** Those of this page that are under way. @type {Set<{ abort: () => void }>} */
const underWay = new Set();
/** Ends when the page that was left is back. */
let shown = Promise.resolve();

globalThis.addEventListener?.('pagehide', () => {
  shown = new Promise((resolve) => addEventListener('pageshow', () => resolve(), { once: true }));
  for (const tx of underWay) {
    try {
      tx.abort();
    } catch {
      // It is being committed.
    }
  }
});

/** @implements {Required<import('../base/types.js').PackageStorage>} */
export class IdbStorage {
  /** @type {Promise<import('idb').IDBPDatabase<Schema>> | undefined} */
  #database;

  /** @param {string} url @returns {Promise<StoredPackage | undefined>} */
  getPackage(url) {
    return this.#read('packages', (packages) => packages.get(url));
  }

  /** @param {StoredPackage} stored @returns {Promise<void>} */
  putPackage(stored) {
    return this.#write(BOTH, async (tx) => {
      const packages = tx.objectStore('packages');
      const replaced = await packages.get(stored.url);
      packages.put(stored).catch(() => undefined);
      await dropUnused(tx, replaced);
    });
  }

  /** @param {string} sha256 @returns {Promise<boolean>} */
  hasFile(sha256) {
    return this.#read('records', async (records) => (await records.count(recordsOf(sha256))) > 0);
  }

  /** @param {string} sha256 @returns {Promise<ArrayBuffer | undefined>} */
  getFile(sha256) {
    return this.#read('records', async (records) => {
      const parts = /** @type {ArrayBuffer[]} */ (await records.getAll(recordsOf(sha256)));
      return parts.length < 2 ? parts[0] : new Blob(parts).arrayBuffer();
    });
  }

  /** @param {string} sha256 @param {ArrayBuffer} bytes @returns {Promise<void>} */
  putFile(sha256, bytes) {
    return this.#write(['records'], async (tx) => {
      const records = tx.objectStore('records');
      for (let i = 0; i === 0 || i * RECORD_BYTES < bytes.byteLength; i++) {
        const record = bytes.slice(i * RECORD_BYTES, (i + 1) * RECORD_BYTES);
        // A failed request aborts the transaction, which reports it.
        records.put(record, [sha256, i]).catch(() => undefined);
      }
      records.delete([sha256, HALF]).catch(() => undefined);
    });
  }

  /** @param {string} sha256 @returns {Promise<FileHalf | undefined>} */
  getHalf(sha256) {
    return this.#read('records', (records) => /** @type {Promise<FileHalf | undefined>} */ (records.get([sha256, HALF])));
  }

  /** @param {string} sha256 @param {FileHalf} [half] */
  async putHalf(sha256, half) {
    if (half && half.bytes.length > RECORD_BYTES) return;
    await this.#write(['records'], async (tx) => void (await tx.objectStore('records').put(half, [sha256, HALF])));
  }

  /** @returns {Promise<import('../base/types.js').CachedPackage[]>} */
  listPackages() {
    return this.#read('packages', async (packages) => (await packages.getAll()).map(described));
  }

  /** @param {string} url @returns {Promise<boolean>} */
  deletePackage(url) {
    return this.#write(BOTH, async (tx) => {
      const packages = tx.objectStore('packages');
      const stored = await packages.get(url);
      packages.delete(url).catch(() => undefined);
      await dropUnused(tx, stored);
      return stored !== undefined;
    });
  }

  /** Drops every package and every file, those of interrupted downloads too. @returns {Promise<void>} */
  clear() {
    return this.#write(BOTH, async (tx) => {
      await Promise.all([tx.objectStore('packages').clear(), tx.objectStore('records').clear()]);
    });
  }

  async close() {
    const database = await this.#database?.catch(() => undefined);
    this.#database = undefined;
    database?.close();
  }

  /**
   * @template {StoreName} N
   * @template T
   * @param {N} name
   * @param {(store: import('idb').IDBPObjectStore<Schema, StoreName[], N, 'readwrite'>) => Promise<T>} operation
   * @returns {Promise<T>}
   */
  #read(name, operation) {
    return this.#with([name], 'readonly', (tx) => operation(tx.objectStore(name)));
  }

  /**
   * @template T
   * @param {StoreName[]} names
   * @param {(tx: import('idb').IDBPTransaction<Schema, StoreName[], 'readwrite'>) => Promise<T>} operation done when the transaction is
   * @returns {Promise<T>}
   */
  #write(names, operation) {
    return this.#with(names, 'readwrite', async (tx) => {
      const [result] = await Promise.all([operation(tx), tx.done]);
      return result;
    });
  }

  /**
   * @template T
   * @param {StoreName[]} names
   * @param {'readonly' | 'readwrite'} mode
   * @param {(tx: import('idb').IDBPTransaction<Schema, StoreName[], 'readwrite'>) => Promise<T>} operation
   * @returns {Promise<T>}
   */
  async #with(names, mode, operation) {
    const attempt = async () => {
      const database = await this.#open();
      await shown;
      const tx = /** @type {import('idb').IDBPTransaction<Schema, StoreName[], 'readwrite'>} */ (database.transaction(names, mode));
      underWay.add(tx);
      const end = () => underWay.delete(tx);
      tx.done.then(end, end);
      const late = new DOMException('IndexedDB does not answer', 'TimeoutError');
      return withinTime(operation(tx), OPERATION_TIMEOUT_MS, late);
    };
    try {
      return await attempt();
    } catch (error) {
      const { name } = /** @type {Error} */ (error);
      if (name === 'QuotaExceededError' || name === 'TimeoutError') throw error;
      await this.close();
      return attempt();
    }
  }

  #open() {
    this.#database ??= withinTime(
      openDB(DATABASE, VERSION, {
        upgrade(database) {
          database.createObjectStore('packages', { keyPath: 'url' });
          database.createObjectStore('records');
        },
        // A later version of Minnow in another tab must not wait for this one.
        blocking: () => this.close(),
        terminated: () => (this.#database = undefined),
      }),
      OPEN_TIMEOUT_MS,
      new Error('IndexedDB does not open'),
    );
    return this.#database;
  }
}

/** @param {string} sha256 */
function recordsOf(sha256) {
  return IDBKeyRange.bound([sha256, 0], [sha256, Infinity]);
}

/**
 * Deletes the files that only a package which has gone had.
 * @param {import('idb').IDBPTransaction<Schema, StoreName[], 'readwrite'>} tx
 * @param {StoredPackage | undefined} gone
 */
async function dropUnused(tx, gone) {
  if (!gone) return;
  for (const sha256 of unusedFiles(gone, await tx.objectStore('packages').getAll())) {
    tx.objectStore('records').delete(recordsOf(sha256)).catch(() => undefined);
  }
}

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {number} ms
 * @param {Error} late what it is rejected with when the time is over
 * @returns {Promise<T>}
 */
function withinTime(promise, ms, late) {
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;
  const limit = new Promise((_, /** @type {(reason: Error) => void} */ reject) => {
    timer = setTimeout(() => reject(late), ms);
  });
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}
