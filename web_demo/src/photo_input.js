/**
 * Where pictures come from, the camera's live view apart: the file button, the capture fallback,
 * drag-and-drop anywhere on the page, paste, and the page's own drawing.
 */
import { focusResults, pageElement } from './page_element.js';

const SAMPLE = 'art/sample_balloon.webp';

/**
 * @param {object} handlers
 * @param {(photo: File) => void} handlers.onPhoto
 * @param {() => void} handlers.onNoPhoto something was dropped that is no file
 */
export function listenForPhotos({ onPhoto, onNoPhoto }) {
  for (const id of ['file', 'capture']) {
    const input = /** @type {HTMLInputElement} */ (pageElement(id));
    input.addEventListener('change', () => {
      const photo = input.files?.[0];
      if (photo) onPhoto(photo);
      // Otherwise choosing the same file again would be no change, and nothing would happen.
      input.value = '';
    });
  }

  document.addEventListener('paste', (event) => {
    const photo = event.clipboardData?.files[0];
    if (!photo) return;
    event.preventDefault();
    onPhoto(photo);
  });

  pageElement('sample').addEventListener('click', async () => {
    const drawing = await (await fetch(SAMPLE)).blob();
    onPhoto(new File([drawing], 'our drawing', { type: drawing.type }));
    focusResults();
  });

  listenForDrops(onPhoto, onNoPhoto);
}

/**
 * @param {(photo: File) => void} onPhoto
 * @param {() => void} onNoPhoto
 */
function listenForDrops(onPhoto, onNoPhoto) {
  const stage = pageElement('stage');
  // dragenter and dragleave fire for every element passed: only their balance says whether the
  // pointer is still over the page.
  let depth = 0;
  /** @param {number} value */
  const setDepth = (value) => {
    depth = Math.max(0, value);
    stage.classList.toggle('is_drop_target', depth > 0);
  };
  document.addEventListener('dragenter', () => setDepth(depth + 1));
  document.addEventListener('dragleave', () => setDepth(depth - 1));
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    setDepth(0);
    const photo = event.dataTransfer?.files[0];
    if (photo) onPhoto(photo);
    else onNoPhoto();
  });
}
