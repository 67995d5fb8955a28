/** The last inferences' times as a small line, with their median. */
import { formatTime } from './format_figures.js';
import { LatencySeries } from './latency_series.js';
import { partOf } from './page_element.js';

/** The drawing's own units; it is stretched to its place. */
const WIDTH = 240;
const HEIGHT = 40;

export class LatencyChart {
  #series = new LatencySeries();
  #root;
  #line;
  #medianLine;

  /** @param {Element} root of the card */
  constructor(root) {
    this.#root = root;
    this.#line = partOf(root, 'latency_line');
    this.#medianLine = partOf(root, 'latency_median_line');
  }

  /** @param {number} ms of one inference */
  push(ms) {
    this.#series.push(ms);
    const { points, medianY } = this.#series.plot(WIDTH, HEIGHT);
    // A single point would be no line.
    const drawn = points.length === 1 ? [[points[0][0] - 2, points[0][1]], points[0]] : points;
    this.#line.setAttribute('points', drawn.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' '));
    for (const edge of ['y1', 'y2']) this.#medianLine.setAttribute(edge, medianY.toFixed(1));
    const { median, count } = this.#series;
    const figure = partOf(this.#root, 'latency');
    figure.dataset.count = String(count);
    figure.dataset.median = String(median);
    partOf(this.#root, 'latency_median').textContent = formatTime(median);
    partOf(this.#root, 'latency_count').textContent = count === 1 ? 'one inference' : `last ${count} inferences`;
    figure.hidden = false;
  }

  clear() {
    this.#series.clear();
    partOf(this.#root, 'latency').hidden = true;
  }
}
