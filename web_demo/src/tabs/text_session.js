/** Texts in, classes out, while they are typed. */
import { latestOnly } from '../inputs/latest_only.js';
import { partOf } from '../views/page_element.js';
import { isAbort } from './tab_model.js';

/** @typedef {import('./tab_model.js').TabModel} TabModel */

export class TextSession {
  #input;
  #modelFor;
  #look = latestOnly((/** @type {string} */ text) => this.#lookAt(text));

  /**
   * @param {Element} panel
   * @param {(text: string) => TabModel | null} modelFor the model that reads a text; null: there is none
   */
  constructor(panel, modelFor) {
    this.#modelFor = modelFor;
    this.#input = /** @type {HTMLTextAreaElement} */ (partOf(panel, 'text'));
    this.#input.addEventListener('input', () => this.#look(this.#input.value));
  }

  get text() {
    return this.#input.value;
  }

  /** @param {string} text takes the place of what was typed */
  set text(text) {
    this.#input.value = text;
    this.#look(text);
  }

  /** A model has come, or another one is in charge now. */
  goOn() {
    this.#look(this.#input.value);
  }

  /** @param {string} text */
  async #lookAt(text) {
    const model = this.#modelFor(text);
    if (!model?.ready) return;
    const { card, recognizer } = model;
    card.error.hide();
    if (text.trim() === '') {
      card.results.clear();
      card.status.set('ready', 'Type a sentence, or tap one of ours.');
      return;
    }
    try {
      const { results, ms } = await recognizer.look(text);
      card.latency.push(ms);
      card.show(results, ms, { live: true, source: text });
      card.status.set('done', 'This is about:');
    } catch (error) {
      if (isAbort(error)) return;
      card.results.clear();
      model.fail(error, 'look', () => model.reloadThen(() => this.goOn()));
    }
  }
}
