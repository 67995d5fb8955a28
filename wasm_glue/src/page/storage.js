/** The packages kept on this device, as pages manage them. */
import { manifestUrlOf } from '../base/source.js';

/**
 * @template T
 * @param {(storage: import('../storage/idb_storage.js').IdbStorage) => Promise<T>} operation
 */
async function withIndexedDb(operation) {
  // The worker's script has the code; most pages never need it themselves.
  const { IdbStorage } = await import('../minnow-worker.js');
  const storage = new IdbStorage();
  try {
    return await operation(storage);
  } finally {
    await storage.close();
  }
}

/** What is kept in IndexedDB. */
export const storage = {
  /** @returns {Promise<import('../base/types.js').CachedPackage[]>} the complete packages */
  list: () => withIndexedDb((idb) => idb.listPackages()),

  /**
   * Forgets one package; the next create() fetches it anew.
   * @param {string | URL} source as given to create()
   * @returns {Promise<boolean>} false: it was not there
   */
  delete: (source) => withIndexedDb((idb) => idb.deletePackage(manifestUrlOf(source))),

  /** Forgets all packages, and what interrupted downloads left. @returns {Promise<void>} */
  clear: () => withIndexedDb((idb) => idb.clear()),

  /** The site's storage in bytes; zeros where the browser does not tell. */
  async estimate() {
    const { usage = 0, quota = 0 } = (await globalThis.navigator?.storage?.estimate?.()) ?? {};
    return { usage, quota };
  },

  /**
   * Asks the browser not to evict this site's storage. Firefox asks the user, so call it from a click.
   * @returns {Promise<boolean>} whether it is granted
   */
  async persist() {
    return (await globalThis.navigator?.storage?.persist?.()) ?? false;
  },
};
