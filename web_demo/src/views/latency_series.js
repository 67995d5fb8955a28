/** How long the last inferences took, as a line and its median. No page here: the picture is latency_chart.js. */

/** As many inferences are remembered. */
export const REMEMBERED = 60;

export class LatencySeries {
  /** @type {number[]} */
  #times = [];

  /** @param {number} ms of one inference; what is no time is left out */
  push(ms) {
    if (!(ms >= 0)) return;
    this.#times.push(ms);
    if (this.#times.length > REMEMBERED) this.#times.shift();
  }

  clear() {
    this.#times = [];
  }

  get count() {
    return this.#times.length;
  }

  /** Of the remembered times, in milliseconds; 0 where there is none. */
  get median() {
    const sorted = [...this.#times].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    if (sorted.length === 0) return 0;
    return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /**
   * Points of a line, the newest at the right edge, 0 ms at the bottom, the slowest (at least twice the median,
   * so that an even line lies in the middle) at the top.
   * @param {number} width
   * @param {number} height
   * @returns {{ points: [number, number][], medianY: number }}
   */
  plot(width, height) {
    const top = Math.max(2 * this.median, ...this.#times, Number.MIN_VALUE);
    const y = (/** @type {number} */ ms) => height * (1 - ms / top);
    const first = REMEMBERED - this.#times.length;
    const points = this.#times.map((ms, i) => /** @type {[number, number]} */ ([((first + i) * width) / (REMEMBERED - 1), y(ms)]));
    return { points, medianY: y(this.median) };
  }
}
