/** What the delivery tests call: packages loaded as a page loads them, with results that travel as JSON. */

/** Longer than any load under the faults of these tests takes. */
const PATIENCE_MS = 30_000;

/** At once, and for how long after the page has come back. */
const WRITERS = 6;
const WRITING_MS = 500;

/** A database that says nothing for so long is locked. */
const LOCKED_MS = 15_000;

/** @type {Set<Worker>} */
const workers = new Set();
window.Worker = class extends Worker {
  /** @param {string | URL} url @param {WorkerOptions} [options] */
  constructor(url, options) {
    super(url, options);
    workers.add(this);
  }
};

/** @type {typeof import('../../../wasm_glue/src/minnow.js')} */
const minnow = await import(/** @type {string} */ ('/minnow/minnow.js'));

/** @type {typeof import('../../../wasm_glue/src/minnow-storage.js')} */
const { MemoryStorage } = await import(/** @type {string} */ ('/minnow/minnow-storage.js'));

/** A storage of the page's own, which tells what it was given by half. */
class OwnStorage extends MemoryStorage {
  /** @type {Map<string, import('../../../wasm_glue/src/base/types.js').FileHalf>} */
  halves = new Map();

  /** @param {string} sha256 @param {import('../../../wasm_glue/src/base/types.js').FileHalf} [half] */
  async putHalf(sha256, half) {
    await super.putHalf(sha256, half);
    if (half) this.halves.set(sha256, half);
    else this.halves.delete(sha256);
  }
}

/** @type {Map<string, OwnStorage>} */
const ownStorages = new Map();

/** @type {Promise<DeliveryOutcome[]>} */
let begun = Promise.resolve([]);

/** @param {string} url */
function ownStorageOf(url) {
  const storage = ownStorages.get(url) ?? new OwnStorage();
  ownStorages.set(url, storage);
  return storage;
}

/** @param {DeliveryRequest} request @returns {Promise<DeliveryOutcome>} */
async function load({ url, options, startAfterMs, abortAfterMs }) {
  if (startAfterMs) await new Promise((resolve) => setTimeout(resolve, startAfterMs));
  const controller = new AbortController();
  if (abortAfterMs !== undefined) setTimeout(() => controller.abort(), abortAfterMs);
  const storage = options.storage === 'object' ? ownStorageOf(url) : options.storage;
  try {
    const all = /** @type {import('../../../wasm_glue/src/minnow.js').CreateOptions} */ ({ ...options, storage, signal: controller.signal });
    const model = await minnow.Model.create(url, all);
    const [{ shape }] = model.info.inputs;
    const input = Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, i) => Math.sin(i * i));
    const [{ data }] = await model.run(input);
    const digits = hexOf(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    const { labels, fromCache } = model.info;
    model.dispose();
    return { answer: `${digits} ${labels.join()}`, variant: model.variant, fromCache };
  } catch (error) {
    const { name, code, message } = /** @type {Error & { code?: string }} */ (error);
    return { error: { name, code, message, isMinnowError: error instanceof minnow.MinnowError } };
  }
}

/** @param {DeliveryRequest} request @returns {Promise<DeliveryOutcome>} */
function loadWithin(request) {
  const message = `neither an answer nor an error within ${PATIENCE_MS} ms`;
  /** @type {Promise<DeliveryOutcome>} */
  const late = new Promise((resolve) => setTimeout(() => resolve({ error: { name: 'Late', message, isMinnowError: false } }), PATIENCE_MS));
  return Promise.race([load(request), late]);
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
async function sha256Of(bytes) {
  return hexOf(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}

/** @param {Uint8Array} bytes */
function hexOf(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @param {string} sha256 @param {import('../../../wasm_glue/src/base/types.js').FileHalf} [half] nothing: it was found to be damaged */
function describeHalf(sha256, half) {
  return { sha256, name: half?.name ?? '', digits: half ? hexOf(half.bytes) : '' };
}

async function readRecords() {
  const halves = [...ownStorages.values()].flatMap((storage) => [...storage.halves].map(([sha256, half]) => describeHalf(sha256, half)));
  // Opening would make it.
  if (!(await indexedDB.databases()).some(({ name }) => name === 'minnow')) return { files: [], halves };
  const database = await done(indexedDB.open('minnow'));
  const store = database.transaction('records').objectStore('records');
  const [keys, values] = await Promise.all([done(store.getAllKeys()), done(store.getAll())]);
  database.close();
  /** @type {Map<string, ArrayBuffer[]>} */
  const parts = new Map();
  keys.forEach((key, i) => {
    const [sha256, number] = /** @type {[string, number]} */ (key);
    if (number < 0) halves.push(describeHalf(sha256, values[i]));
    else parts.set(sha256, [...(parts.get(sha256) ?? []), values[i]]);
  });
  const checks = [...parts].map(async ([sha256, buffers]) => {
    const bytes = new Uint8Array(await new Blob(buffers).arrayBuffer());
    return { sha256, isIntact: (await sha256Of(bytes)) === sha256 };
  });
  return { files: await Promise.all(checks), halves };
}

window.delivery = {
  async variants() {
    const { wasm } = await minnow.supported();
    /** @type {string[]} */
    const found = [];
    for (const variant of /** @type {const} */ (['scalar', 'simd128', 'relaxed'])) {
      const isThere = (await fetch(`/minnow/wasm/minnow-${variant}.wasm`, { method: 'HEAD' })).ok;
      if (isThere && (variant === 'scalar' || wasm[variant])) found.push(variant);
    }
    return found;
  },

  loadAll: (requests) => Promise.all(requests.map(loadWithin)),

  begin(requests) {
    begun = this.loadAll(requests);
  },

  results: () => begun,

  terminateWorkers() {
    for (const worker of workers) worker.terminate();
    return workers.size;
  },

  async keepWriting() {
    const { IdbStorage } = await import(/** @type {string} */ ('/minnow/minnow-worker.js'));
    const storage = new IdbStorage();
    const bytes = new Uint8Array(400_000);
    const sha256 = await sha256Of(bytes);
    /** @type {string[]} */
    const failures = [];
    let writesAfter = 0;
    let isBack = false;
    let isOver = false;
    addEventListener('pageshow', () => (isBack = true));
    const writing = Array.from({ length: WRITERS }, async () => {
      while (!isOver) {
        await storage.putFile(sha256, bytes.buffer).catch((/** @type {unknown} */ error) => failures.push(String(error)));
        writesAfter += Number(isBack);
      }
    });
    window.delivery.stopWriting = async () => {
      await new Promise((resolve) => setTimeout(resolve, WRITING_MS));
      isOver = true;
      await Promise.all(writing);
      await storage.close();
      return { failures, writesAfter };
    };
  },

  stopWriting: () => Promise.reject(new Error('nothing is being written')),

  records() {
    /** @type {Promise<null>} */
    const locked = new Promise((resolve) => setTimeout(() => resolve(null), LOCKED_MS));
    return Promise.race([readRecords(), locked]);
  },

  async clear() {
    // WebKit's database may still be busy with what a worker left that was ended.
    await minnow.storage.clear().catch(() => minnow.storage.clear());
    ownStorages.clear();
    for (const name of (await globalThis.caches?.keys()) ?? []) await caches.delete(name);
    const folder = await navigator.storage?.getDirectory?.().catch(() => undefined);
    if (!folder) return;
    const names = [];
    for await (const name of /** @type {any} */ (folder).keys()) names.push(name);
    for (const name of names) await folder.removeEntry(name, { recursive: true });
  },
};
