/** Pictures in, labelled boxes out. */
import { detectionsOf } from './detection.js';
import { MinnowError, PictureTask, inOrder, openTask } from './minnow.js';
import { realValues } from './outputs.js';
import { placementOf, toSource } from './placement.js';

/** @typedef {import('./picture.js').ImageSource} ImageSource */

/**
 * @typedef {object} Detection
 * @property {number} index of the class
 * @property {string} label '' where there is none
 * @property {number} score
 * @property {import('./placement.js').Rectangle} box in pixels of the picture, upright; cut off at its edges
 * @property {{ x: number, y: number }[]} [keypoints] in pixels of the picture, where the model gives some
 */

/**
 * @typedef {object} DetectOptions
 * @property {number} [scoreThreshold] default: the package's, else 0.5
 * @property {number} [iouThreshold] default: the package's, else 0.45
 * @property {number} [maxDetections] default: the package's, else 100
 * @property {AbortSignal} [signal]
 */

/** @typedef {{ detections: Detection[], width: number, height: number }} DetectionResult extents: the picture's */

export class ObjectDetector extends PictureTask {
  /**
   * Loads a package whose task is object-detection.
   * @param {import('./types.js').PackageSource} source
   * @param {import('./types.js').CreateOptions} [options]
   * @returns {Promise<ObjectDetector>}
   */
  static async create(source, options = {}) {
    return new this(await openTask(source, options, 'object-detection'));
  }

  /**
   * Finds objects on a picture.
   * @param {ImageSource} image
   * @param {DetectOptions} [options]
   * @returns {Promise<DetectionResult>} best first
   */
  async detect(image, options = {}) {
    const spec = /** @type {import('./types.js').DetectionSpec} */ (this.info.detection);
    const limits = limitsOf(options, spec);
    const { outputs, size } = await this._look(image, options.signal, () => this._client.infer());
    const tensors = outputs.map((output, i) => ({ data: realValues(output), shape: this.info.outputs[i].shape }));
    const found = detectionsOf(tensors, spec, this._imageSpec, limits);
    const place = toSource(placementOf(size.width, size.height, this._imageSpec), this._imageSpec);
    /** @param {number} value @param {number} max */
    const clamp = (value, max) => Math.min(Math.max(value, 0), max);
    const detections = found.map(({ index, score, left, top, right, bottom, points }) => {
      const x = clamp(place.x(left), size.width);
      const y = clamp(place.y(top), size.height);
      const box = { x, y, width: clamp(place.x(right), size.width) - x, height: clamp(place.y(bottom), size.height) - y };
      const keypoints = points?.map(([px, py]) => ({ x: place.x(px), y: place.y(py) }));
      return { index, label: this.info.labels[index] ?? '', score, box, ...(keypoints && { keypoints }) };
    });
    return { detections: detections.filter(({ box }) => box.width > 0 && box.height > 0), ...size };
  }

  /**
   * Finds objects on many pictures, in order.
   * @param {Iterable<ImageSource> | AsyncIterable<ImageSource>} images
   * @param {DetectOptions} [options]
   * @returns {AsyncGenerator<DetectionResult, void>}
   */
  detectAll(images, options = {}) {
    return inOrder(images, (image) => this.detect(image, options), options.signal);
  }

  /**
   * Finds objects on the frames of a playing video, leaving out those that come meanwhile. Resolves when the video
   * has ended or the signal aborts.
   * @param {HTMLVideoElement} video
   * @param {import('./video_frames.js').WatchOptions<DetectionResult> & Omit<DetectOptions, 'signal'>} options
   * @returns {Promise<void>}
   */
  async watch(video, { onResult, signal, maxFps, ...limits }) {
    return this._watch(video, (frame) => this.detect(frame, limits), { onResult, signal, maxFps });
  }
}

/** @param {DetectOptions} options @param {import('./types.js').DetectionSpec} spec */
function limitsOf(options, spec) {
  const limits = {
    scoreThreshold: options.scoreThreshold ?? spec.scoreThreshold ?? 0.5,
    iouThreshold: options.iouThreshold ?? spec.iouThreshold ?? 0.45,
    maxDetections: options.maxDetections ?? spec.maxDetections ?? 100,
  };
  for (const [name, value] of Object.entries(limits)) {
    const max = name === 'maxDetections' ? Infinity : 1;
    if (!(value >= 0 && value <= max)) {
      throw new MinnowError('INVALID_ARGUMENT', `${name} must be a number from 0${max === 1 ? ' to 1' : ''}, and is ${value}`);
    }
  }
  return limits;
}
