/** Time, engine, memory and size: the figures under the results. */
import { formatBytes, formatTime } from './format_figures.js';
import { pageElement } from './page_element.js';

/** @type {Record<string, string>} */
const VARIANT_TEXTS = {
  relaxed: 'Relaxed SIMD',
  simd128: 'SIMD',
  scalar: 'Scalar',
};

/** @param {{ variant: string, memoryBytes: number, name: string, modelBytes: number }} model */
export function showModelFacts({ variant, memoryBytes, name, modelBytes }) {
  setFact('fact_variant', VARIANT_TEXTS[variant] ?? variant, variant);
  setFact('fact_memory', memoryBytes > 0 ? formatBytes(memoryBytes) : '–', String(memoryBytes));
  setFact('fact_size', modelBytes > 0 ? formatBytes(modelBytes) : '–', String(modelBytes));
  pageElement('model_name').textContent = name;
  pageElement('facts').hidden = false;
}

/** @param {number} ms of the last run */
export function showRunTime(ms) {
  setFact('fact_time', formatTime(ms), String(ms));
}

export function hideFacts() {
  setFact('fact_time', '–', '');
  pageElement('model_name').textContent = '';
  pageElement('facts').hidden = true;
}

/** @param {string} id @param {string} text @param {string} value the exact figure, as data-value */
function setFact(id, text, value) {
  const element = pageElement(id);
  element.textContent = text;
  element.dataset.value = value;
}
