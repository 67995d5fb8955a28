/**
 * The model in use, and what the page asks of it. Only this folder, offline/ and advice/ know the minnow package.
 */
import { ImageClassifier, MinnowError } from 'minnow';

/** @typedef {import('../views/results_view.js').Result} Result */
/** @typedef {import('../views/loading_view.js').Progress} Progress */
/** @typedef {import('minnow').PackageSource} PackageSource */
/** @typedef {import('minnow/audio').AudioClassifier} AudioClassifier */
/** @typedef {import('minnow/text').TextClassifier} TextClassifier */

/** @typedef {'image-classification' | 'audio-classification' | 'text-classification'} ClassifierTask */
/** @typedef {ImageClassifier | AudioClassifier | TextClassifier} Classifier */

const TOP = 5;
/** build_demo.mjs puts the package's files there. */
const WASM_FOLDER = 'minnow/wasm/';

/** @typedef {{ create: (source: PackageSource, options: import('minnow').CreateOptions) => Promise<Classifier> }} ClassifierClass */

/** Sound and text are scripts of their own, fetched when a tab needs them. @type {Record<ClassifierTask, () => Promise<ClassifierClass>>} */
const CLASSES = {
  'image-classification': async () => ImageClassifier,
  'audio-classification': async () => (await import('minnow/audio')).AudioClassifier,
  'text-classification': async () => (await import('minnow/text')).TextClassifier,
};

export class Recognizer {
  /** @type {Classifier | null} */
  #classifier = null;
  /** @type {AbortController | null} */
  #loading = null;
  /** @type {AbortController | null} */
  #look = null;

  get ready() {
    return this.#classifier !== null;
  }

  /**
   * Loads a package, from the network or from this device, in place of the one there was. A call ends the one before
   * it, which then rejects with AbortError.
   * @param {PackageSource} source
   * @param {readonly ClassifierTask[]} tasks what it may be for
   * @param {(progress: Progress) => void} onProgress
   */
  async load(source, tasks, onProgress) {
    this.dispose();
    const { signal } = (this.#loading = new AbortController());
    for (const [i, task] of tasks.entries()) {
      try {
        this.#classifier = await (await CLASSES[task]()).create(source, { onProgress, signal, wasmUrl: wasmFolder() });
        return;
      } catch (error) {
        const isLast = i === tasks.length - 1;
        if (isLast || !(error instanceof MinnowError) || error.code !== 'WRONG_TASK') throw error;
      }
    }
  }

  /**
   * The most likely classes of a picture or a text. A call ends the one before it, which then rejects with AbortError.
   * @param {Blob | HTMLVideoElement | HTMLCanvasElement | string} input
   * @returns {Promise<{ results: readonly Result[], ms: number }>}
   */
  async look(input) {
    const classifier = /** @type {ImageClassifier | null} */ (this.#classifier);
    if (!classifier) throw new Error('look() before load()');
    this.#look?.abort();
    this.#look = new AbortController();
    const results = await classifier.classify(/** @type {Blob} */ (input), { top: TOP, signal: this.#look.signal });
    return { results, ms: classifier.timing.runMs };
  }

  /** What hears, for tabs with sound. */
  get ears() {
    if (this.task !== 'audio-classification') throw new Error('ears of a model that does not hear');
    return /** @type {AudioClassifier} */ (this.#classifier);
  }

  get task() {
    return this.info.task;
  }

  /** Labels, inputs and sizes of the package. */
  get info() {
    if (!this.#classifier) throw new Error('info before load()');
    return this.#classifier.info;
  }

  /** What the page tells about the model. */
  get facts() {
    const classifier = this.#classifier;
    if (!classifier) throw new Error('facts before load()');
    const { name, packageBytes, task } = classifier.info;
    return {
      name,
      variant: classifier.variant,
      memoryBytes: classifier.memory.total,
      modelBytes: packageBytes,
      wasmUrls: wasmUrlsOf(classifier.variant, task !== 'image-classification'),
    };
  }

  dispose() {
    this.#loading?.abort();
    this.#look?.abort();
    this.#classifier?.dispose();
    this.#classifier = null;
  }
}

/** Where the WebAssembly files are. */
export function wasmFolder() {
  return new URL(WASM_FOLDER, document.baseURI);
}

/**
 * The WebAssembly files that this device uses.
 * @param {string} variant
 * @param {boolean} hasSoundText
 * @returns {string[]}
 */
export function wasmUrlsOf(variant, hasSoundText) {
  const names = [variant, ...(hasSoundText ? ['sound-text'] : [])];
  return names.map((name) => new URL(`minnow-${name}.wasm`, wasmFolder()).href);
}
