/** Makes one decision of the scores of many overlapping windows. */

export class ScoreSmoother {
  #smoothing;
  #threshold;
  #suppressSeconds;
  /** @type {Float32Array | undefined} */
  #average;
  /** When each class was heard last. @type {Map<number, number>} */
  #heardAt = new Map();

  /** @param {{ smoothing?: number, threshold?: number, suppressMs?: number }} [options] as in StreamOptions */
  constructor({ smoothing = 0.5, threshold = 0.5, suppressMs = 1000 } = {}) {
    this.#smoothing = smoothing;
    this.#threshold = threshold;
    this.#suppressSeconds = suppressMs / 1000;
  }

  /**
   * @param {Float32Array} scores of a window
   * @param {number} time of its end, in seconds
   * @returns {{ scores: Float32Array, isNew: boolean }} isNew: the best class is heard, and was not within suppressMs before
   */
  push(scores, time) {
    const past = this.#average;
    const keep = this.#smoothing;
    const average = past ? scores.map((score, i) => keep * past[i] + (1 - keep) * score) : scores.slice();
    this.#average = average;
    const best = average.indexOf(Math.max(...average));
    const isHeard = average[best] >= this.#threshold;
    const isNew = isHeard && time - (this.#heardAt.get(best) ?? -Infinity) >= this.#suppressSeconds;
    if (isHeard) this.#heardAt.set(best, time);
    return { scores: average, isNew };
  }
}
