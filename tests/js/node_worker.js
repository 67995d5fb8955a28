/** Web workers on Node's threads, as much as the package needs, so that its worker is tested without a browser. */
import { readFile } from 'node:fs/promises';
import { Worker as Thread, isMainThread, parentPort, workerData } from 'node:worker_threads';

export class NodeWorker extends EventTarget {
  #thread;

  /** @param {string | URL} url @param {{ name?: string }} [options] */
  constructor(url, { name } = {}) {
    super();
    this.#thread = new Thread(new URL(import.meta.url), { workerData: { url: String(url), name } });
    this.#thread.on('message', (data) => this.dispatchEvent(new MessageEvent('message', { data })));
    this.#thread.on('error', ({ message }) => {
      this.dispatchEvent(Object.assign(new Event('error', { cancelable: true }), { message }));
    });
    // A forgotten worker must not keep the tests from ending.
    this.#thread.unref();
  }

  /** @param {unknown} data @param {any[]} [transfer] */
  postMessage(data, transfer) {
    this.#thread.postMessage(data, transfer);
  }

  terminate() {
    this.#thread.terminate();
  }
}

if (!isMainThread && workerData?.url) {
  const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
  const events = new EventTarget();
  const fetchFromNetwork = globalThis.fetch;
  /** The wasm module lies on the disk here. @type {typeof fetch} */
  const fetchAnything = async (input, init) =>
    String(input).startsWith('file:') ? new Response(await readFile(new URL(String(input)))) : fetchFromNetwork(input, init);
  Object.assign(globalThis, {
    WorkerGlobalScope: class {},
    name: workerData.name,
    addEventListener: events.addEventListener.bind(events),
    removeEventListener: events.removeEventListener.bind(events),
    postMessage: port.postMessage.bind(port),
    fetch: fetchAnything,
  });
  await import(workerData.url);
  // What was sent meanwhile waits in the port until somebody listens, as in a browser.
  port.on('message', (data) => events.dispatchEvent(new MessageEvent('message', { data })));
}
