/** A sound that goes on: samples in, smoothed results out. */
import { MinnowError } from '../minnow.js';
import { ScoreSmoother } from './score_smoother.js';

/** @typedef {import('../base/types.js').SoundWindow} SoundWindow */

/**
 * @typedef {object} StreamOptions
 * @property {number} [intervalMs] time from one inference to the next; default: the package's
 * @property {number} [smoothing] share of the past in each score, 0 … below 1; default 0.5
 * @property {number} [threshold] a class counts as heard from this score on; default 0.5
 * @property {number} [suppressMs] a class counts as heard anew when it was not heard for so long; default 1000
 */

/** Smoothed scores of a window that ended at `time` seconds. @typedef {{ time: number, scores: Float32Array, isNew: boolean }} Smoothed */

/**
 * The model's side: begin() forgets all sound, push() hears more of it.
 * @typedef {{ begin: () => Promise<unknown>, push: (samples: Float32Array) => Promise<SoundWindow[]> }} SoundModel
 */

/** Sample frames that are sent at once. */
export const CHUNK_FRAMES = 65536;

export class SoundStream {
  #model;
  #framesPerSecond;
  #channels;
  #smoother;
  /** Frames before the last begin(), and since. */
  #skipped = 0;
  #pushed = 0;

  /**
   * @param {SoundModel} model
   * @param {number} sampleRate
   * @param {number} channels
   * @param {StreamOptions} options
   */
  constructor(model, sampleRate, channels, options) {
    this.#model = model;
    this.#framesPerSecond = sampleRate;
    this.#channels = channels;
    this.#smoother = new ScoreSmoother(options);
  }

  async begin() {
    await this.#model.begin();
  }

  /** @param {Float32Array} samples interleaved @returns {AsyncGenerator<Smoothed, void>} */
  async *push(samples) {
    const step = CHUNK_FRAMES * this.#channels;
    for (let from = 0; from < samples.length; from += step) {
      const piece = samples.subarray(from, from + step);
      const windows = await this.#model.push(piece);
      this.#pushed += piece.length / this.#channels;
      for (const { end, scores } of windows) {
        const time = (this.#skipped + end) / this.#framesPerSecond;
        yield { time, ...this.#smoother.push(scores, time) };
      }
    }
  }

  /** Goes on behind a gap: what was heard before it and what comes after make no common window. @param {number} frames */
  async skip(frames) {
    this.#skipped += this.#pushed + frames;
    this.#pushed = 0;
    await this.#model.begin();
  }
}

/** @param {StreamOptions} options @throws {MinnowError} INVALID_ARGUMENT */
export function checkStreamOptions({ intervalMs, smoothing, threshold, suppressMs }) {
  /** @type {[string, number | undefined, boolean][]} */
  const rules = [
    ['intervalMs', intervalMs, /** @type {number} */ (intervalMs) > 0],
    ['smoothing', smoothing, /** @type {number} */ (smoothing) >= 0 && /** @type {number} */ (smoothing) < 1],
    ['threshold', threshold, Number.isFinite(threshold)],
    ['suppressMs', suppressMs, /** @type {number} */ (suppressMs) >= 0],
  ];
  for (const [name, value, isFine] of rules) {
    if (value !== undefined && !isFine) throw new MinnowError('INVALID_ARGUMENT', `${name} is ${value}, which is out of its range`);
  }
}
