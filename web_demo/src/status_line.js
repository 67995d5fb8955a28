/** The one line that says what the page is doing; screen readers hear each change. */
import { pageElement } from './page_element.js';

/** @typedef {'starting' | 'loading' | 'ready' | 'looking' | 'done' | 'live' | 'failed'} Status */

const line = pageElement('status');

/** @param {Status} state @param {string} text */
export function setStatus(state, text) {
  line.dataset.state = state;
  if (line.textContent !== text) line.textContent = text;
}
