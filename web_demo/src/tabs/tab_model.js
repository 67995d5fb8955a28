/** A tab's model and its card: loading with progress, advice for failures, keeping for offline. */
import { adviceFor, missingModelAdvice } from '../advice/error_advice.js';
import { bundledUrl, isBundled } from '../models/bundled_models.js';
import { likelyFirst, rememberTask } from '../models/package_task.js';
import { Recognizer } from '../models/recognizer.js';

/** @typedef {import('../models/recognizer.js').ClassifierTask} ClassifierTask */
/** @typedef {import('../offline/offline_keeper.js').OfflineKeeper} OfflineKeeper */
/** @typedef {import('../views/recognition_card.js').RecognitionCard} RecognitionCard */

/**
 * Where a model comes from.
 * @typedef {object} Source
 * @property {string} url of the package; for one from files, what to call it
 * @property {import('minnow').MemoryPackage} [files]
 * @property {boolean} [isDefault] nobody asked for another one
 */

/**
 * @typedef {object} TabModelOptions
 * @property {readonly ClassifierTask[]} tasks
 * @property {(model: TabModel) => string} readyText the status line once the model is there
 * @property {(model: TabModel) => void} [onReady]
 * @property {(isKept: boolean) => void} [onKept] whether it works without a network, a file's model never
 */

export class TabModel {
  recognizer = new Recognizer();
  #keeper;
  /** @type {Source} */
  #source;
  #options;
  /** A newer load() has taken over from an older one where this has moved on. */
  #turn = 0;

  /** @param {RecognitionCard} card @param {OfflineKeeper} keeper @param {Source} source @param {TabModelOptions} options */
  constructor(card, keeper, source, options) {
    this.card = card;
    this.#keeper = keeper;
    this.#source = source;
    this.#options = options;
  }

  get ready() {
    return this.recognizer.ready;
  }

  get source() {
    return this.#source;
  }

  /** @param {Source} source of the next load() */
  set source(source) {
    this.#source = source;
  }

  async load() {
    const { card, recognizer, source } = this;
    const turn = ++this.#turn;
    card.error.hide();
    card.facts.hide();
    card.latency.clear();
    card.loading.show();
    card.status.set('loading', 'Loading the model');
    try {
      const { tasks } = this.#options;
      const likely = tasks.length > 1 ? await likelyFirst(source, tasks) : tasks;
      if (turn !== this.#turn) return;
      await recognizer.load(source.files ?? source.url, likely, (progress) => {
        if (turn === this.#turn) card.loading.update(progress);
      });
    } catch (error) {
      if (turn !== this.#turn) return;
      card.loading.hide();
      this.fail(error, 'load', () => this.load());
      return;
    }
    if (turn !== this.#turn) return;
    if (!source.files) rememberTask(source.url, recognizer.task);
    this.showReady();
    this.#options.onReady?.(this);
    this.#keep(turn);
  }

  /** Goes on behind load(): nobody waits for it. @param {number} turn */
  async #keep(turn) {
    const { recognizer, source } = this;
    const { variant } = recognizer.facts;
    const isKept = await this.#keeper.keep(source.files ? null : source.url, variant, recognizer.task !== 'image-classification');
    if (turn === this.#turn) this.#options.onKept?.(isKept && !source.files);
  }

  /** Shows the card of a model that is there, also when it has shared the card with another one. */
  showReady() {
    panelOf(this.card)?.classList.remove('has_no_model');
    this.card.loading.hide();
    this.card.error.hide();
    this.card.facts.showModel(this.recognizer.facts);
    this.card.status.set('ready', this.#options.readyText(this));
  }

  /**
   * After a failed run the engine may be in any state: a new one comes from this device in a moment.
   * @param {() => void} action
   */
  async reloadThen(action) {
    await this.load();
    if (this.ready) action();
  }

  /**
   * @param {unknown} error
   * @param {import('../advice/error_advice.js').FailedTask['task']} task
   * @param {() => void} retry
   * @param {{ inputName?: string, chooseAnother?: () => void }} [input] chooseAnother: for inputs that cannot be read
   */
  fail(error, task, retry, { inputName, chooseAnother } = {}) {
    const { url, isDefault = false, files } = this.source;
    const failed = { task, packageUrl: url, isDefaultPackage: isDefault, isFromFiles: files !== undefined, inputName };
    const advice = adviceFor(error, failed);
    // The panel is an alert by itself: the status line stays silent.
    this.card.status.set('failed', '');
    const isInputsFault = advice.kind.startsWith('wrong_') && task === 'look';
    this.card.error.show(advice, (isInputsFault && chooseAnother) || retry, { scroll: task !== 'load' });
    if (task === 'load') this.#keeper.giveUp();
    return advice;
  }
}

/**
 * The model that the page brings for a tab.
 * @param {RecognitionCard} card
 * @param {OfflineKeeper} keeper
 * @param {string} name
 * @param {TabModelOptions} options
 * @returns {TabModel | null} null: the page was built without it, and the card says so
 */
export function bundledModel(card, keeper, name, options) {
  if (isBundled(name)) return new TabModel(card, keeper, { url: bundledUrl(name) }, options);
  showMissing(card, name);
  keeper.giveUp();
  return null;
}

/** @param {RecognitionCard} card @param {string} name */
export function showMissing(card, name) {
  panelOf(card)?.classList.add('has_no_model');
  card.loading.hide();
  card.facts.hide();
  card.status.set('failed', '');
  card.error.show(missingModelAdvice(name), () => undefined, { scroll: false });
}

/** @param {RecognitionCard} card */
function panelOf({ root }) {
  return root.closest('.panel');
}

/** @param {unknown} error */
export function isAbort(error) {
  return error instanceof DOMException && error.name === 'AbortError';
}
