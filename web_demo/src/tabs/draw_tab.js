/** A drawing, recognised while it is drawn. */
import { drawAsInput } from '../inputs/drawing.js';
import { DrawingPad } from '../inputs/drawing_pad.js';
import { latestOnly } from '../inputs/latest_only.js';
import { samplesOf } from '../models/bundled_models.js';
import { partOf } from '../views/page_element.js';
import { RecognitionCard } from '../views/recognition_card.js';
import { fillSampleStrip } from '../views/sample_strip.js';
import { bundledModel, isAbort } from './tab_model.js';

const NAME = 'doodles';

/** @param {HTMLElement} panel @param {import('./tab_model.js').OfflineKeeper} keeper @returns {import('./tab.js').Tab} */
export function createDrawTab(panel, keeper) {
  const card = new RecognitionCard(panel);
  const model = bundledModel(card, keeper, NAME, {
    tasks: ['image-classification'],
    readyText: ({ recognizer }) => `Ready. Draw one of these: ${recognizer.info.labels.join(', ')}.`,
    onReady: () => session?.goOn(),
  });
  const session = model && new DrawSession(panel, model);
  fillSampleStrip(partOf(panel, 'samples'), samplesOf(NAME), 'picture', (file) => session?.lookAt(file));
  model?.load();
  return {
    hide() {},
    takeFiles: ([picture]) => picture && session?.lookAt(picture),
  };
}

class DrawSession {
  #panel;
  #model;
  #pad;
  /** What the model sees, also shown small. */
  #seen;
  #look = latestOnly(() => this.#lookAtDrawing());
  /** A finished picture on the pad. */
  #sample;
  /** Chosen before the model was there. @type {File | null} */
  #waiting = null;

  /** @param {Element} panel @param {import('./tab_model.js').TabModel} model */
  constructor(panel, model) {
    this.#panel = panel;
    this.#model = model;
    this.#seen = /** @type {HTMLCanvasElement} */ (partOf(panel, 'seen'));
    this.#sample = /** @type {HTMLImageElement} */ (partOf(panel, 'pad_sample'));
    this.#pad = new DrawingPad(/** @type {HTMLCanvasElement} */ (partOf(panel, 'pad')), () => this.#changed());
    partOf(panel, 'undo').addEventListener('click', () => this.#pad.undo());
    partOf(panel, 'clear').addEventListener('click', () => this.#pad.clear());
    this.#changed();
  }

  /** The model has come. */
  goOn() {
    const { image } = this.#model.recognizer.info.inputs[0];
    if (image) [this.#seen.width, this.#seen.height] = [image.width, image.height];
    if (this.#waiting) this.lookAt(this.#waiting);
    else this.#look(undefined);
  }

  /** A finished picture: ink in white on black, as the model knows it. @param {File} picture */
  async lookAt(picture) {
    this.#pad.clear();
    if (!this.#model.ready) {
      this.#waiting = picture;
      return;
    }
    this.#waiting = null;
    try {
      await this.#showSample(picture);
      await this.#classify(picture, picture.name);
    } catch (error) {
      if (!isAbort(error)) this.#fail(error, () => this.lookAt(picture), picture.name);
    }
  }

  #changed() {
    const isEmpty = this.#pad.strokes.length === 0;
    this.#showSample(null);
    for (const name of ['undo', 'clear']) /** @type {HTMLButtonElement} */ (partOf(this.#panel, name)).disabled = isEmpty;
    partOf(this.#panel, 'pad_hint').hidden = !isEmpty;
    if (!this.#model.ready) return;
    if (isEmpty) {
      partOf(this.#panel, 'seen_figure').hidden = true;
      partOf(this.#panel, 'guess').textContent = '';
      this.#model.card.results.clear();
      this.#model.showReady();
    } else {
      this.#look(undefined);
    }
  }

  async #lookAtDrawing() {
    if (!this.#model.ready || this.#pad.strokes.length === 0) return;
    drawAsInput(this.#seen, this.#pad.strokes);
    partOf(this.#panel, 'seen_figure').hidden = false;
    try {
      await this.#classify(this.#seen, 'drawing');
    } catch (error) {
      if (!isAbort(error)) this.#fail(error, () => this.#look(undefined), '');
    }
  }

  /** @param {File | HTMLCanvasElement} picture @param {string} source */
  async #classify(picture, source) {
    const { card, recognizer } = this.#model;
    const { results, ms } = await recognizer.look(picture);
    card.latency.push(ms);
    // Cleared meanwhile: there is nothing to say any more.
    if (source === 'drawing' && this.#pad.strokes.length === 0) return;
    card.error.hide();
    partOf(this.#panel, 'guess').textContent = results[0].label;
    card.show(results, ms, { live: true, source });
    card.status.set('done', source === 'drawing' ? 'This looks like:' : `In ${source}:`);
  }

  /** @param {File | null} picture null: the pad is for strokes again */
  async #showSample(picture) {
    const image = this.#sample;
    if (image.src) URL.revokeObjectURL(image.src);
    image.removeAttribute('src');
    image.hidden = picture === null;
    if (!picture) return;
    image.src = URL.createObjectURL(picture);
    await image.decode();
    this.#seen.getContext('2d')?.drawImage(image, 0, 0, this.#seen.width, this.#seen.height);
    partOf(this.#panel, 'seen_figure').hidden = false;
    partOf(this.#panel, 'pad_hint').hidden = true;
    /** @type {HTMLButtonElement} */ (partOf(this.#panel, 'clear')).disabled = false;
  }

  /** @param {unknown} error @param {() => void} retry @param {string} inputName */
  #fail(error, retry, inputName) {
    this.#model.card.results.clear();
    this.#model.fail(error, 'look', () => this.#model.reloadThen(retry), { inputName });
  }
}
