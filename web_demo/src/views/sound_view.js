/** A sound as it goes by: spectrogram and waveform on canvas, the newest at the right edge. */
import { SoundFrames } from '../inputs/sound_frames.js';
import { Spectrum } from '../inputs/spectrum.js';
import { partOf } from './page_element.js';

const BANDS = 72;
/** Levels below this are drawn as silence. */
const FLOOR = 0.25;

export class SoundView {
  #spectrogram;
  #waveform;
  /** @type {{ rate: number, frames: SoundFrames, spectrum: Spectrum } | null} */
  #analysis = null;
  /** The colour of each level of 256. @type {string[]} */
  #palette = [];
  #ink = '';

  /** @param {Element} root with the parts spectrogram and waveform */
  constructor(root) {
    this.#spectrogram = /** @type {HTMLCanvasElement} */ (partOf(root, 'spectrogram'));
    this.#waveform = /** @type {HTMLCanvasElement} */ (partOf(root, 'waveform'));
    this.#spectrogram.height = BANDS;
    this.#readColours();
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.#readColours();
      this.clear();
    });
  }

  /** @param {Float32Array} samples one channel @param {number} rate Hz */
  push(samples, rate) {
    if (this.#analysis?.rate !== rate) {
      const frames = new SoundFrames(rate);
      this.#analysis = { rate, frames, spectrum: new Spectrum(frames.frameLength, rate, BANDS) };
    }
    const { frames, spectrum } = this.#analysis;
    frames.push(samples, (frame) => {
      this.#drawLevels(spectrum.levels(frame));
      this.#drawWave(frame.subarray(frame.length - frames.hopLength));
    });
  }

  clear() {
    this.#analysis = null;
    for (const canvas of [this.#spectrogram, this.#waveform]) {
      canvas.getContext('2d')?.clearRect(0, 0, canvas.width, canvas.height);
      canvas.dataset.columns = '0';
    }
  }

  /** @param {Float32Array} levels */
  #drawLevels(levels) {
    const context = shiftLeft(this.#spectrogram);
    const x = this.#spectrogram.width - 1;
    levels.forEach((level, band) => {
      const shade = Math.max(0, (level - FLOOR) / (1 - FLOOR));
      context.fillStyle = this.#palette[Math.round(255 * shade)];
      context.fillRect(x, BANDS - 1 - band, 1, 1);
    });
  }

  /** @param {Float32Array} samples */
  #drawWave(samples) {
    const context = shiftLeft(this.#waveform);
    const { width, height } = this.#waveform;
    let [low, high] = [0, 0];
    for (const sample of samples) {
      low = Math.min(low, sample);
      high = Math.max(high, sample);
    }
    const y = (/** @type {number} */ value) => (height / 2) * (1 - Math.max(-1, Math.min(1, value)));
    context.fillStyle = this.#ink;
    context.fillRect(width - 1, y(high), 1, Math.max(1, y(low) - y(high)));
  }

  #readColours() {
    const style = getComputedStyle(document.documentElement);
    const stops = ['--surface-sunken', '--track', '--bar-rest', '--bar-to', '--stripe'].map((name) => style.getPropertyValue(name).trim());
    this.#ink = style.getPropertyValue('--accent').trim();
    this.#palette = gradient(stops);
  }
}

/** Makes room for a column. @param {HTMLCanvasElement} canvas */
function shiftLeft(canvas) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.globalCompositeOperation = 'copy';
  context.drawImage(canvas, -1, 0);
  context.globalCompositeOperation = 'source-over';
  canvas.dataset.columns = String(Number(canvas.dataset.columns ?? 0) + 1);
  return context;
}

/** 256 colours along a gradient. @param {readonly string[]} stops @returns {string[]} */
function gradient(stops) {
  const canvas = document.createElement('canvas');
  canvas.width = 256;
  canvas.height = 1;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d', { willReadFrequently: true }));
  const ramp = context.createLinearGradient(0, 0, 256, 0);
  stops.forEach((stop, i) => ramp.addColorStop(i / (stops.length - 1), stop));
  context.fillStyle = ramp;
  context.fillRect(0, 0, 256, 1);
  const { data } = context.getImageData(0, 0, 256, 1);
  return Array.from({ length: 256 }, (_, i) => `rgb(${data[4 * i]} ${data[4 * i + 1]} ${data[4 * i + 2]})`);
}
