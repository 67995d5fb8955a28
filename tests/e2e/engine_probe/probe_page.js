/** What a page of ours needs from a browser, each as a function that the engines' test calls. */

const DATABASE = 'engine-probe';
const STORE = 'values';

/** @type {{source: string, isTrusted: boolean, files: {name: string, size: number, firstByte: number}[]}[]} */
const received = [];

let lastReceived = Promise.resolve();

/**
 * Files are taken at once, since a DataTransfer is emptied after its event, but recorded in the order
 * of the events however long reading them takes.
 * @param {string} source @param {Event} event @param {Iterable<File>} files
 */
function receive(source, event, files) {
  const isTrusted = event.isTrusted;
  const contents = [...files].map(async (file) => ({
    name: file.name,
    size: file.size,
    firstByte: new Uint8Array(await file.slice(0, 1).arrayBuffer())[0],
  }));
  lastReceived = lastReceived.then(async () => {
    received.push({ source, isTrusted, files: await Promise.all(contents) });
  });
}

const input = /** @type {HTMLInputElement} */ (document.querySelector('#file'));
input.addEventListener('change', (event) => receive('input', event, input.files ?? []));
document.addEventListener('drop', (event) => receive('drop', event, event.dataTransfer?.files ?? []));
document.addEventListener('paste', (event) => receive('paste', event, event.clipboardData?.files ?? []));
document.querySelector('#button')?.addEventListener('click', (event) => receive('click', event, []));

/** @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest} act @returns {Promise<any>} */
function inStore(mode, act) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const transaction = opening.result.transaction(STORE, mode);
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => {
        opening.result.close();
        resolve(request.result);
      };
      transaction.onerror = () => reject(transaction.error);
    };
  });
}

export const probe = {
  received,
  /** @param {string} key @param {number[]} bytes */
  store: (key, bytes) => inStore('readwrite', (store) => store.put(new Uint8Array(bytes).buffer, key)),
  /** @param {string} key @returns {Promise<number[]>} */
  load: async (key) => [...new Uint8Array(await inStore('readonly', (store) => store.get(key)))],
  /** The sum of two numbers, from SIMD code in a module worker. @param {number} a @param {number} b @returns {Promise<number>} */
  addInWorker: (a, b) =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('probe_worker.js', import.meta.url), { type: 'module' });
      worker.onmessage = ({ data }) => {
        worker.terminate();
        resolve(data);
      };
      worker.onerror = (event) => reject(new Error(event.message || 'the worker did not start'));
      worker.postMessage([a, b]);
    }),
  /** Resolves once the service worker controls this page. */
  goOffline: async () => {
    const controlled = new Promise((resolve) => {
      navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true });
    });
    await navigator.serviceWorker.register('probe_service_worker.js');
    if (!navigator.serviceWorker.controller) await controlled;
  },
};

Object.assign(window, { probe });
