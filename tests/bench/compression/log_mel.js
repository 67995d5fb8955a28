/**
 * The features that MLPerf Tiny's anomaly detector was trained on (ToyCar): frames of the logarithm of mel-weighted power
 * as librosa's `melspectrogram` gives them with n_fft 1024, hop 512, 128 bands, five frames side by side.
 */

export const SAMPLE_RATE = 16000;
const FFT_LENGTH = 1024;
const HOP = 512;
const BANDS = 128;
const FRAMES = 5;
const FEATURES = BANDS * FRAMES;
/** What the origin adds before the logarithm: the smallest step of a float64 at 1. */
const EPSILON = Number.EPSILON;

const HANN = Float64Array.from({ length: FFT_LENGTH }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / FFT_LENGTH));
const FILTERS = slaneyFilters();

/**
 * @param {Float32Array} samples -1 … 1 at 16 kHz
 * @returns {Float32Array[]} windows of 640 values, each a frame later than the one before
 */
export function anomalyWindows(samples) {
  const frames = logMelFrames(samples);
  return Array.from({ length: Math.max(0, frames.length - FRAMES + 1) }, (_, first) => {
    const window = new Float32Array(FEATURES);
    for (let i = 0; i < FRAMES; i++) window.set(frames[first + i], i * BANDS);
    return window;
  });
}

/** 10 log10(power), which is the origin's 20 / power · log10. @param {Float32Array} samples @returns {Float32Array[]} */
function logMelFrames(samples) {
  // The first frame is centred on the first sample, with zeros in front of it.
  const count = 1 + Math.floor(samples.length / HOP);
  return Array.from({ length: count }, (_, frame) => {
    const [real, imaginary] = [new Float64Array(FFT_LENGTH), new Float64Array(FFT_LENGTH)];
    const start = frame * HOP - FFT_LENGTH / 2;
    for (let i = 0; i < FFT_LENGTH; i++) real[i] = HANN[i] * (samples[start + i] ?? 0);
    transform(real, imaginary);
    return Float32Array.from(FILTERS, ({ first, weights }) => {
      let sum = 0;
      weights.forEach((weight, i) => (sum += weight * (real[first + i] ** 2 + imaginary[first + i] ** 2)));
      return 10 * Math.log10(sum + EPSILON);
    });
  });
}

/** Triangles over Slaney's mel scale, of equal area. @returns {{ first: number, weights: Float64Array }[]} */
function slaneyFilters() {
  const top = melOf(SAMPLE_RATE / 2);
  const edges = Array.from({ length: BANDS + 2 }, (_, i) => hertzOf((top * i) / (BANDS + 1)));
  return Array.from({ length: BANDS }, (_, band) => {
    const [low, middle, high] = edges.slice(band, band + 3);
    const weights = Array.from({ length: FFT_LENGTH / 2 + 1 }, (_, bin) => {
      const hertz = (bin * SAMPLE_RATE) / FFT_LENGTH;
      const height = Math.min((hertz - low) / (middle - low), (high - hertz) / (high - middle));
      return Math.max(0, height) * (2 / (high - low));
    });
    const first = Math.max(0, weights.findIndex((weight) => weight > 0));
    const last = weights.findLastIndex((weight) => weight > 0);
    return { first, weights: Float64Array.from(weights.slice(first, last + 1)) };
  });
}

/** Linear below 1000 Hz, logarithmic above. @param {number} hertz */
function melOf(hertz) {
  return hertz < 1000 ? (3 * hertz) / 200 : 15 + (27 * Math.log(hertz / 1000)) / Math.log(6.4);
}

/** @param {number} mel */
function hertzOf(mel) {
  return mel < 15 ? (200 * mel) / 3 : 1000 * Math.exp(((mel - 15) * Math.log(6.4)) / 27);
}

/** Fourier transform in place, by powers of two. @param {Float64Array} real @param {Float64Array} imaginary */
function transform(real, imaginary) {
  const length = real.length;
  for (let i = 1, j = 0; i < length; i++) {
    let bit = length >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [real[i], real[j]] = [real[j], real[i]];
      [imaginary[i], imaginary[j]] = [imaginary[j], imaginary[i]];
    }
  }
  for (let size = 2; size <= length; size *= 2) {
    for (let k = 0; k < size / 2; k++) {
      const [c, s] = [Math.cos((2 * Math.PI * k) / size), -Math.sin((2 * Math.PI * k) / size)];
      for (let a = k, b = k + size / 2; b < length; a += size, b += size) {
        const [x, y] = [c * real[b] - s * imaginary[b], c * imaginary[b] + s * real[b]];
        [real[b], imaginary[b]] = [real[a] - x, imaginary[a] - y];
        [real[a], imaginary[a]] = [real[a] + x, imaginary[a] + y];
      }
    }
  }
}
