/** Pictures in, labelled classes out. */
import { inOrder } from '../page/in_order.js';
import { openTask } from '../page/model_base.js';
import { PictureTask } from './picture_task.js';

/** @typedef {import('./picture.js').ImageSource} ImageSource */

/** @typedef {import('../base/types.js').Classification} Classification */

/** @typedef {import('../base/types.js').ClassifyOptions} ClassifyOptions */

export class ImageClassifier extends PictureTask {
  /**
   * Loads a package whose task is image-classification.
   * @param {import('../base/types.js').PackageSource} source
   * @param {import('../base/types.js').CreateOptions} [options]
   * @returns {Promise<ImageClassifier>}
   */
  static async create(source, options = {}) {
    return new this(await openTask(source, options, 'image-classification'));
  }

  /**
   * Says what is on a picture: upright, fitted into the model's input as the package says (its centred crop, mostly).
   * @param {ImageSource} image
   * @param {ClassifyOptions} [options]
   * @returns {Promise<Classification[]>} most likely first
   */
  async classify(image, { top = 5, signal } = {}) {
    const { scores } = await this._look(image, signal, () => this._client.classify(top));
    return this._labelled(scores);
  }

  /**
   * Classifies many pictures, in order.
   * @param {Iterable<ImageSource> | AsyncIterable<ImageSource>} images
   * @param {ClassifyOptions} [options]
   * @returns {AsyncGenerator<Classification[], void>}
   */
  classifyAll(images, options = {}) {
    return inOrder(images, (image) => this.classify(image, options), options.signal);
  }

  /**
   * Classifies the frames of a playing video, leaving out those that come meanwhile. Resolves when the video has
   * ended or the signal aborts.
   * @param {HTMLVideoElement} video
   * @param {import('./video_frames.js').WatchOptions<Classification[]> & { top?: number }} options
   * @returns {Promise<void>}
   */
  async watch(video, { top, ...options }) {
    return this._watch(video, (frame) => this.classify(frame, { top }), options);
  }
}
