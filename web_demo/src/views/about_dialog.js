/** The About dialog: each model with its accuracy, size, licence and what it was trained on. */
import { MODEL_NOTICES } from '../models/model_notices.js';
import { formatBytes, formatPercent } from './format_figures.js';
import { newElement, pageElement } from './page_element.js';

export function setUpAbout() {
  const dialog = /** @type {HTMLDialogElement} */ (pageElement('about'));
  pageElement('about_models').replaceChildren(...MODEL_NOTICES.map(modelEntry));
  pageElement('about_open').addEventListener('click', () => dialog.showModal());
  pageElement('about_close').addEventListener('click', () => dialog.close());
  // A click beside the dialog's content is one on the dialog itself.
  dialog.addEventListener('click', (event) => event.target === dialog && dialog.close());
}

/** @param {{ name: string, title: string, notice: string }} model */
function modelEntry({ name, title, notice }) {
  const entry = newElement('li', 'about_model');
  entry.dataset.model = name;
  entry.append(newElement('h3', '', title), newElement('p', 'about_figures figures', figuresOf(name)), newElement('p', 'about_notice', notice));
  return entry;
}

/** @param {string} name @returns {string} as '97.3 % of 400 test examples · 36 KB · Apache-2.0' */
function figuresOf(name) {
  const bundled = BUNDLED_MODELS[name];
  if (!bundled) return 'not in this build';
  const { accuracy, testExamples, bytes, licence } = bundled.card ?? {};
  const parts = [];
  if (accuracy !== undefined) parts.push(`${formatPercent(accuracy)} right` + (testExamples ? ` of ${testExamples} test examples` : ''));
  parts.push(formatBytes(bytes ?? bundled.bytes));
  if (licence) parts.push(licence);
  return parts.join(' · ');
}
