/** What every task's class has: how it is created, what it tells, how it is disposed of. */
import { abortable, throwIfAborted } from '../base/abort.js';
import { tell } from '../base/callbacks.js';
import { MinnowError } from '../base/errors.js';
import { absoluteUrl, deliveryOf, placeOf } from '../base/source.js';
import { storage as storageTools } from './storage.js';
import { helperStarter, threadCount } from './threads.js';
import { WorkerClient } from './worker_client.js';

/** @typedef {import('../base/types.js').CreateOptions} CreateOptions */
/** @typedef {import('../base/types.js').LoadReport} LoadReport */
/** @typedef {import('../base/types.js').PackageSource} PackageSource */
/** @typedef {import('../base/types.js').Variant} Variant */
/** @typedef {import('../worker/host.js').Host} Host */

/**
 * @typedef {'load' | 'run' | 'profile' | 'infer' | 'classify' | 'beginPicture' | 'pushRows' | 'endPicture' | 'beginSound'} FirstMethods
 * @typedef {FirstMethods | 'pushSound' | 'endSound' | 'readText' | 'dispose'} HostMethods
 */

/**
 * Where the model lives: a Host in this thread, or the worker that has one.
 * @typedef {Pick<Host, HostMethods> & {
 *   readPicture: (picture: import('../picture/picture.js').Picture, moved: Transferable[]) => ReturnType<Host['readPicture']>
 * }} ModelClient
 */

/** @typedef {{ client: ModelClient, report: LoadReport, source: PackageSource, options: CreateOptions }} OpenedModel */

export class ModelBase {
  /** @protected */
  _client;
  #report;
  #origin;
  #disposal = new AbortController();
  /** Ends when everything asked for so far has been done. @type {Promise<unknown>} */
  #tail = Promise.resolve();

  /**
   * Use the static create().
   * @protected
   * @param {OpenedModel} opened
   */
  constructor({ client, report, source, options }) {
    this._client = client;
    this.#report = report;
    const { signal: _, onProgress, ...delivery } = options;
    this.#origin = { source: /** @type {string | URL} */ (source), delivery };
    if (options.update === 'background' && report.info.fromCache) this.#updateInBackground();
  }

  /** Inputs, outputs, labels and sizes. @returns {import('../base/types.js').ModelInfo} */
  get info() {
    return this.#report.info;
  }

  /** Memory in use now. @returns {import('../base/types.js').MemoryReport} */
  get memory() {
    return this.#report.memory;
  }

  /** The instruction set in use. @returns {Variant} */
  get variant() {
    return this.#report.variant;
  }

  /** The threads that share a run. */
  get threads() {
    return this.#report.threads;
  }

  /** How long loading, the last picture and the last run took. @returns {import('../base/types.js').Timing} */
  get timing() {
    return this.#report.timing;
  }

  /**
   * Asks the server for a newer version of the package, which is then for the next create().
   * @param {{ signal?: AbortSignal }} [options]
   * @returns {Promise<import('../minnow-storage.js').PackageUpdate | undefined>} nothing where this is the newest
   */
  async checkForUpdate({ signal } = {}) {
    const { source, delivery } = this.#origin;
    return (await import('../minnow-storage.js')).checkForUpdate(source, { ...delivery, signal });
  }

  async #updateInBackground() {
    const { source, delivery } = this.#origin;
    const { updateInBackground } = await import('../minnow-storage.js');
    await updateInBackground(source, { ...delivery, signal: this.#disposal.signal });
  }

  /** Gives everything back: the worker, its memory, and what is still under way. May be called again. */
  dispose() {
    this.#disposal.abort();
    this._client.dispose();
  }

  /** For `using`. */
  [Symbol.dispose]() {
    this.dispose();
  }

  /**
   * Whether this thread has to read the pictures, because the model's has no canvas.
   * @protected
   */
  get _readsPicturesHere() {
    return !this.#report.readsPictures;
  }

  /**
   * @protected
   * @param {readonly import('../base/types.js').ClassScore[]} scores
   * @returns {import('../base/types.js').Classification[]}
   */
  _labelled(scores) {
    return scores.map(({ index, score }) => ({ index, label: this.info.labels[index] ?? '', score }));
  }

  /**
   * Does one thing after the other. Aborting gives up waiting; what has begun is finished unheard.
   * @protected
   * @template {import('../base/types.js').RunReport} T
   * @param {AbortSignal | undefined} signal
   * @param {() => Promise<T>} task
   * @returns {Promise<T>}
   */
  _inTurn(signal, task) {
    const done = this.#tail.then(async () => {
      throwIfAborted(signal);
      if (this.#disposal.signal.aborted) throw disposed();
      const { memory, timing, ...result } = await task();
      this.#report = { ...this.#report, memory, timing };
      return /** @type {T} */ ({ memory, timing, ...result });
    });
    this.#tail = done.catch(() => undefined);
    return abortable(done, signal);
  }
}

function disposed() {
  return new MinnowError('DISPOSED', 'The model has been disposed of: create it again to use it');
}

/**
 * Loads a package into a new host.
 * @param {PackageSource} source
 * @param {CreateOptions} options
 * @returns {Promise<OpenedModel>}
 */
export async function openModel(source, options) {
  const { signal, onProgress, persist = false } = options;
  throwIfAborted(signal);
  const useWorker = options.worker ?? typeof Worker === 'function';
  if (useWorker && options.fetch) {
    throw new MinnowError('INVALID_ARGUMENT', 'The fetch option needs worker: false, since functions stay in their thread');
  }
  const { request, readFile } = loadRequest(source, options, await threadCount(options.threads));
  const storage = typeof options.storage === 'object' ? options.storage : undefined;
  const workerUrl = options.workerUrl && absoluteUrl(options.workerUrl, 'workerUrl').href;
  const client = useWorker
    ? new WorkerClient(workerUrl)
    : (await import('../minnow-worker.js')).createHost();
  try {
    const hooks = {
      startHelpers: helperStarter(workerUrl),
      onProgress: onProgress && guarded(onProgress, signal),
      readFile,
      storage,
      signal,
      fetch: options.fetch,
    };
    const report = await abortable(client.load(request, hooks), signal);
    if (persist && request.storage !== 'none') storageTools.persist().catch(() => undefined);
    return { client: /** @type {ModelClient} */ (client), report, source, options };
  } catch (error) {
    client.dispose();
    throw error;
  }
}

/** @type {Record<import('../base/types.js').Task, string>} the class of each task */
const CLASSES = {
  'image-classification': 'ImageClassifier',
  'object-detection': 'ObjectDetector',
  'image-segmentation': 'ImageSegmenter',
  'audio-classification': 'AudioClassifier',
  'text-classification': 'TextClassifier',
  'text-embedding': 'TextEmbedder',
  tensors: 'Model',
};

/**
 * As openModel(), for one task only.
 * @param {PackageSource} source
 * @param {CreateOptions} options
 * @param {import('../base/types.js').Task} wanted
 * @returns {Promise<OpenedModel>}
 * @throws {MinnowError} WRONG_TASK for a package of another one
 */
export async function openTask(source, options, wanted) {
  const opened = await openModel(source, options);
  const { name, task } = opened.report.info;
  if (task === wanted) return opened;
  opened.client.dispose();
  const message = `${name} is for ${CLASSES[wanted]} no model, its task is "${task}": use ${CLASSES[task]}.create`;
  throw new MinnowError('WRONG_TASK', message);
}

/**
 * After an abort nothing more is told.
 * @param {(progress: import('../base/types.js').Progress) => void} onProgress
 * @param {AbortSignal | undefined} signal
 * @returns {(progress: import('../base/types.js').Progress) => void}
 */
function guarded(onProgress, signal) {
  return (progress) => {
    if (!signal?.aborted) tell(onProgress, progress);
  };
}

/** @param {PackageSource} source @param {CreateOptions} options @param {number} threads */
function loadRequest(source, options, threads) {
  const { variant, memory, storage = 'indexeddb' } = options;
  const { readFile, ...place } = placeOf(source);
  /** @type {import('../base/types.js').LoadRequest} */
  const request = {
    wasmUrls: wasmUrls(options.wasmUrl),
    variant,
    threads,
    maxBytes: memory?.maxBytes,
    storage: typeof storage === 'object' ? 'none' : storage,
    ...place,
    ...deliveryOf(options),
  };
  return { request, readFile };
}

/** @param {CreateOptions['wasmUrl']} wasmUrl @returns {import('../base/types.js').WasmUrls} */
function wasmUrls(wasmUrl) {
  const defaults = {
    scalar: new URL('./wasm/minnow-scalar.wasm', import.meta.url).href,
    simd128: new URL('./wasm/minnow-simd128.wasm', import.meta.url).href,
    relaxed: new URL('./wasm/minnow-relaxed.wasm', import.meta.url).href,
    'simd128-threads': new URL('./wasm/minnow-simd128-threads.wasm', import.meta.url).href,
    'relaxed-threads': new URL('./wasm/minnow-relaxed-threads.wasm', import.meta.url).href,
    'sound-text': new URL('./wasm/minnow-sound-text.wasm', import.meta.url).href,
  };
  if (!wasmUrl) return defaults;
  const urls = { ...defaults };
  for (const variant of /** @type {(keyof typeof urls)[]} */ (Object.keys(defaults))) {
    if (typeof wasmUrl === 'string' || wasmUrl instanceof URL) {
      urls[variant] = inFolder(absoluteUrl(wasmUrl, 'wasmUrl'), `minnow-${variant}.wasm`);
    } else if (wasmUrl[variant]) {
      urls[variant] = absoluteUrl(wasmUrl[variant], `wasmUrl.${variant}`).href;
    }
  }
  return urls;
}

/** @param {URL} folder @param {string} file */
function inFolder(folder, file) {
  if (folder.pathname.endsWith('.wasm')) {
    const message = `wasmUrl: ${folder} is a file; give its folder, or an address for each variant: { simd128: … }`;
    throw new MinnowError('INVALID_ARGUMENT', message);
  }
  folder.pathname = `${folder.pathname.replace(/\/$/, '')}/${file}`;
  return folder.href;
}
