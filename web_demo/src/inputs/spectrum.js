/**
 * The loudness of a piece of sound by pitch: a radix-2 FFT of a windowed frame, its power gathered into bands that are
 * as wide as the ear hears them (mel). Only for the eye: what the model hears is computed by the core.
 */

const MIN_DB = -90;

/** @param {number} hz */
const toMel = (hz) => 1127 * Math.log1p(hz / 700);
/** @param {number} mel */
const toHz = (mel) => 700 * Math.expm1(mel / 1127);

export class Spectrum {
  #size;
  #window;
  #real;
  #imaginary;
  /** First bin of each band, and behind the last one. */
  #edges;

  /**
   * @param {number} size samples a frame, a power of two
   * @param {number} sampleRate Hz
   * @param {number} bands
   * @param {number} [topHz] upper edge of the last band, at most half the rate
   */
  constructor(size, sampleRate, bands, topHz = 8000) {
    if (size < 2 || (size & (size - 1)) !== 0) throw new Error(`${size} samples are no power of two`);
    this.#size = size;
    this.#window = Float32Array.from({ length: size }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size));
    this.#real = new Float32Array(size);
    this.#imaginary = new Float32Array(size);
    const [low, high] = [toMel(60), toMel(Math.min(topHz, sampleRate / 2))];
    this.#edges = Array.from({ length: bands + 1 }, (_, i) => (toHz(low + ((high - low) * i) / bands) * size) / sampleRate);
  }

  /**
   * @param {Float32Array} samples of one frame, -1 … 1
   * @returns {Float32Array} of each band, lowest first: 0 (-90 dB of a full sine, or less) … 1 (a full sine)
   */
  levels(samples) {
    for (let i = 0; i < this.#size; i++) this.#real[i] = samples[i] * this.#window[i];
    this.#imaginary.fill(0);
    transform(this.#real, this.#imaginary);
    const levels = new Float32Array(this.#edges.length - 1);
    // A full sine's peak is size / 4 behind the Hann window.
    const full = (this.#size / 4) ** 2;
    for (let band = 0; band < levels.length; band++) {
      const first = Math.round(this.#edges[band]);
      const end = Math.max(first + 1, Math.round(this.#edges[band + 1]));
      let power = 0;
      for (let bin = first; bin < end; bin++) power = Math.max(power, this.#real[bin] ** 2 + this.#imaginary[bin] ** 2);
      const db = 10 * Math.log10(power / full + 1e-12);
      levels[band] = Math.min(1, Math.max(0, 1 - db / MIN_DB));
    }
    return levels;
  }
}

/**
 * Cooley and Tukey's transform, in place.
 * @param {Float32Array} real
 * @param {Float32Array} imaginary
 */
export function transform(real, imaginary) {
  const size = real.length;
  for (let i = 1, j = 0; i < size; i++) {
    let bit = size >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j |= bit;
    if (i < j) {
      [real[i], real[j]] = [real[j], real[i]];
      [imaginary[i], imaginary[j]] = [imaginary[j], imaginary[i]];
    }
  }
  for (let half = 1; half < size; half *= 2) {
    for (let k = 0; k < half; k++) {
      const [c, s] = [Math.cos((-Math.PI * k) / half), Math.sin((-Math.PI * k) / half)];
      for (let a = k; a < size; a += 2 * half) {
        const b = a + half;
        const [re, im] = [real[b] * c - imaginary[b] * s, real[b] * s + imaginary[b] * c];
        [real[b], imaginary[b]] = [real[a] - re, imaginary[a] - im];
        [real[a], imaginary[a]] = [real[a] + re, imaginary[a] + im];
      }
    }
  }
}
