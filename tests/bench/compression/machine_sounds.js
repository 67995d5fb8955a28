/**
 * Sounds like those of a small machine, for the anomaly detector whose own recordings (ToyADMOS) are not at hand: a motor's
 * harmonics that waver, and the noise of air and gears, at the level at which the detector's outputs lie. Half of the clips
 * are anomalous, by a foreign tone, knocks, a slipping speed or somebody who speaks. The same number gives the same clip.
 */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { randomSource } from './intervals.js';
import { SAMPLE_RATE } from './log_mel.js';

/** @typedef {{ samples: Float32Array, isAnomalous: boolean }} Clip a second */
/** @typedef {() => number} Random */

const LENGTH = SAMPLE_RATE;
const WAV_HEADER_BYTES = 44;
const EVENTS = [addTone, addKnocks, addSlip, addSpeech];

/**
 * @param {number} number of the clip; even ones are normal
 * @param {string[]} speech files of which one may sound in an anomalous clip
 * @returns {Clip}
 */
export function machineClip(number, speech) {
  const random = randomSource(1000003 * (number + 1));
  const samples = new Float32Array(LENGTH);
  const turns = between(random, 20, 45);
  addNoise(samples, random);
  addMotor(samples, random, turns, 0);
  const isAnomalous = number % 2 === 1;
  if (isAnomalous) EVENTS[(number >> 1) % EVENTS.length](samples, random, turns, speech);
  return { samples, isAnomalous };
}

/** @param {string} data the data folder @returns {string[]} clips of speech */
export function speechFiles(data) {
  const folders = ['train/speech_negatives', 'models/micro_speech/testdata'].map((name) => path.join(data, name));
  return folders.flatMap((folder) => readdirSync(folder).filter((name) => name.endsWith('.wav')).sort().map((name) => path.join(folder, name)));
}

/** Noise that falls towards high frequencies, with an even part. @param {Float32Array} samples @param {Random} random */
function addNoise(samples, random) {
  const [memory, level, even] = [between(random, 0.86, 0.94), between(random, 0.015, 0.035), between(random, 0.003, 0.008)];
  let state = 0;
  for (let i = 0; i < LENGTH; i++) {
    state = memory * state + Math.sqrt(1 - memory * memory) * gaussian(random);
    samples[i] += level * state + even * gaussian(random);
  }
}

/** @param {Float32Array} samples @param {Random} random @param {number} turns Hz @param {number} drift Hz a second */
function addMotor(samples, random, turns, drift) {
  const harmonics = Array.from({ length: 24 }, (_, i) => ({ level: (0.02 * random()) / (1 + 0.3 * i), phase: 2 * Math.PI * random() }));
  const [sway, swayHertz] = [between(random, 0.001, 0.004), between(random, 1, 5)];
  for (let i = 0; i < LENGTH; i++) {
    const seconds = i / SAMPLE_RATE;
    const turned = turns * seconds + 0.5 * drift * seconds ** 2 + (sway * turns * Math.sin(2 * Math.PI * swayHertz * seconds)) / swayHertz;
    harmonics.forEach(({ level, phase }, h) => (samples[i] += level * Math.sin(2 * Math.PI * 4 * (h + 1) * turned + phase)));
  }
}

/** @param {Float32Array} samples @param {Random} random */
function addTone(samples, random) {
  const [hertz, level] = [between(random, 800, 6000), between(random, 0.005, 0.06)];
  for (let i = 0; i < LENGTH; i++) samples[i] += level * Math.sin((2 * Math.PI * hertz * i) / SAMPLE_RATE);
}

/** @param {Float32Array} samples @param {Random} random */
function addKnocks(samples, random) {
  const [every, level, hertz] = [between(random, 900, 4000), between(random, 0.1, 0.5), between(random, 400, 4000)];
  for (let i = 0; i < LENGTH; i++) {
    const since = (i % every) / SAMPLE_RATE;
    samples[i] += level * Math.exp(-since * 400) * Math.sin(2 * Math.PI * hertz * since);
  }
}

/** @param {Float32Array} samples @param {Random} random @param {number} turns */
function addSlip(samples, random, turns) {
  addMotor(samples, random, turns * between(random, 1.1, 1.6), between(random, 5, 40));
}

/** @param {Float32Array} samples @param {Random} random @param {number} _turns @param {string[]} speech */
function addSpeech(samples, random, _turns, speech) {
  const bytes = readFileSync(speech[Math.floor(random() * speech.length)]).subarray(WAV_HEADER_BYTES);
  const level = between(random, 0.05, 0.5);
  for (let i = 0; i < Math.min(LENGTH, bytes.length >> 1); i++) samples[i] += (level * bytes.readInt16LE(2 * i)) / 2 ** 15;
}

/** @param {Random} random @param {number} low @param {number} high */
function between(random, low, high) {
  return low + (high - low) * random();
}

/** Deviation 1 (Box and Muller 1958). @param {Random} random */
function gaussian(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
