/** What the stage shows: nothing, a picture, or the camera. */
import { pageElement } from './page_element.js';

const stage = pageElement('stage');
const empty = pageElement('stage_empty');
const photo = /** @type {HTMLImageElement} */ (pageElement('photo'));
const video = /** @type {HTMLVideoElement} */ (pageElement('video'));
const liveMark = pageElement('live_mark');
const cameraStart = pageElement('camera_start');
const cameraStop = pageElement('camera_stop');

/** @param {'nothing' | 'photo' | 'camera'} what */
function show(what) {
  stage.dataset.showing = what;
  empty.hidden = what !== 'nothing';
  photo.hidden = what !== 'photo';
  video.hidden = what !== 'camera';
  liveMark.hidden = what !== 'camera';
}

export function showNothing() {
  forgetPhoto();
  show('nothing');
}

/** @param {File} file */
export function showPhoto(file) {
  forgetPhoto();
  photo.src = URL.createObjectURL(file);
  photo.alt = `Chosen picture: ${file.name || 'without a name'}`;
  show('photo');
}

function forgetPhoto() {
  if (photo.src) URL.revokeObjectURL(photo.src);
  photo.removeAttribute('src');
}

/** @param {boolean} running */
export function showCamera(running) {
  if (running) {
    forgetPhoto();
    show('camera');
  } else if (stage.dataset.showing === 'camera') {
    show('nothing');
  }
  const hadFocus = document.activeElement === cameraStart || document.activeElement === cameraStop;
  cameraStart.hidden = running;
  cameraStop.hidden = !running;
  // One button takes the other's place: the focus must not fall back to the page's top.
  if (hadFocus) (running ? cameraStop : cameraStart).focus();
}
