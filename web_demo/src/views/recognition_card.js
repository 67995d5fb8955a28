/** What every tab shows beside its input: what is going on, the classes, the times, and what went wrong. */
import { ErrorView } from './error_view.js';
import { FactsView } from './facts_view.js';
import { LatencyChart } from './latency_chart.js';
import { LoadingView } from './loading_view.js';
import { fromTemplate, partOf } from './page_element.js';
import { ResultsView } from './results_view.js';
import { StatusLine } from './status_line.js';

/** @typedef {import('./results_view.js').Result} Result */

export class RecognitionCard {
  /** @param {Element} panel of the tab; the card takes the place of its part `card` */
  constructor(panel) {
    this.root = fromTemplate('card_template');
    partOf(panel, 'card').replaceWith(this.root);
    this.error = new ErrorView(this.root);
    this.facts = new FactsView(this.root);
    this.latency = new LatencyChart(this.root);
    this.loading = new LoadingView(this.root);
    this.results = new ResultsView(this.root);
    this.status = new StatusLine(this.root);
  }

  /**
   * @param {readonly Result[]} results most likely first
   * @param {number} ms of the inference
   * @param {{ live?: boolean, source?: string }} [options] as of ResultsView
   */
  show(results, ms, options) {
    this.results.show(results, options);
    this.facts.showRunTime(ms);
  }

  /** For a button that goes away when it is used: the keyboard goes on at the results, not at the page's top. */
  focus() {
    this.root.focus({ preventScroll: true });
  }
}
