/** Where samples come from. Those for calibration and those for judging never have a file in common. */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DATA } from '../../parity/native_minnow.js';
import { anomalyWindows } from './log_mel.js';
import { machineClip, speechFiles } from './machine_sounds.js';
import { packModel, readManifest } from './package_answers.js';

export const CALIBRATION_PHOTOS = path.join(DATA, 'photos/imagenet');

const SPEECH_SHARE = 5;
const CALIBRATION_CLIPS = 120;
const JUDGED_CLIPS = 400;
/** Numbers of judged clips begin here. */
const FIRST_JUDGED_CLIP = 10_000;
/** Windows at a clip's ends see the silence around it. */
const END_WINDOWS = 2;
const KEYWORD_SHARE = 5;

/** @param {string} folder relative to the data @param {RegExp} pattern @returns {string[]} paths, by name */
export function listData(folder, pattern) {
  const whole = path.join(DATA, folder);
  return readdirSync(whole).filter((name) => pattern.test(name)).sort().map((name) => path.join(whole, name));
}

/** @returns {string[]} photos for judging */
export const judgedPhotos = () => listData('photos/imagenet_eval', /\.jpe?g$/i);

/** Classes of 1001. @param {string[]} photos @returns {number[]} */
export function photoClasses(photos) {
  const wnids = readFileSync(path.join(DATA, 'labels/imagenet_wnids.tsv'), 'utf8').trim().split('\n').map((line) => line.split('\t')[0]);
  return photos.map((photo) => wnids.indexOf(path.basename(photo).split('_')[0]) + 1);
}

/**
 * The keyword model's features as float32: every fifth file calibrates, the others judge.
 * @param {string} work scratch folder
 * @returns {{ calibrate: string, judged: { tensors: Float32Array, count: number }, classes: number[] }}
 */
export function keywordSamples(work) {
  // The features are stored as the int8 model takes them.
  const { folder } = packModel(path.join(DATA, 'models/mlperf_tiny/kws_ref_model.tflite'), path.join(work, 'int8_keywords'), []);
  const { scale, zeroPoint } = readManifest(folder).inputs[0].quantization ?? { scale: NaN, zeroPoint: 0 };
  const calibrate = newFolder(work, 'keywords');
  const judged = [];
  const classes = [];
  for (const [index, file] of listData('mlperf_tiny/kws01', /\.bin$/).entries()) {
    const values = Float32Array.from(new Int8Array(readFileSync(file)), (value) => scale * (value - zeroPoint));
    if (index % KEYWORD_SHARE === 0) {
      writeTensor(path.join(calibrate, path.basename(file)), values);
    } else {
      judged.push(values);
      classes.push(Number(file.match(/_(\d+)\.bin$/)?.[1]));
    }
  }
  return { calibrate, judged: joined(judged), classes };
}

/**
 * Machine sounds for the anomaly detector: one window of each of 120 clips calibrates; 400 other clips, with other speech in
 * them, judge.
 * @param {string} work scratch folder
 * @returns {{ calibrate: string, clips: { isAnomalous: boolean, windows: Float32Array[] }[], judged: { tensors: Float32Array, count: number } }}
 */
export function machineSamples(work) {
  const speech = speechFiles(DATA);
  const calibrate = newFolder(work, 'machine');
  const own = speech.filter((_, index) => index % SPEECH_SHARE === 0);
  for (let number = 0; number < CALIBRATION_CLIPS; number++) {
    const windows = innerWindows(machineClip(number, own).samples);
    writeTensor(path.join(calibrate, `clip${String(number).padStart(3, '0')}.bin`), windows[(7 * number) % windows.length]);
  }
  const others = speech.filter((_, index) => index % SPEECH_SHARE !== 0);
  const clips = Array.from({ length: JUDGED_CLIPS }, (_, index) => {
    const { samples, isAnomalous } = machineClip(FIRST_JUDGED_CLIP + index, others);
    return { isAnomalous, windows: innerWindows(samples) };
  });
  return { calibrate, clips, judged: joined(clips.flatMap(({ windows }) => windows)) };
}

/** @param {Float32Array} samples */
function innerWindows(samples) {
  return anomalyWindows(samples).slice(END_WINDOWS, -END_WINDOWS);
}

/** @param {Float32Array[]} tensors of one size */
function joined(tensors) {
  const all = new Float32Array(tensors.length * tensors[0].length);
  tensors.forEach((values, index) => all.set(values, index * values.length));
  return { tensors: all, count: tensors.length };
}

/** @param {string} work @param {string} name */
function newFolder(work, name) {
  const folder = path.join(work, name);
  mkdirSync(folder);
  return folder;
}

/** @param {string} file @param {Float32Array} values */
function writeTensor(file, values) {
  writeFileSync(file, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}
