/** The most likely classes as a list with bars. */
import { formatShare } from './format_figures.js';
import { bringIntoView, newElement, partOf } from './page_element.js';

/** @typedef {{ index: number, label: string, score: number }} Result */

/** A screen reader hears a new best class of something live no more often than this. */
const SPEAK_EVERY_MS = 3000;

export class ResultsView {
  #list;
  #spoken;
  #spokenAt = -Infinity;
  #runCount = 0;

  /** @param {Element} root of the card */
  constructor(root) {
    this.#list = partOf(root, 'results');
    this.#spoken = partOf(root, 'spoken_result');
  }

  /**
   * @param {readonly Result[]} results most likely first
   * @param {{ live?: boolean, source?: string }} [options] `source`: the input's name, for tests and styles
   */
  show(results, { live = false, source = '' } = {}) {
    const list = this.#list;
    // The rows are reused, so that the bars glide to their new length.
    while (list.children.length > results.length) list.lastElementChild?.remove();
    while (list.children.length < results.length) list.append(createRow());
    results.forEach((result, i) => fillRow(/** @type {HTMLElement} */ (list.children[i]), result));
    list.dataset.stale = 'false';
    list.dataset.source = source;
    list.dataset.run = String(++this.#runCount);
    if (!live && list.firstElementChild) bringIntoView(list.firstElementChild);
    this.#speak(results, live);
  }

  /** Dims the old results while something new is being looked at. */
  markStale() {
    this.#list.dataset.stale = 'true';
  }

  clear() {
    this.#list.replaceChildren();
    this.#spoken.textContent = '';
  }

  /** @param {readonly Result[]} results @param {boolean} live */
  #speak(results, live) {
    const best = results[0];
    if (!best) return;
    const now = performance.now();
    if (live && now - this.#spokenAt < SPEAK_EVERY_MS) return;
    const text = `Most likely: ${best.label || `class ${best.index}`}, ${formatShare(best.score)}`;
    if (live && this.#spoken.textContent?.startsWith(`Most likely: ${best.label},`)) return;
    this.#spokenAt = now;
    this.#spoken.textContent = text;
  }
}

function createRow() {
  const row = newElement('li', 'result');
  const label = newElement('span', 'result_label');
  label.append(newElement('span', 'result_name'), newElement('span', 'result_comma'), newElement('span', 'result_synonyms'));
  const bar = newElement('div', 'result_bar');
  bar.append(newElement('div', 'result_fill'));
  row.append(label, newElement('span', 'result_share'), bar);
  return row;
}

/** @param {HTMLElement} row @param {Result} result */
function fillRow(row, { index, label, score }) {
  const [labelElement, shareElement] = row.children;
  const [nameElement, commaElement, synonymsElement] = labelElement.children;
  const [name, synonyms] = splitLabel(label || `Class ${index}`);
  nameElement.textContent = name;
  commaElement.textContent = synonyms ? ', ' : '';
  synonymsElement.textContent = synonyms;
  shareElement.textContent = formatShare(score);
  row.dataset.index = String(index);
  row.dataset.label = label;
  row.dataset.score = String(score);
  row.style.setProperty('--share', String(Math.min(Math.max(score, 0), 1)));
}

/**
 * ImageNet's labels list synonyms: 'tench, Tinca tinca' becomes 'tench' and 'Tinca tinca'.
 * @param {string} label
 * @returns {[string, string]}
 */
function splitLabel(label) {
  const comma = label.indexOf(',');
  return comma < 0 ? [label, ''] : [label.slice(0, comma), label.slice(comma + 1).trim()];
}
