/** The one line that says what a tab is doing; screen readers hear each change. */
import { partOf } from './page_element.js';

/** @typedef {'starting' | 'loading' | 'ready' | 'looking' | 'done' | 'live' | 'failed'} Status */

export class StatusLine {
  #line;

  /** @param {Element} root of the card */
  constructor(root) {
    this.#line = partOf(root, 'status');
  }

  /** @param {Status} state @param {string} text */
  set(state, text) {
    this.#line.dataset.state = state;
    if (this.#line.textContent !== text) this.#line.textContent = text;
  }
}
