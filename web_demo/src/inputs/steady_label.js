/** One answer for the eye out of a camera's many: a class is shown after it was the best several times running. */

/** Times running, so that a flicker between two signs shows neither. */
const TIMES = 3;
const MIN_SCORE = 0.5;

export class SteadyLabel {
  #candidate = '';
  #times = 0;
  #shown = '';

  /**
   * @param {string} label of the best class
   * @param {number} score
   * @returns {string} what is to be shown; '' for nothing yet
   */
  push(label, score) {
    if (score < MIN_SCORE) this.#times = 0;
    else this.#times = label === this.#candidate ? this.#times + 1 : 1;
    this.#candidate = label;
    if (this.#times >= TIMES) this.#shown = label;
    return this.#shown;
  }

  reset() {
    this.#candidate = this.#shown = '';
    this.#times = 0;
  }
}

/**
 * By convention a package has a class for everything it was not made for: it is no sign, word or topic of its own.
 * @param {string} label
 */
export function isNoneOfThem(label) {
  return /^(other|unknown|silence|background|none|no |out of )/i.test(label);
}
