/** What storage_browsers_test.js calls: packages kept, renewed and refused, with results that travel as JSON. */

/** @typedef {import('../../../wasm_glue/src/minnow.js').CreateOptions} CreateOptions */

const PACKAGE = '/pkg/';

/** @type {typeof import('../../../wasm_glue/src/minnow.js')} */
const minnow = await import(/** @type {string} */ ('/minnow/minnow.js'));
/** @type {typeof import('../../../wasm_glue/src/minnow-storage.js')} */
const storages = await import(/** @type {string} */ ('/minnow/minnow-storage.js'));

/** @param {unknown} error */
function described(error) {
  const { name, code, message } = /** @type {any} */ (error);
  return { name, code, message, isMinnowError: error instanceof minnow.MinnowError };
}

/** @param {import('../../../wasm_glue/src/minnow.js').Model} model @returns {Promise<number[]>} an output's bytes */
async function runOnce(model) {
  const [{ shape }] = model.info.inputs;
  const length = shape.reduce((product, size) => product * size, 1);
  const [{ data }] = await model.run(Float32Array.from({ length }, (_, i) => Math.sin(i * i)));
  return Array.from(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

window.storagePage = {
  /** @param {CreateOptions} options */
  async load(options) {
    try {
      const model = await minnow.Model.create(PACKAGE, options);
      const output = await runOnce(model);
      const { release, fromCache, name } = model.info;
      model.dispose();
      return { output, release, fromCache, name };
    } catch (error) {
      return { error: described(error) };
    }
  },

  /** Loads, asks for an update and fetches it. @param {CreateOptions} options */
  async update(options) {
    const model = await minnow.Model.create(PACKAGE, options);
    try {
      const update = await model.checkForUpdate();
      await update?.download();
      return update ? { release: update.release, bytes: update.bytes, downloadBytes: update.downloadBytes } : {};
    } catch (error) {
      return { error: described(error) };
    } finally {
      model.dispose();
    }
  },

  /** @param {CreateOptions} options */
  prefetch: (options) => storages.prefetch(PACKAGE, options),

  /** Whether this browser has the storage. @param {'cache' | 'opfs'} kind */
  async has(kind) {
    if (kind === 'cache') return 'caches' in window;
    try {
      await navigator.storage.getDirectory();
      return true;
    } catch {
      return false;
    }
  },

  /** @param {'indexeddb' | 'cache' | 'opfs'} kind @returns {Promise<string[]>} names of the packages */
  async list(kind) {
    const stored = await (kind === 'indexeddb' ? minnow.storage.list() : storageOf(kind).listPackages());
    return stored.map(({ name }) => name);
  },

  /** @param {'indexeddb' | 'cache' | 'opfs'} kind */
  clear: (kind) => (kind === 'indexeddb' ? minnow.storage.clear() : storageOf(kind).clear()),
};

/** @param {'cache' | 'opfs'} kind */
function storageOf(kind) {
  return kind === 'cache' ? new storages.CacheApiStorage() : new storages.OpfsStorage();
}
