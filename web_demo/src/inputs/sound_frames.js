/** Cuts a sound that comes in in pieces of any length into columns for the eye: one each few milliseconds. */

/** Time from one column to the next. */
export const COLUMN_SECONDS = 0.02;
/** Time that a column's spectrum covers, at most. */
const FRAME_SECONDS = 0.045;

export class SoundFrames {
  #frame;
  #hop;
  #buffer;
  #filled = 0;

  /** @param {number} sampleRate Hz */
  constructor(sampleRate) {
    this.#hop = Math.round(COLUMN_SECONDS * sampleRate);
    const size = 2 ** Math.floor(Math.log2(FRAME_SECONDS * sampleRate));
    this.#frame = Math.max(size, 2 ** Math.ceil(Math.log2(this.#hop)));
    this.#buffer = new Float32Array(this.#frame);
  }

  /** Samples a frame, a power of two. */
  get frameLength() {
    return this.#frame;
  }

  /** Samples from one frame to the next. */
  get hopLength() {
    return this.#hop;
  }

  /**
   * @param {Float32Array} samples
   * @param {(frame: Float32Array) => void} onFrame called for each frame that is full; the array is used again
   */
  push(samples, onFrame) {
    for (let at = 0; at < samples.length; ) {
      const count = Math.min(samples.length - at, this.#frame - this.#filled);
      this.#buffer.set(samples.subarray(at, at + count), this.#filled);
      this.#filled += count;
      at += count;
      if (this.#filled < this.#frame) return;
      onFrame(this.#buffer);
      this.#buffer.copyWithin(0, this.#hop);
      this.#filled = this.#frame - this.#hop;
    }
  }
}
