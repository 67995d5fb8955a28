/** Pictures in, classes out: photos by file, drop and paste, and the camera's live view. */
import { listenForChoice } from '../inputs/incoming_files.js';
import { LiveCamera } from '../inputs/live_camera.js';
import { partOf } from '../views/page_element.js';
import { StageView } from '../views/stage_view.js';
import { isAbort } from './tab_model.js';

/** @typedef {import('../views/results_view.js').Result} Result */

/** Live results change no faster than an eye can follow. */
const SHOW_LIVE_EVERY_MS = 150;

/**
 * @typedef {object} PictureSessionOptions
 * @property {'environment' | 'user'} facing which camera
 * @property {(video: HTMLVideoElement) => HTMLVideoElement | HTMLCanvasElement} [frameOf] what of a frame is looked at
 * @property {(results: readonly Result[], isLive: boolean) => void} [onSeen] each result, shown or not
 * @property {() => void} [onStart] something new is about to be looked at
 */

export class PictureSession {
  #model;
  #options;
  #stage;
  #camera;
  #fileInput;
  /** Chosen before the model was there, or the one whose look failed. @type {File | null} */
  #waiting = null;

  /** @param {Element} panel @param {import('./tab_model.js').TabModel} model @param {PictureSessionOptions} options */
  constructor(panel, model, options) {
    this.#model = model;
    this.#options = options;
    this.#stage = new StageView(panel);
    this.#camera = new LiveCamera(this.#stage.video);
    this.#fileInput = /** @type {HTMLInputElement} */ (partOf(panel, 'file'));
    const capture = /** @type {HTMLInputElement} */ (partOf(panel, 'capture'));
    for (const input of [this.#fileInput, capture]) listenForChoice(input, ([photo]) => this.lookAt(photo));
    partOf(panel, 'camera_start').hidden = !LiveCamera.available;
    partOf(panel, 'capture_label').hidden = LiveCamera.available;
    partOf(panel, 'camera_start').addEventListener('click', () => this.#startCamera());
    partOf(panel, 'camera_stop').addEventListener('click', () => this.stop());
  }

  /** The model has come: looks at what was chosen meanwhile. */
  goOn() {
    if (this.#waiting) this.lookAt(this.#waiting);
  }

  /** @param {File} photo */
  async lookAt(photo) {
    const { card, recognizer } = this.#model;
    this.stop();
    this.#options.onStart?.();
    this.#stage.showPhoto(photo);
    if (!recognizer.ready) {
      this.#waiting = photo;
      return;
    }
    this.#waiting = null;
    card.error.hide();
    card.results.markStale();
    card.status.set('looking', 'Looking');
    try {
      const { results, ms } = await recognizer.look(photo);
      card.latency.push(ms);
      card.show(results, ms, { source: photo.name });
      card.status.set('done', photo.name ? `In ${photo.name}:` : 'In your picture:');
      this.#options.onSeen?.(results, false);
    } catch (error) {
      if (isAbort(error)) return;
      card.results.clear();
      const retry = () => this.#model.reloadThen(() => this.lookAt(photo));
      const chooseAnother = () => this.#fileInput.click();
      const advice = this.#model.fail(error, 'look', retry, { inputName: photo.name, chooseAnother });
      if (advice.kind === 'wrong_image') this.#stage.showNothing();
    }
  }

  /** Nothing chosen any more. */
  clear() {
    this.stop();
    this.#waiting = null;
    this.#stage.showNothing();
  }

  async #startCamera() {
    const { card, recognizer } = this.#model;
    card.error.hide();
    try {
      await this.#camera.start(this.#options.facing, () => this.stop());
    } catch (error) {
      this.#model.fail(error, 'camera', () => this.#startCamera());
      return;
    }
    this.#waiting = null;
    this.#options.onStart?.();
    this.#stage.showCamera(true);
    card.results.markStale();
    if (recognizer.ready) card.status.set('live', 'In front of the camera:');
    try {
      await this.#watch();
    } catch (error) {
      if (isAbort(error)) return;
      this.stop();
      const retry = () => this.#model.reloadThen(() => this.#startCamera());
      this.#model.fail(error, 'look', retry, { inputName: 'the camera' });
    }
  }

  async #watch() {
    const { card, recognizer } = this.#model;
    const { frameOf = (video) => video, onSeen } = this.#options;
    let shownAt = 0;
    await this.#camera.watch(async (frame) => {
      if (!recognizer.ready) return;
      const { results, ms } = await recognizer.look(frameOf(frame));
      if (!this.#camera.running) return;
      card.latency.push(ms);
      onSeen?.(results, true);
      if (performance.now() - shownAt < SHOW_LIVE_EVERY_MS) return;
      shownAt = performance.now();
      card.show(results, ms, { live: true, source: 'camera' });
      card.status.set('live', 'In front of the camera:');
    });
  }

  /** Ends the camera: its light must go out when nobody looks. */
  stop() {
    if (!this.#camera.running) return;
    this.#camera.stop();
    this.#stage.showCamera(false);
    this.#options.onStart?.();
    if (this.#model.ready) this.#model.card.status.set('done', 'Last seen by the camera:');
  }
}
