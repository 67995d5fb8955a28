/** The progress of loading a model: bar, phase, bytes and percent. */
import { formatProgress } from './format_figures.js';
import { partOf } from './page_element.js';

/** @typedef {{ phase: string, loaded: number, total: number, file?: string }} Progress */

/** @type {Record<string, string>} */
const PHASE_TEXTS = {
  runtime: 'Starting the engine',
  manifest: 'Reading the model’s manifest',
  download: 'Downloading the model',
  cache: 'Reading the model from this device',
  waiting: 'No network: waiting for it',
  prepare: 'Getting ready',
};

export class LoadingView {
  #panel;
  #lane;
  #bar;
  #phase;
  #figures;

  /** @param {Element} root of the card */
  constructor(root) {
    this.#panel = partOf(root, 'loading');
    this.#lane = partOf(root, 'swim_lane');
    this.#bar = /** @type {HTMLProgressElement} */ (partOf(root, 'progress'));
    this.#phase = partOf(root, 'loading_phase');
    this.#figures = partOf(root, 'loading_figures');
  }

  show() {
    this.#bar.removeAttribute('value');
    this.#lane.style.setProperty('--done', '0');
    this.#phase.textContent = 'Preparing';
    this.#figures.textContent = '';
    this.#panel.hidden = false;
  }

  /** @param {Progress} progress */
  update({ phase, loaded, total }) {
    this.#phase.textContent = PHASE_TEXTS[phase] ?? 'Loading the model';
    this.#panel.dataset.phase = phase;
    if (total <= 0) return;
    const done = Math.min(loaded / total, 1);
    this.#bar.value = 100 * done;
    this.#lane.style.setProperty('--done', done.toFixed(4));
    this.#figures.textContent = `${formatProgress(loaded, total)} · ${Math.floor(100 * done)} %`;
  }

  hide() {
    this.#panel.hidden = true;
  }
}
