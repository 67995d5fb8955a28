/** The page's end of a worker that holds a model: the methods of Host. */
import { proxy, transfer, wrap } from 'comlink';
import { MinnowError } from '../base/errors.js';
import { sendErrorsWithCodes } from '../worker/worker_protocol.js';

/** @typedef {import('../worker/host.js').Host} Host */
/** @typedef {import('./model_base.js').ModelClient} ModelClient */

const REMEDY =
  'check the workerUrl option: it must name where minnow-worker.js is served, on the page’s own origin and ' +
  'allowed by its Content-Security-Policy (worker-src). Or run without a worker: worker: false';

/** A worker that is busy or dead does not answer when it is asked to end. */
const END_WITHIN_MS = 3000;

/** @implements {ModelClient} */
export class WorkerClient {
  #workerUrl;
  /** @type {Worker | undefined} */
  #worker;
  /** Without a worker there is nothing to end. @type {Record<string, (...args: unknown[]) => Promise<any>>} */
  #host = { end: async () => undefined };
  /** @type {MinnowError | undefined} */
  #ended;
  /** @type {import('../base/types.js').LoadHooks['startHelpers'] | undefined} */
  #startHelpers;
  /** Calls under way: their promises would never settle once the worker is gone. @type {Set<(error: Error) => void>} */
  #pending = new Set();

  /** @param {string | undefined} workerUrl */
  constructor(workerUrl) {
    this.#workerUrl = workerUrl;
    sendErrorsWithCodes();
  }

  /**
   * Starts the worker, and loads the model in it. Where the page is left meanwhile that begins anew when it is back: WebKit
   * would keep the worker, with its locks and transactions, for which all other pages of the site would wait.
   * @param {import('../base/types.js').LoadRequest} request
   * @param {import('../base/types.js').LoadHooks} hooks the signal stays here: aborting ends the worker as a whole
   * @returns {Promise<import('../base/types.js').LoadReport>}
   */
  load(request, { startHelpers, onProgress, readFile, storage }) {
    this.#startHelpers = startHelpers;
    return new Promise((resolve, reject) => {
      const load = async () => {
        try {
          this.#start();
          const hooks = [request.threads > 1 && startHelpers, onProgress, readFile, storage];
          resolve(await this.#call('loadWith', request, ...hooks.map((hook) => hook && proxy(hook))));
        } catch (error) {
          reject(error);
        }
        globalThis.removeEventListener?.('pagehide', leave);
      };
      const leave = () => {
        this.#worker?.terminate();
        addEventListener('pageshow', load, { once: true });
      };
      globalThis.addEventListener?.('pagehide', leave);
      load();
    });
  }

  #start() {
    const workerUrl = this.#workerUrl;
    try {
      // Bundlers find the worker by the second of these expressions, and want it written like this.
      this.#worker = workerUrl
        ? new Worker(workerUrl, { type: 'module', name: 'minnow' })
        : new Worker(new URL('./minnow-worker.js', import.meta.url), { type: 'module', name: 'minnow' });
    } catch (cause) {
      throw new MinnowError('WORKER', `The worker cannot be started (${cause}): ${REMEDY}`, { cause });
    }
    this.#worker.addEventListener('error', (event) => {
      event.preventDefault();
      const what = event.message || 'its script did not load';
      this.#end(new MinnowError('WORKER', `The worker failed (${what}): ${REMEDY}`));
    });
    this.#host = /** @type {any} */ (wrap(this.#worker));
  }

  /** @param {Parameters<Host['run']>[0]} inputs @returns {ReturnType<Host['run']>} */
  run(inputs) {
    return this.#call('run', inputs.map(compact));
  }

  /** @param {Parameters<Host['run']>[0]} inputs @param {number} runs @returns {ReturnType<Host['profile']>} */
  profile(inputs, runs) {
    return this.#call('profile', inputs.map(compact), runs);
  }

  /** @param {import('../picture/picture.js').Picture} picture @param {Transferable[]} moved @returns {ReturnType<Host['readPicture']>} */
  readPicture(picture, moved) {
    return this.#call('readPicture', transfer(picture, moved));
  }

  /** @param {number} width @param {number} height @returns {Promise<void>} */
  beginPicture(width, height) {
    return this.#call('beginPicture', width, height);
  }

  /** @param {Uint8ClampedArray} rgba @param {number} rows @returns {Promise<void>} */
  pushRows(rgba, rows) {
    return this.#call('pushRows', compact(rgba), rows);
  }

  /** @returns {Promise<void>} */
  endPicture() {
    return this.#call('endPicture');
  }

  /** @param {Parameters<Host['beginSound']>[0]} source @returns {ReturnType<Host['beginSound']>} */
  beginSound(source) {
    return this.#call('beginSound', source);
  }

  /** @param {Float32Array} samples @returns {ReturnType<Host['pushSound']>} */
  pushSound(samples) {
    return this.#call('pushSound', compact(samples));
  }

  /** @returns {ReturnType<Host['endSound']>} */
  endSound() {
    return this.#call('endSound');
  }

  /** @param {string} text @returns {ReturnType<Host['readText']>} */
  readText(text) {
    return this.#call('readText', text);
  }

  /** @returns {ReturnType<Host['infer']>} */
  infer() {
    return this.#call('infer');
  }

  /** @param {number} top @returns {ReturnType<Host['classify']>} */
  classify(top) {
    return this.#call('classify', top);
  }

  /** Ends the worker, and with it everything the model held; at once for the caller. */
  dispose() {
    this.#end(new MinnowError('DISPOSED', 'The model has been disposed of'));
  }

  /** @param {string} method @param {...unknown} args @returns {Promise<any>} */
  #call(method, ...args) {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(this.#ended);
      this.#pending.add(reject);
      this.#host[method](...args)
        .then(resolve, reject)
        .finally(() => this.#pending.delete(reject));
    });
  }

  /** @param {MinnowError} error */
  #end(error) {
    if (!this.#ended) {
      const terminate = () => {
        this.#worker?.terminate();
        this.#startHelpers?.([]);
      };
      this.#host.end().then(terminate, terminate);
      setTimeout(terminate, END_WITHIN_MS);
    }
    this.#ended ??= error;
    for (const reject of this.#pending) reject(this.#ended);
    this.#pending.clear();
  }
}

/**
 * A view with a buffer of its own: cloning a view clones its whole buffer.
 * @template {import('../base/types.js').TensorData | Uint8ClampedArray} T
 * @param {T} view
 * @returns {T}
 */
function compact(view) {
  return view.byteLength === view.buffer.byteLength ? view : /** @type {T} */ (view.slice());
}
