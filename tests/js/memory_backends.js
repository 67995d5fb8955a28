/** Stand-ins for the browser's Cache API and origin private file system, as much as the package uses. */

/** CacheStorage with caches whose keys are same-origin paths. */
export class MemoryCaches {
  /** @type {Map<string, Map<string, ArrayBuffer>>} */
  #caches = new Map();

  /** @param {string} name */
  async open(name) {
    const entries = this.#caches.get(name) ?? new Map();
    this.#caches.set(name, entries);
    const urlOf = (/** @type {string | { url: string }} */ key) => new URL(typeof key === 'string' ? key : key.url, 'https://page.example').href;
    return {
      match: async (/** @type {string | { url: string }} */ key) => {
        const bytes = entries.get(urlOf(key));
        return bytes && new Response(bytes);
      },
      put: async (/** @type {string} */ key, /** @type {Response} */ response) => void entries.set(urlOf(key), await response.arrayBuffer()),
      delete: async (/** @type {string} */ key) => entries.delete(urlOf(key)),
      keys: async () => [...entries.keys()].map((url) => ({ url })),
    };
  }

  /** @param {string} name */
  async delete(name) {
    return this.#caches.delete(name);
  }
}

/** FileSystemDirectoryHandle over nested maps. */
export class MemoryFileSystem {
  /** @param {Map<string, any>} root */
  constructor(root) {
    this.root = folderHandle(root);
  }
}

/** @param {Map<string, any>} entries @returns {any} */
function folderHandle(entries) {
  const missing = () => new DOMException('There is no such entry', 'NotFoundError');
  const open = (/** @type {string} */ name, /** @type {{ create?: boolean }} */ { create = false } = {}, /** @type {unknown} */ made) => {
    if (!entries.has(name)) {
      if (!create) throw missing();
      entries.set(name, made);
    }
    return entries.get(name);
  };
  return {
    getDirectoryHandle: async (/** @type {string} */ name, /** @type {object} */ options) => folderHandle(open(name, options, new Map())),
    getFileHandle: async (/** @type {string} */ name, /** @type {object} */ options) => {
      open(name, options, new Blob([]));
      return fileHandle(entries, name);
    },
    removeEntry: async (/** @type {string} */ name) => {
      if (!entries.delete(name)) throw missing();
    },
    async *values() {
      for (const name of [...entries.keys()]) yield fileHandle(entries, name);
    },
  };
}

/** @param {Map<string, any>} entries @param {string} name */
function fileHandle(entries, name) {
  return {
    getFile: async () => entries.get(name),
    createWritable: async () => {
      /** @type {Blob} */
      let written = new Blob([]);
      return {
        write: async (/** @type {BlobPart} */ part) => void (written = new Blob([written, part])),
        close: async () => void entries.set(name, written),
      };
    },
  };
}
