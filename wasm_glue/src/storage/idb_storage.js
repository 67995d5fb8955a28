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
 * operation: a page that was killed while it wrote can leave the database locked.
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

/** @implements {Required<import('../base/types.js').PackageStorage>} */
export class IdbStorage {
  /** @type {Promise<import('idb').IDBPDatabase<Schema>> | undefined} */
  #database;

  /** @param {string} url @returns {Promise<StoredPackage | undefined>} */
  getPackage(url) {
    return this.#with((database) => database.get('packages', url));
  }

  /** @param {StoredPackage} stored @returns {Promise<void>} */
  putPackage(stored) {
    return this.#with(async (database) => {
      const tx = database.transaction(['packages', 'records'], 'readwrite');
      const packages = tx.objectStore('packages');
      const replaced = await packages.get(stored.url);
      packages.put(stored).catch(() => undefined);
      await dropUnused(tx, replaced);
      await tx.done;
    });
  }

  /** @param {string} sha256 @returns {Promise<boolean>} */
  hasFile(sha256) {
    return this.#with(async (database) => (await database.count('records', recordsOf(sha256))) > 0);
  }

  /** @param {string} sha256 @returns {Promise<ArrayBuffer | undefined>} */
  getFile(sha256) {
    return this.#with(async (database) => {
      const records = /** @type {ArrayBuffer[]} */ (await database.getAll('records', recordsOf(sha256)));
      return records.length < 2 ? records[0] : new Blob(records).arrayBuffer();
    });
  }

  /** @param {string} sha256 @param {ArrayBuffer} bytes @returns {Promise<void>} */
  putFile(sha256, bytes) {
    return this.#with(async (database) => {
      const tx = database.transaction('records', 'readwrite');
      for (let i = 0; i === 0 || i * RECORD_BYTES < bytes.byteLength; i++) {
        const record = bytes.slice(i * RECORD_BYTES, (i + 1) * RECORD_BYTES);
        // A failed request aborts the transaction, and tx.done reports it.
        tx.store.put(record, [sha256, i]).catch(() => undefined);
      }
      tx.store.delete([sha256, HALF]).catch(() => undefined);
      await tx.done;
    });
  }

  /** @param {string} sha256 @returns {Promise<FileHalf | undefined>} */
  getHalf(sha256) {
    return this.#with((database) => /** @type {Promise<FileHalf | undefined>} */ (database.get('records', [sha256, HALF])));
  }

  /** @param {string} sha256 @param {FileHalf} [half] */
  putHalf(sha256, half) {
    return this.#with(async (database) => {
      if (!half || half.bytes.length <= RECORD_BYTES) await database.put('records', half, [sha256, HALF]);
    });
  }

  /** @returns {Promise<import('../base/types.js').CachedPackage[]>} */
  listPackages() {
    return this.#with(async (database) => (await database.getAll('packages')).map(described));
  }

  /** @param {string} url @returns {Promise<boolean>} */
  deletePackage(url) {
    return this.#with(async (database) => {
      const tx = database.transaction(['packages', 'records'], 'readwrite');
      const stored = await tx.objectStore('packages').get(url);
      if (stored) {
        tx.objectStore('packages').delete(url).catch(() => undefined);
        await dropUnused(tx, stored);
      }
      await tx.done;
      return stored !== undefined;
    });
  }

  /** Drops every package and every file, those of interrupted downloads too. @returns {Promise<void>} */
  clear() {
    return this.#with(async (database) => {
      const tx = database.transaction(['packages', 'records'], 'readwrite');
      await Promise.all([tx.objectStore('packages').clear(), tx.objectStore('records').clear(), tx.done]);
    });
  }

  async close() {
    const database = await this.#database?.catch(() => undefined);
    this.#database = undefined;
    database?.close();
  }

  /**
   * @template T
   * @param {(database: import('idb').IDBPDatabase<Schema>) => Promise<T>} operation
   * @returns {Promise<T>}
   */
  async #with(operation) {
    const attempt = async () => {
      const late = new DOMException('IndexedDB does not answer', 'TimeoutError');
      return withinTime(operation(await this.#open()), OPERATION_TIMEOUT_MS, late);
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
 * @param {import('idb').IDBPTransaction<Schema, ['packages', 'records'], 'readwrite'>} tx
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
