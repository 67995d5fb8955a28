/** The five most likely classes as a list with bars. */
import { formatShare } from './format_figures.js';
import { bringIntoView, pageElement } from './page_element.js';

/** @typedef {{ index: number, label: string, score: number }} Result */

/** A screen reader hears a new best class of the live camera no more often than this. */
const SPEAK_EVERY_MS = 3000;

const list = pageElement('results');
const spoken = pageElement('spoken_result');
let spokenAt = -Infinity;
let runCount = 0;

/**
 * @param {readonly Result[]} results most likely first
 * @param {{ live?: boolean, source?: string }} [options] `source`: the picture's name, for tests and styles
 */
export function showResults(results, { live = false, source = '' } = {}) {
  // The rows are reused, so that the bars glide to their new length.
  while (list.children.length > results.length) list.lastElementChild?.remove();
  while (list.children.length < results.length) list.append(createRow());
  results.forEach((result, i) => fillRow(/** @type {HTMLElement} */ (list.children[i]), result));
  list.dataset.stale = 'false';
  list.dataset.source = source;
  list.dataset.run = String(++runCount);
  if (!live && list.firstElementChild) bringIntoView(list.firstElementChild);
  speak(results, live);
}

/** Dims the old results while a new picture is being looked at. */
export function markResultsStale() {
  list.dataset.stale = 'true';
}

export function clearResults() {
  list.replaceChildren();
  spoken.textContent = '';
}

function createRow() {
  const row = document.createElement('li');
  row.className = 'result';
  const label = document.createElement('span');
  label.className = 'result_label';
  const name = document.createElement('span');
  name.className = 'result_name';
  const synonyms = document.createElement('span');
  synonyms.className = 'result_synonyms';
  const comma = document.createElement('span');
  comma.className = 'result_comma';
  label.append(name, comma, synonyms);
  const share = document.createElement('span');
  share.className = 'result_share';
  const bar = document.createElement('div');
  bar.className = 'result_bar';
  const fill = document.createElement('div');
  fill.className = 'result_fill';
  bar.append(fill);
  row.append(label, share, bar);
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

/** @param {readonly Result[]} results @param {boolean} live */
function speak(results, live) {
  const best = results[0];
  if (!best) return;
  const now = performance.now();
  if (live && now - spokenAt < SPEAK_EVERY_MS) return;
  const text = `Most likely: ${best.label || `class ${best.index}`}, ${formatShare(best.score)}`;
  if (live && spoken.textContent?.startsWith(`Most likely: ${best.label},`)) return;
  spokenAt = now;
  spoken.textContent = text;
}
