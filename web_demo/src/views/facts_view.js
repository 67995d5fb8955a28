/** Time, engine, memory and size: the figures under the results. */
import { formatBytes, formatTime } from './format_figures.js';
import { partOf } from './page_element.js';

/** @type {Record<string, string>} */
const VARIANT_TEXTS = {
  relaxed: 'Relaxed SIMD',
  simd128: 'SIMD',
  scalar: 'Scalar',
};

export class FactsView {
  #root;

  /** @param {Element} root of the card */
  constructor(root) {
    this.#root = root;
  }

  /** @param {{ variant: string, memoryBytes: number, name: string, modelBytes: number }} model */
  showModel({ variant, memoryBytes, name, modelBytes }) {
    this.#set('fact_variant', VARIANT_TEXTS[variant] ?? variant, variant);
    this.#set('fact_memory', memoryBytes > 0 ? formatBytes(memoryBytes) : '–', String(memoryBytes));
    this.#set('fact_size', modelBytes > 0 ? formatBytes(modelBytes) : '–', String(modelBytes));
    partOf(this.#root, 'model_name').textContent = name;
    partOf(this.#root, 'facts').hidden = false;
  }

  /** @param {number} ms of the last run */
  showRunTime(ms) {
    this.#set('fact_time', formatTime(ms), String(ms));
  }

  hide() {
    this.#set('fact_time', '–', '');
    partOf(this.#root, 'model_name').textContent = '';
    partOf(this.#root, 'facts').hidden = true;
  }

  /** @param {string} name @param {string} text @param {string} value the exact figure, as data-value */
  #set(name, text, value) {
    const element = partOf(this.#root, name);
    element.textContent = text;
    element.dataset.value = value;
  }
}
