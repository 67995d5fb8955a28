/** Puts the parts together: pictures in, results out. */
import { adviceFor } from './error_advice.js';
import { hideError, showError } from './error_view.js';
import { hideFacts, showModelFacts, showRunTime } from './facts_view.js';
import { offerInstall } from './install_button.js';
import { LiveCamera } from './live_camera.js';
import { hideLoading, showLoading, updateLoading } from './loading_view.js';
import { setOfflineState, watchNetwork } from './offline_badge.js';
import { deleteModel, isModelStored } from './stored_model.js';
import { completeShell, registerShell } from './offline_shell.js';
import { pageElement } from './page_element.js';
import { listenForPhotos } from './photo_input.js';
import { Recognizer } from './recognizer.js';
import { clearResults, markResultsStale, showResults } from './results_view.js';
import { showCamera, showNothing, showPhoto } from './stage_view.js';
import { setStatus } from './status_line.js';

const DEFAULT_PACKAGE = './models/default/';
/** Live results change no faster than an eye can follow. */
const SHOW_LIVE_EVERY_MS = 150;

const askedPackage = new URLSearchParams(location.search).get('model');
const packageUrl = askedPackage || DEFAULT_PACKAGE;
const recognizer = new Recognizer();
const video = /** @type {HTMLVideoElement} */ (pageElement('video'));
const fileInput = pageElement('file');
const camera = new LiveCamera(video);
const shell = registerShell();
/** @type {File | null} chosen before the model was there, or the one whose look failed */
let waitingPhoto = null;

async function loadModel() {
  hideError();
  hideFacts();
  showLoading();
  setStatus('loading', 'Loading the model');
  try {
    await recognizer.load(packageUrl, updateLoading);
  } catch (error) {
    hideLoading();
    fail(error, 'load', loadModel);
    return;
  }
  hideLoading();
  showModelFacts(recognizer.facts);
  setStatus('ready', 'Ready. Choose a photo to see its five most likely classes.');
  if (waitingPhoto) lookAtPhoto(waitingPhoto);
  keepForOffline();
}

async function keepForOffline() {
  setOfflineState('saving');
  const { wasmUrl } = recognizer.facts;
  const registration = await shell;
  const kept =
    registration !== null && (await completeShell(registration, wasmUrl)) && (await isModelStored(packageUrl));
  setOfflineState(kept ? 'ready' : 'unavailable');
  pageElement('delete_model').hidden = !kept;
}

/** @param {File} photo */
async function lookAtPhoto(photo) {
  stopCamera();
  showPhoto(photo);
  if (!recognizer.ready) {
    waitingPhoto = photo;
    return;
  }
  waitingPhoto = null;
  hideError();
  markResultsStale();
  setStatus('looking', 'Looking');
  try {
    const { results, ms } = await recognizer.look(photo);
    showResults(results, { source: photo.name });
    showRunTime(ms);
    setStatus('done', photo.name ? `In ${photo.name}:` : 'In your picture:');
  } catch (error) {
    if (isAbort(error)) return;
    clearResults();
    const advice = fail(error, 'look', () => reloadThen(() => lookAtPhoto(photo)), photo.name);
    if (advice.kind === 'wrong_image') showNothing();
  }
}

/**
 * After a failed run the engine may be in any state: a new one comes from this device in a moment.
 * @param {() => void} action
 */
async function reloadThen(action) {
  await loadModel();
  if (recognizer.ready) action();
}

async function startCamera() {
  hideError();
  try {
    await camera.start(stopCamera);
  } catch (error) {
    fail(error, 'camera', startCamera);
    return;
  }
  waitingPhoto = null;
  showCamera(true);
  markResultsStale();
  if (recognizer.ready) setStatus('live', 'In front of the camera:');
  let shownAt = 0;
  try {
    await camera.watch(async (frame) => {
      if (!recognizer.ready) return;
      const { results, ms } = await recognizer.look(frame);
      if (!camera.running || performance.now() - shownAt < SHOW_LIVE_EVERY_MS) return;
      shownAt = performance.now();
      showResults(results, { live: true, source: 'camera' });
      showRunTime(ms);
      setStatus('live', 'In front of the camera:');
    });
  } catch (error) {
    if (isAbort(error)) return;
    stopCamera();
    fail(error, 'look', () => reloadThen(startCamera), 'the camera');
  }
}

function stopCamera() {
  if (!camera.running) return;
  camera.stop();
  showCamera(false);
  if (recognizer.ready) setStatus('done', 'Last seen by the camera:');
}

/**
 * @param {unknown} error
 * @param {'load' | 'look' | 'camera'} task
 * @param {() => void} retry
 * @param {string} [pictureName]
 */
function fail(error, task, retry, pictureName) {
  const isDefaultPackage = !askedPackage;
  const advice = adviceFor(error, { task, packageUrl, isDefaultPackage, pictureName });
  // The panel is an alert by itself: the status line stays silent.
  setStatus('failed', '');
  const onRetry = advice.kind === 'wrong_image' ? () => fileInput.click() : retry;
  showError(advice, onRetry, { scroll: task !== 'load' });
  if (task === 'load') setOfflineState('unavailable');
  return advice;
}

/** @param {unknown} error */
function isAbort(error) {
  return error instanceof DOMException && error.name === 'AbortError';
}

pageElement('too_old').remove();
pageElement('camera_start').hidden = !LiveCamera.available;
pageElement('capture_label').hidden = LiveCamera.available;
pageElement('camera_start').addEventListener('click', startCamera);
pageElement('camera_stop').addEventListener('click', stopCamera);
pageElement('delete_model').addEventListener('click', async () => {
  await deleteModel(packageUrl);
  location.reload();
});
// Nobody looks at a hidden page: the camera's light must go out.
document.addEventListener('visibilitychange', () => {
  if (document.hidden) stopCamera();
});
listenForPhotos({ onPhoto: lookAtPhoto, onNoPhoto: () => setStatus('ready', 'That was no file. Drop a photo.') });
offerInstall();
watchNetwork();
loadModel();
