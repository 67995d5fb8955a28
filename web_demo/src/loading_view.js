/** The progress of loading a model: bar, phase, bytes and percent. */
import { formatProgress } from './format_figures.js';
import { pageElement } from './page_element.js';

/** @typedef {{ phase: string, loaded: number, total: number, file?: string }} Progress */

const panel = pageElement('loading');
const lane = pageElement('swim_lane');
const bar = /** @type {HTMLProgressElement} */ (pageElement('progress'));
const phaseElement = pageElement('loading_phase');
const figures = pageElement('loading_figures');

/** @type {Record<string, string>} */
const PHASE_TEXTS = {
  runtime: 'Starting the engine',
  manifest: 'Reading the model’s manifest',
  download: 'Downloading the model',
  cache: 'Reading the model from this device',
  decode: 'Unpacking the model',
  prepare: 'Getting ready',
};

export function showLoading() {
  bar.removeAttribute('value');
  lane.style.setProperty('--done', '0');
  phaseElement.textContent = 'Preparing';
  figures.textContent = '';
  panel.hidden = false;
}

/** @param {Progress} progress */
export function updateLoading({ phase, loaded, total }) {
  phaseElement.textContent = PHASE_TEXTS[phase] ?? 'Loading the model';
  panel.dataset.phase = phase;
  if (total <= 0) return;
  const done = Math.min(loaded / total, 1);
  bar.value = 100 * done;
  lane.style.setProperty('--done', done.toFixed(4));
  figures.textContent = `${formatProgress(loaded, total)} · ${Math.floor(100 * done)} %`;
}

export function hideLoading() {
  panel.hidden = true;
}
