/** The spectrogram's arithmetic: the FFT against its definition, tones in their bands, columns of any pieces. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COLUMN_SECONDS, SoundFrames } from '../src/inputs/sound_frames.js';
import { Spectrum, transform } from '../src/inputs/spectrum.js';

const RATE = 16000;

/** @param {number} hz @param {number} length @param {number} [rate] */
const tone = (hz, length, rate = RATE) => Float32Array.from({ length }, (_, i) => Math.sin((2 * Math.PI * hz * i) / rate));

test('the transform is the discrete Fourier transform', () => {
  for (const size of [2, 8, 64]) {
    const input = Array.from({ length: size }, (_, i) => Math.sin(i * i) + (i % 3));
    const [real, imaginary] = [Float32Array.from(input), new Float32Array(size)];
    transform(real, imaginary);
    for (let k = 0; k < size; k++) {
      const angle = (/** @type {number} */ i) => (-2 * Math.PI * k * i) / size;
      const re = input.reduce((sum, value, i) => sum + value * Math.cos(angle(i)), 0);
      const im = input.reduce((sum, value, i) => sum + value * Math.sin(angle(i)), 0);
      assert.ok(Math.hypot(real[k] - re, imaginary[k] - im) < 1e-4 * size, `bin ${k} of ${size}`);
    }
  }
});

test('a higher tone lies in a higher band, a full one is near 1, silence is 0', () => {
  const spectrum = new Spectrum(512, RATE, 40);
  const bands = [200, 500, 1000, 3000, 7000].map((hz) => {
    const levels = spectrum.levels(tone(hz, 512));
    const best = levels.indexOf(Math.max(...levels));
    assert.ok(levels[best] > 0.96 && levels[best] <= 1, `${hz} Hz: ${levels[best]}`);
    return best;
  });
  assert.deepEqual([...bands].sort((a, b) => a - b), bands);
  assert.equal(new Set(bands).size, bands.length);
  assert.ok(spectrum.levels(new Float32Array(512)).every((level) => level === 0));
  // 40 dB less are 40 of 90 parts less.
  const quiet = Math.max(...spectrum.levels(tone(1000, 512).map((value) => value / 100)));
  assert.ok(Math.abs(Math.max(...spectrum.levels(tone(1000, 512))) - quiet - 40 / 90) < 0.005);
});

test('a size that is no power of two is refused', () => {
  assert.throws(() => new Spectrum(500, RATE, 40), /power of two/);
});

test('columns are the same however the sound is cut', () => {
  for (const rate of [8000, 16000, 44100, 48000]) {
    const sound = tone(440, rate, rate);
    const columnsOf = (/** @type {number} */ piece) => {
      const frames = new SoundFrames(rate);
      /** @type {number[]} */
      const sums = [];
      for (let at = 0; at < sound.length; at += piece) {
        frames.push(sound.subarray(at, at + piece), (frame) => sums.push(frame.reduce((sum, value, i) => sum + value * i, 0)));
      }
      const { frameLength, hopLength } = frames;
      assert.ok(frameLength >= hopLength && Number.isInteger(Math.log2(frameLength)));
      assert.equal(hopLength, Math.round(COLUMN_SECONDS * rate));
      assert.equal(sums.length, Math.floor((sound.length - frameLength) / hopLength) + 1);
      return sums;
    };
    assert.deepEqual(columnsOf(100), columnsOf(rate));
    assert.deepEqual(columnsOf(7777), columnsOf(rate));
  }
});
