/** Texts in, vectors out that are near each other where the texts mean nearly the same. */
import { cosineSimilarity, poolTokens } from './embedding.js';
import { inOrder, openTask } from '../minnow.js';
import { realValues } from '../base/outputs.js';
import { TextTask } from './text_task.js';

export { cosineSimilarity };

export class TextEmbedder extends TextTask {
  /**
   * Loads a package whose task is text-embedding.
   * @param {import('../base/types.js').PackageSource} source
   * @param {import('../base/types.js').CreateOptions} [options]
   * @returns {Promise<TextEmbedder>}
   */
  static async create(source, options = {}) {
    return new this(await openTask(source, options, 'text-embedding'));
  }

  /**
   * Gives a text's vector. What is longer than the model's input is cut off.
   * @param {string} text
   * @param {{ signal?: AbortSignal }} [options]
   * @returns {Promise<Float32Array>}
   */
  async embed(text, { signal } = {}) {
    const spec = /** @type {import('../base/types.js').EmbeddingSpec} */ (this.info.embedding);
    const { outputs, tokens } = await this._read(text, signal, () => this._client.infer());
    const output = { data: realValues(outputs[spec.output]), shape: this.info.outputs[spec.output].shape };
    return poolTokens(output, spec, tokens);
  }

  /**
   * Gives the vectors of many texts, in order.
   * @param {Iterable<string> | AsyncIterable<string>} texts
   * @param {{ signal?: AbortSignal }} [options]
   * @returns {AsyncGenerator<Float32Array, void>}
   */
  embedAll(texts, options = {}) {
    return inOrder(texts, (text) => this.embed(text, options), options.signal);
  }
}
