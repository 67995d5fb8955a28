/** A split package: its parts run one after the other, only some of them in memory at a time. */
import { abortable, linkedController, throwIfAborted } from './abort.js';
import { closeChain, openChain } from './chain_open.js';
import { topClasses } from './class_scores.js';
import { MinnowError } from './minnow.js';
import { checkInputs } from './model.js';
import { toPicture } from './picture.js';

/** @typedef {import('./types.js').OutputTensor} OutputTensor */
/** @typedef {import('./types.js').TensorData} TensorData */

/**
 * As for Model.create(), without `update`. `memory.maxBytes` holds for the parts in memory together; onProgress is
 * called after create() too, until all parts have come in once.
 * @typedef {Omit<import('./types.js').CreateOptions, 'update'> & { partsInMemory?: number }} ChainOptions partsInMemory:
 *   at a time, from 1, the default, to all of them; more are faster, for they need not be loaded anew in each run
 */

/** What the first part is given: tensors, or a picture. @typedef {{ tensors: TensorData[], picture?: import('./picture.js').Picture }} Feed */

export class ModelChain {
  #opened;
  #timing = { loadMs: 0, imageMs: 0, runMs: 0 };
  /** Ends when everything asked for so far has been done. @type {Promise<unknown>} */
  #tail = Promise.resolve();

  /**
   * Use the static create().
   * @protected
   * @param {import('./chain_open.js').OpenedChain} opened
   * @param {number} loadMs
   */
  constructor(opened, loadMs) {
    this.#opened = opened;
    this.#timing.loadMs = loadMs;
  }

  /**
   * Loads a split package as far as its first part; the others come in when they are needed, or by preload().
   * @param {import('./types.js').PackageSource} source the address of its folder or its manifest.json, or bytes: `shards`
   *   by name with the part's folder, as part-0/manifest.json
   * @param {ChainOptions} [options]
   * @returns {Promise<ModelChain>}
   */
  static async create(source, options = {}) {
    const begunAt = performance.now();
    const controller = linkedController(options.signal);
    const opening = openChain(source, options, controller.signal);
    try {
      return new this(await abortable(opening, options.signal), performance.now() - begunAt);
    } catch (error) {
      controller.abort();
      opening.then(closeChain, () => undefined);
      throw error;
    } finally {
      controller.unlink();
    }
  }

  /** Inputs, outputs, labels and sizes of the whole. @returns {import('./types.js').ModelInfo} */
  get info() {
    const { files, labels, chain } = this.#opened;
    const { name, release, task, inputs, outputs, detection, segmentation, embedding } = chain.whole;
    const packageBytes = files.files.reduce((sum, { bytes }) => sum + bytes, 0);
    return { name, release, task, inputs, outputs, labels, detection, segmentation, embedding, packageBytes, fromCache: files.isFromCache };
  }

  /** How many parts the package has. */
  get partCount() {
    return this.#opened.chain.parts.length;
  }

  /** Memory in use now, by the parts that are there. @returns {import('./types.js').MemoryReport} */
  get memory() {
    return this.#opened.parts.memory;
  }

  /** The most that parts took at once so far, by weights and activations. @returns {import('./types.js').MemoryReport} */
  get peakMemory() {
    return this.#opened.parts.peak;
  }

  /** The instruction set in use. @returns {import('./types.js').Variant | undefined} */
  get variant() {
    return this.#opened.parts.any?.variant;
  }

  /** How long loading, the last picture and the last run, with the loading of parts, took. @returns {import('./types.js').Timing} */
  get timing() {
    return { ...this.#timing };
  }

  /**
   * Runs the parts once, one after the other. Runs asked for at the same time are done in turn.
   * @param {Parameters<import('./model.js').Model['run']>[0]} inputs one typed array an input, in the dtype of
   *   `info.inputs`; not to be changed until the run is over
   * @param {{ signal?: AbortSignal }} [options]
   * @returns {Promise<OutputTensor[]>}
   */
  async run(inputs, { signal } = {}) {
    const tensors = checkInputs(inputs, this.info.inputs);
    const outputs = await this.#inTurn(signal, (s) => this.#runParts({ tensors }, s));
    return outputs.map((data, i) => {
      const { name, dtype, shape } = this.info.outputs[i];
      return { name, dtype, shape, data };
    });
  }

  /**
   * Says what is on a picture, where the package's task is image-classification; as ImageClassifier does.
   * @param {import('./picture.js').ImageSource} image
   * @param {import('./types.js').ClassifyOptions} [options]
   * @returns {Promise<import('./types.js').Classification[]>} most likely first
   */
  async classify(image, { top = 5, signal } = {}) {
    const { name, task, outputs, labels } = this.info;
    if (task !== 'image-classification') {
      throw new MinnowError('WRONG_TASK', `${name} does not classify pictures, its task is "${task}": use run()`);
    }
    // A video's or a canvas's frame is taken now, not when its turn comes.
    const taken = toPicture(image);
    taken.catch(() => undefined);
    const done = this.#inTurn(signal, async (s) => this.#runParts({ tensors: [], picture: (await taken).picture }, s));
    const release = async () => (await taken).transfer.forEach((bitmap) => /** @type {ImageBitmap} */ (bitmap).close());
    done.then(release, release).catch(() => undefined);
    const [data] = await done;
    const { scale = 0, zeroPoint = 0 } = outputs[0].quantization ?? {};
    const scores = topClasses(data, { scale: Math.fround(scale), zeroPoint }, top);
    return scores.map(({ index, score }) => ({ index, label: labels[index] ?? '', score }));
  }

  /**
   * Brings all parts onto the device, one file after the other, so that no run needs the network. Without a storage
   * it does nothing.
   * @param {{ signal?: AbortSignal }} [options]
   * @returns {Promise<void>}
   */
  async preload({ signal } = {}) {
    await this.#inTurn(signal, (s) => this.#opened.files.keepAll(s));
  }

  /** Gives everything back: the parts, their memory, and what is still under way. May be called again. */
  dispose() {
    closeChain(this.#opened);
  }

  /** For `using`. */
  [Symbol.dispose]() {
    this.dispose();
  }

  /**
   * @param {Feed} feed
   * @param {AbortSignal} signal
   * @returns {Promise<TensorData[]>}
   */
  async #runParts({ tensors, picture }, signal) {
    const begunAt = performance.now();
    const { parts, chain } = this.#opened;
    /** What each part gave, as long as it is needed. @type {TensorData[][]} */
    const given = [];
    /** @param {import('./chain_manifest.js').TensorSource} source */
    const take = ({ part, index }) => (part === undefined ? tensors[index] : given[part][index]);
    try {
      for (let i = 0; i < chain.parts.length; i++) {
        const model = await parts.open(i, signal);
        parts.prefetch(i + 1, signal);
        const isPicture = picture && i === 0;
        given[i] = isPicture ? await model.look(picture, signal) : await model.run(chain.parts[i].inputs.map(take), signal);
        if (isPicture) this.#timing.imageMs = model.timing.imageMs;
        forget(given, chain, i);
      }
      return chain.results.map(take);
    } finally {
      parts.forgetBytes();
      this.#timing.runMs = performance.now() - begunAt;
    }
  }

  /**
   * Does one thing after the other. Aborting gives up waiting; what a part has begun is finished unheard.
   * @template T
   * @param {AbortSignal | undefined} signal
   * @param {(signal: AbortSignal) => Promise<T>} task
   * @returns {Promise<T>}
   */
  #inTurn(signal, task) {
    const { disposal } = this.#opened;
    const controller = linkedController(signal);
    const end = () => controller.abort();
    if (disposal.signal.aborted) end();
    disposal.signal.addEventListener('abort', end);
    const done = this.#tail.then(async () => {
      throwIfAborted(controller.signal);
      return task(controller.signal);
    });
    this.#tail = done
      .catch(() => undefined)
      .then(() => {
        disposal.signal.removeEventListener('abort', end);
        controller.unlink();
        // Bytes that are still on their way are needed no more.
        controller.abort();
      });
    return abortable(done, controller.signal).catch((error) => {
      throw disposal.signal.aborted ? disposed() : error;
    });
  }
}

function disposed() {
  return new MinnowError('DISPOSED', 'The chain has been disposed of: create it again to use it');
}

/**
 * Drops what no part behind `done` takes, nor the caller.
 * @param {TensorData[][]} given
 * @param {import('./chain_manifest.js').ChainManifest} chain
 * @param {number} done
 */
function forget(given, { parts, results }, done) {
  const wanted = [...parts.slice(done + 1).flatMap(({ inputs }) => inputs), ...results];
  given.forEach((tensors, part) => {
    tensors.forEach((_, index) => {
      if (!wanted.some((source) => source.part === part && source.index === index)) delete tensors[index];
    });
  });
}
