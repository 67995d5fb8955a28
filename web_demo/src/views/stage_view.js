/** What a picture's stage shows: nothing, a picture, or the camera. */
import { partOf } from './page_element.js';

export class StageView {
  #stage;
  #empty;
  #photo;
  #liveMark;
  #cameraStart;
  #cameraStop;

  /** @param {Element} panel of the tab */
  constructor(panel) {
    this.#stage = partOf(panel, 'stage');
    this.#empty = partOf(panel, 'stage_empty');
    this.#photo = /** @type {HTMLImageElement} */ (partOf(panel, 'photo'));
    this.#liveMark = partOf(panel, 'live_mark');
    this.#cameraStart = partOf(panel, 'camera_start');
    this.#cameraStop = partOf(panel, 'camera_stop');
    this.video = /** @type {HTMLVideoElement} */ (partOf(panel, 'video'));
  }

  /** @param {'nothing' | 'photo' | 'camera'} what */
  #show(what) {
    this.#stage.dataset.showing = what;
    this.#empty.hidden = what !== 'nothing';
    this.#photo.hidden = what !== 'photo';
    this.video.hidden = what !== 'camera';
    this.#liveMark.hidden = what !== 'camera';
  }

  showNothing() {
    this.#forgetPhoto();
    this.#show('nothing');
  }

  /** @param {File} file */
  showPhoto(file) {
    this.#forgetPhoto();
    this.#photo.src = URL.createObjectURL(file);
    this.#photo.alt = `Chosen picture: ${file.name || 'without a name'}`;
    this.#show('photo');
  }

  #forgetPhoto() {
    if (this.#photo.src) URL.revokeObjectURL(this.#photo.src);
    this.#photo.removeAttribute('src');
  }

  /** @param {boolean} running */
  showCamera(running) {
    if (running) {
      this.#forgetPhoto();
      this.#show('camera');
    } else if (this.#stage.dataset.showing === 'camera') {
      this.#show('nothing');
    }
    swapButtons(this.#cameraStart, this.#cameraStop, running);
  }
}

/**
 * One button takes the other's place: the focus must not fall back to the page's top.
 * @param {HTMLElement} start
 * @param {HTMLElement} stop
 * @param {boolean} running
 */
export function swapButtons(start, stop, running) {
  const hadFocus = document.activeElement === start || document.activeElement === stop;
  start.hidden = running;
  stop.hidden = !running;
  if (hadFocus) (running ? stop : start).focus();
}
