/** One part of a split package, in memory. */
import { PictureTask, openTask } from '../minnow.js';

/** @typedef {import('../base/types.js').TensorData} TensorData */

export class PartModel extends PictureTask {
  /**
   * @param {import('../base/types.js').PackageSource} source
   * @param {import('../base/types.js').CreateOptions} options
   * @returns {Promise<PartModel>}
   */
  static async create(source, options) {
    return new this(await openTask(source, options, 'tensors'));
  }

  /**
   * @param {TensorData[]} inputs of the dtypes and lengths that the part asks for
   * @param {AbortSignal} signal
   * @returns {Promise<TensorData[]>}
   */
  async run(inputs, signal) {
    return (await this._inTurn(signal, () => this._client.run(inputs))).outputs;
  }

  /**
   * Runs on a picture, which is the part's only input.
   * @param {import('../picture/picture.js').Picture} picture
   * @param {AbortSignal} signal
   * @returns {Promise<TensorData[]>}
   */
  async look(picture, signal) {
    const image = /** @type {import('../picture/picture.js').ImageSource} */ (picture);
    const { outputs } = await this._look(image, signal, () => this._client.infer());
    return outputs.map(({ data }) => data);
  }
}
