/** Rows of models that tell classes of pictures. Calibration has photos/imagenet, judging photos/imagenet_eval. */
import path from 'node:path';
import { DATA } from '../../parity/native_minnow.js';
import { CALIBRATION_PHOTOS, judgedPhotos, photoClasses } from './bench_samples.js';
import { cifarTestPictures } from './cifar_pictures.js';
import { VIEWS, cifarClassOf, viewsOf } from './cifar_views.js';
import { accuracy, accuracyLoss, agreement, classesOf, figureOf } from './judges.js';
import { answersOf, inputsOf, packModel } from './package_answers.js';

/** @typedef {import('./compression_rows.js').CompressionRow} CompressionRow */
/** @typedef {import('./judges.js').Figure} Figure */

const LABELS = path.join(DATA, 'labels/imagenet_labels.txt');
const TINY = 'models/mlperf_tiny';
const MIN_AGREEMENT = 98;
const MAX_LOSS = 0.5;
/** A view whose class the float model finds likelier than all others together. */
const SURE = 0.5;

/** @type {CompressionRow} */
export const mobileNetV2 = {
  key: 'mobilenet_v2',
  title: 'MobileNetV2 1.0 224',
  search: ['--target-size', '1.662M'],
  goal: { must: 1_650_000, aim: 1_350_000 },
  maxSeconds: 600,
  prepare() {
    const photos = judgedPhotos();
    const right = photoClasses(photos);
    return {
      model: path.join(DATA, 'models/coral/tf2_mobilenet_v2_1.0_224_ptq.tflite'),
      options: ['--labels', LABELS],
      calibrate: CALIBRATION_PHOTOS,
      judge(plain, small) {
        const [expected, got] = [plain, small].map((folder) => classesOf(answersOf(folder, { pictures: photos })));
        return [
          figureOf('top-1 loss', accuracyLoss(got, expected, right), { unit: 'pt', most: 1 }),
          figureOf('same class', agreement(got, expected), { least: 96 }),
          figureOf('top-1 before', accuracy(expected, right)),
          figureOf('after', accuracy(got, right)),
        ];
      },
    };
  },
};

/** @type {CompressionRow} */
export const visualWakeWords = {
  key: 'vww',
  title: 'Visual wake words',
  search: ['--target-size', '29500'],
  goal: { must: 32_000, aim: 25_000 },
  prepare: () => ({
    model: path.join(DATA, TINY, 'vww_96_float.tflite'),
    options: ['--image-range', '0,1'],
    calibrate: CALIBRATION_PHOTOS,
    judge(plain, small) {
      const [expected, got] = [plain, small].map((folder) => classesOf(answersOf(folder, { pictures: judgedPhotos() })));
      return [figureOf('same class', agreement(got, expected), { least: MIN_AGREEMENT })];
    },
  }),
};

/**
 * Judged on CIFAR-10's test pictures, which the model is made for, and on photos, which it is not: its ten classes are rare among
 * them and harder to tell, the float model is right on fewer than half of the views. MLPerf's own int8 version tells what 8 bits
 * cost on the same inputs.
 * @param {Pick<CompressionRow, 'key' | 'title' | 'search' | 'goal'>} row
 * @returns {CompressionRow}
 */
const resNet8Row = (row) => ({
  ...row,
  prepare: (work) => ({
    model: path.join(DATA, TINY, 'pretrainedResnet.tflite'),
    options: ['--image-range', '0,255'],
    calibrate: CALIBRATION_PHOTOS,
    judge: (plain, small) => resNet8Figures(work, plain, small),
  }),
});

export const resNet8 = resNet8Row({
  key: 'resnet8',
  title: 'ResNet8',
  search: ['--activations', 'float32', '--target-size', '38700'],
  goal: { must: 36_000, aim: 30_000 },
});

export const resNet8Mixed = resNet8Row({
  key: 'resnet8_mixed',
  title: 'ResNet8, mixed activations, hardly any loss by weights',
  search: ['--activations', 'mixed', '--target-size', '80k'],
});

export const resNet8Int8 = resNet8Row({ key: 'resnet8_int8', title: 'ResNet8, int8 activations', search: ['--target-size', '36500'] });

export const resNet8Wide = resNet8Row({
  key: 'resnet8_wide',
  title: 'ResNet8, int8 activations, hardly any loss by weights',
  search: ['--target-size', '80k'],
});

/** @param {string} work @param {string} plain @param {string} small @returns {Figure[]} */
function resNet8Figures(work, plain, small) {
  const photos = judgedPhotos();
  const ofClasses = photos.filter((photo) => cifarClassOf(photo) >= 0);
  const quantized = packModel(path.join(DATA, TINY, 'pretrainedResnet_quant.tflite'), path.join(work, 'int8_resnet8'), []).folder;
  const views = viewsOf(work, ofClasses);
  const whole = { tensors: inputsOf(plain, photos), count: photos.length };
  const cifar = cifarTestPictures();
  const answers = [views, whole, cifar].map((samples) => {
    const expected = answersOf(plain, samples);
    const pixels = { tensors: Int8Array.from(samples.tensors, (value) => Math.round(value) - 128), count: samples.count };
    return { expected, found: [answersOf(small, samples), answersOf(quantized, pixels)].map(classesOf) };
  });
  const [ofViews, ofPhotos, ofCifar] = answers;
  const { size, values } = ofViews.expected.outputs[0];
  const best = (/** @type {number} */ view) => Math.max(...values.subarray(view * size, (view + 1) * size));
  const sure = Array.from({ length: views.count }, (_, view) => view).filter((view) => best(view) >= SURE);
  const expected = classesOf(ofViews.expected);
  const right = ofClasses.flatMap((photo) => Array.from({ length: VIEWS }, () => cifarClassOf(photo)));
  const cifarExpected = classesOf(ofCifar.expected);
  const befores = [
    figureOf('top-1 before, test pictures', accuracy(cifarExpected, cifar.classes)),
    figureOf('top-1 before, all views', agreement(expected, right, ofClasses.length)),
  ];
  return [...befores, ...['', ', MLPerf int8'].flatMap((whose, index) => {
    const got = ofViews.found[index];
    const [sureGot, sureExpected] = [got, expected].map((classes) => sure.map((view) => classes[view]));
    const [least, most] = index === 0 ? [MIN_AGREEMENT, MAX_LOSS] : [];
    return [
      figureOf(`top-1 loss, test pictures${whose}`, accuracyLoss(ofCifar.found[index], cifarExpected, cifar.classes), { unit: 'pt', most }),
      figureOf(`same class, test pictures${whose}`, agreement(ofCifar.found[index], cifarExpected)),
      figureOf(`same class, ${sure.length} views of which the float model is sure${whose}`, agreement(sureGot, sureExpected, sure.length / VIEWS), { least }),
      figureOf(`same class, all ${views.count} views${whose}`, agreement(got, expected, ofClasses.length)),
      figureOf(`top-1 loss, all views${whose}`, accuracyLoss(got, expected, right, ofClasses.length), { unit: 'pt' }),
      figureOf(`same class, any ${whole.count} photos${whose}`, agreement(ofPhotos.found[index], classesOf(ofPhotos.expected))),
    ];
  })];
}
