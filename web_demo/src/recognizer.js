/**
 * The model in use, and what the page asks of it. Only this file and error_advice.js know the
 * minnow package.
 */
import { ImageClassifier } from 'minnow';

/** @typedef {import('./results_view.js').Result} Result */
/** @typedef {import('./loading_view.js').Progress} Progress */

const TOP = 5;
/** build_demo.mjs puts the package's files there. */
const WASM_FOLDER = 'minnow/wasm/';

export class Recognizer {
  /** @type {ImageClassifier | null} */
  #classifier = null;
  /** @type {AbortController | null} */
  #look = null;

  get ready() {
    return this.#classifier !== null;
  }

  /**
   * Loads a package, from the network or from this device, in place of the one there was.
   * @param {string} packageUrl
   * @param {(progress: Progress) => void} onProgress
   */
  async load(packageUrl, onProgress) {
    this.dispose();
    this.#classifier = await ImageClassifier.create(packageUrl, {
      onProgress,
      wasmUrl: new URL(WASM_FOLDER, document.baseURI),
    });
  }

  /**
   * The five most likely classes. A call ends the one before it, which then rejects with AbortError.
   * @param {Blob | HTMLVideoElement} picture
   * @returns {Promise<{ results: readonly Result[], ms: number }>}
   */
  async look(picture) {
    const classifier = this.#classifier;
    if (!classifier) throw new Error('look() before load()');
    this.#look?.abort();
    this.#look = new AbortController();
    const results = await classifier.classify(picture, { top: TOP, signal: this.#look.signal });
    return { results, ms: classifier.timing.runMs };
  }

  /** What the page tells about the model. */
  get facts() {
    const classifier = this.#classifier;
    if (!classifier) throw new Error('facts before load()');
    return {
      name: classifier.info.name,
      variant: classifier.variant,
      memoryBytes: classifier.memory.total,
      modelBytes: classifier.info.packageBytes,
      wasmUrl: new URL(`${WASM_FOLDER}minnow-${classifier.variant}.wasm`, document.baseURI).href,
    };
  }

  dispose() {
    this.#look?.abort();
    this.#classifier?.dispose();
    this.#classifier = null;
  }
}
