/** The page's own examples as buttons: pictures as small pictures, sounds and sentences as text. */
import { newElement } from './page_element.js';

/** @typedef {{ url: string, label: string }} Sample */

/**
 * @param {HTMLElement} strip gets a button for each sample
 * @param {readonly Sample[]} samples none: the strip stays hidden
 * @param {'picture' | 'sound'} kind
 * @param {(file: File) => void} onFile
 */
export function fillSampleStrip(strip, samples, kind, onFile) {
  const list = /** @type {HTMLElement} */ (strip.querySelector('.samples'));
  for (const { url, label } of samples) {
    const button = sampleButton(label);
    if (kind === 'picture') {
      const image = document.createElement('img');
      Object.assign(image, { src: url, alt: '', width: 48, height: 48, className: 'sample_thumb' });
      button.classList.add('sample_picture_button');
      button.replaceChildren(image, newElement('span', 'visually_hidden', `Sample: ${label}`));
    }
    button.addEventListener('click', async () => {
      const blob = await (await fetch(url)).blob();
      onFile(new File([blob], label, { type: blob.type }));
    });
    list.append(button);
  }
  strip.hidden = samples.length === 0;
}

/**
 * @param {string} label
 * @returns {HTMLButtonElement} with the label, also as data-sample
 */
export function sampleButton(label) {
  const button = /** @type {HTMLButtonElement} */ (newElement('button', 'button sample_chip', label));
  button.type = 'button';
  button.dataset.sample = label;
  return button;
}
