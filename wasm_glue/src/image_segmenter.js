/** Pictures in, a class for each pixel out. */
import { PictureTask, inOrder, openTask } from './minnow.js';
import { realValues } from './outputs.js';
import { placementOf } from './placement.js';
import { classMapOf, cutOut } from './segmentation.js';

export { upscaleToSource } from './segmentation.js';

/** @typedef {import('./picture.js').ImageSource} ImageSource */

/**
 * @typedef {object} Segmentation
 * @property {number} width of the map: the model's, not the picture's (see upscaleToSource)
 * @property {number} height
 * @property {Uint8Array} classes row-major class numbers
 * @property {readonly string[]} labels one a class
 * @property {Float32Array} [confidence] of each pixel's class, as the model gives it; of a model with one class, the
 *   foreground's probability. Not of a model that gives class numbers alone
 * @property {import('./placement.js').Rectangle} part of the picture that the map covers, in its pixels
 * @property {import('./types.js').PictureSize} source extents of the picture
 */

export class ImageSegmenter extends PictureTask {
  /**
   * Loads a package whose task is image-segmentation.
   * @param {import('./types.js').PackageSource} source
   * @param {import('./types.js').CreateOptions} [options]
   * @returns {Promise<ImageSegmenter>}
   */
  static async create(source, options = {}) {
    return new this(await openTask(source, options, 'image-segmentation'));
  }

  /**
   * Says of every pixel what it belongs to.
   * @param {ImageSource} image
   * @param {{ signal?: AbortSignal }} [options]
   * @returns {Promise<Segmentation>}
   */
  async segment(image, { signal } = {}) {
    const spec = /** @type {import('./types.js').SegmentationSpec} */ (this.info.segmentation);
    const { outputs, size } = await this._look(image, signal, () => this._client.infer());
    const { part, box } = placementOf(size.width, size.height, this._imageSpec);
    const tensor = { data: realValues(outputs[spec.output]), shape: this.info.outputs[spec.output].shape };
    const map = cutOut(classMapOf(tensor, spec), box, this._imageSpec);
    return { ...map, labels: this.info.labels, part, source: size };
  }

  /**
   * Segments many pictures, in order.
   * @param {Iterable<ImageSource> | AsyncIterable<ImageSource>} images
   * @param {{ signal?: AbortSignal }} [options]
   * @returns {AsyncGenerator<Segmentation, void>}
   */
  segmentAll(images, options = {}) {
    return inOrder(images, (image) => this.segment(image, options), options.signal);
  }

  /**
   * Segments the frames of a playing video, leaving out those that come meanwhile. Resolves when the video has ended
   * or the signal aborts.
   * @param {HTMLVideoElement} video
   * @param {import('./video_frames.js').WatchOptions<Segmentation>} options
   * @returns {Promise<void>}
   */
  async watch(video, options) {
    return this._watch(video, (frame) => this.segment(frame), options);
  }
}
