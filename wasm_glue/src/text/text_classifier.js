/** Texts in, labelled classes out. */
import { inOrder, openTask } from '../minnow.js';
import { TextTask } from './text_task.js';

/** @typedef {import('../base/types.js').Classification} Classification */
/** @typedef {import('../base/types.js').ClassifyOptions} ClassifyOptions */

export class TextClassifier extends TextTask {
  /**
   * Loads a package whose task is text-classification.
   * @param {import('../base/types.js').PackageSource} source
   * @param {import('../base/types.js').CreateOptions} [options]
   * @returns {Promise<TextClassifier>}
   */
  static async create(source, options = {}) {
    return new this(await openTask(source, options, 'text-classification'));
  }

  /**
   * Says what a text is. What is longer than the model's input is cut off.
   * @param {string} text
   * @param {ClassifyOptions} [options]
   * @returns {Promise<Classification[]>} most likely first
   */
  async classify(text, { top = 5, signal } = {}) {
    const { scores } = await this._read(text, signal, () => this._client.classify(top));
    return this._labelled(scores);
  }

  /**
   * Classifies many texts, in order.
   * @param {Iterable<string> | AsyncIterable<string>} texts
   * @param {ClassifyOptions} [options]
   * @returns {AsyncGenerator<Classification[], void>}
   */
  classifyAll(texts, options = {}) {
    return inOrder(texts, (text) => this.classify(text, options), options.signal);
  }
}
