/** What a sentence is about, in English or Chinese, while it is typed. */
import { languageOf } from '../inputs/text_language.js';
import { EXAMPLES } from '../models/example_sentences.js';
import { isBundled } from '../models/bundled_models.js';
import { fromTemplate, partOf } from '../views/page_element.js';
import { RecognitionCard } from '../views/recognition_card.js';
import { sampleButton } from '../views/sample_strip.js';
import { bundledModel, showMissing } from './tab_model.js';
import { TextSession } from './text_session.js';

/** @typedef {import('../inputs/text_language.js').Language} Language */

/** @type {Record<Language, string>} */
const NAMES = { en: 'intents', zh: 'intents_zh' };

/** @param {HTMLElement} panel @param {import('./tab_model.js').OfflineKeeper} keeper @returns {import('./tab.js').Tab} */
export function createReadTab(panel, keeper) {
  partOf(panel, 'input').replaceWith(fromTemplate('text_template'));
  const tab = new ReadTab(panel, keeper);
  tab.choose('en');
  return { hide() {}, takeFiles: (files) => tab.takeFiles(files) };
}

class ReadTab {
  #panel;
  #keeper;
  #card;
  #session;
  /** @type {Map<Language, import('./tab_model.js').TabModel | null>} */
  #models = new Map();
  /** @type {Language | ''} */
  #language = '';

  /** @param {HTMLElement} panel @param {import('./tab_model.js').OfflineKeeper} keeper */
  constructor(panel, keeper) {
    this.#panel = panel;
    this.#keeper = keeper;
    this.#card = new RecognitionCard(panel);
    this.#session = new TextSession(panel, (text) => this.#modelFor(text));
    for (const input of this.#radios()) input.addEventListener('change', () => this.#chooseByHand(/** @type {Language} */ (input.value)));
  }

  /** Shows a language's examples and model; loads the model at its first turn. @param {Language} language */
  choose(language) {
    if (language === this.#language) return;
    this.#language = language;
    for (const input of this.#radios()) input.checked = input.value === language;
    this.#showExamples(language);
    this.#card.latency.clear();
    this.#card.results.clear();
    const known = this.#models.get(language);
    if (known?.ready) known.showReady();
    else if (known === undefined) this.#loadModel(language);
    else if (known === null) showMissing(this.#card, NAMES[language]);
  }

  /** The first line of a dropped text file. @param {File[]} files */
  async takeFiles([file]) {
    if (file) this.#session.text = (await file.slice(0, 4096).text()).split('\n')[0];
  }

  /** @param {Language} language */
  #loadModel(language) {
    const model = bundledModel(this.#card, this.#keeper, NAMES[language], {
      tasks: ['text-classification'],
      readyText: () => 'Type a sentence, or tap one of ours.',
      onReady: () => this.#showInFront(),
    });
    this.#models.set(language, model);
    model?.load();
  }

  /** One model was loaded, perhaps while the other one took the card over. */
  #showInFront() {
    const model = this.#language && this.#models.get(this.#language);
    if (model && model.ready) model.showReady();
    this.#session.goOn();
  }

  /** A text of the other language would turn the switch back at once. @param {Language} language */
  #chooseByHand(language) {
    if (languageOf(this.#session.text, language) !== language) this.#session.text = '';
    this.choose(language);
    this.#session.goOn();
  }

  /** @param {string} text */
  #modelFor(text) {
    this.choose(languageOf(text, this.#language || 'en'));
    return this.#models.get(/** @type {Language} */ (this.#language)) ?? null;
  }

  /** @param {Language} language */
  #showExamples(language) {
    const strip = partOf(this.#panel, 'samples');
    const buttons = EXAMPLES[language].map((sentence) => {
      const button = sampleButton(sentence);
      button.lang = language;
      button.addEventListener('click', () => (this.#session.text = sentence));
      return button;
    });
    /** @type {HTMLElement} */ (strip.querySelector('.samples')).replaceChildren(...buttons);
    strip.hidden = !isBundled(NAMES[language]);
  }

  /** @returns {HTMLInputElement[]} */
  #radios() {
    return [.../** @type {NodeListOf<HTMLInputElement>} */ (this.#panel.querySelectorAll('input[name=language]'))];
  }
}
