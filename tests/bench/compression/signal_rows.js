/** Rows of models that hear: keywords and a machine's anomalies, from features as .bin files. */
import path from 'node:path';
import { DATA } from '../../parity/native_minnow.js';
import { keywordSamples, machineSamples } from './bench_samples.js';
import { anomalyFigures, anomalyScores } from './judge_anomalies.js';
import { accuracy, accuracyLoss, agreement, classesOf, figureOf, rangeError } from './judges.js';
import { answersOf, packModel, readManifest } from './package_answers.js';

/** @typedef {import('./compression_rows.js').CompressionRow} CompressionRow */

const TINY = path.join(DATA, 'models/mlperf_tiny');

/** @type {CompressionRow} */
export const keywords = {
  key: 'kws',
  title: 'Keywords',
  search: ['--target-size', '14500', '--weights', 'shared', '--refine', '400'],
  goal: { must: 15_000, aim: 12_000 },
  isPackedTwice: true,
  prepare(work) {
    const { calibrate, judged, classes } = keywordSamples(work);
    return {
      model: path.join(TINY, 'kws_ref_model_float32.tflite'),
      options: [],
      calibrate,
      judge(plain, small) {
        const [expected, got] = [plain, small].map((folder) => classesOf(answersOf(folder, judged)));
        return [
          figureOf('top-1 loss', accuracyLoss(got, expected, classes), { unit: 'pt', most: 0.5 }),
          figureOf('same class', agreement(got, expected)),
          figureOf('top-1 before', accuracy(expected, classes)),
          figureOf('after', accuracy(got, classes)),
        ];
      },
    };
  },
};

/** @type {CompressionRow} */
export const anomalies = {
  key: 'ad',
  title: 'Anomaly detection',
  // Not by --max-drop: the packer would take the 640 outputs for scores of classes.
  search: ['--target-size', '96k'],
  goal: { must: 118_000, aim: 100_000 },
  prepare(work) {
    const { calibrate, clips, judged } = machineSamples(work);
    return {
      model: path.join(TINY, 'ad01_fp32.tflite'),
      options: [],
      calibrate,
      judge(plain, small) {
        const { folder } = packModel(path.join(TINY, 'ad01_int8.tflite'), path.join(work, 'int8_ad'), []);
        const { scale, zeroPoint } = readManifest(folder).inputs[0].quantization ?? { scale: NaN, zeroPoint: 0 };
        const levels = judged.tensors.map((value) => Math.round(value / scale) + zeroPoint);
        const inRange = levels.filter((level) => level >= -128 && level <= 127).length / levels.length;
        const stored = Int8Array.from(levels, (level) => Math.max(-128, Math.min(127, level)));
        const [expected, got] = [plain, small].map((where) => answersOf(where, judged));
        const quantized = answersOf(folder, { tensors: stored, count: judged.count });
        const [reference, ours, theirs] = [expected, got, quantized].map(({ outputs }) => anomalyScores(clips, outputs[0].values));
        return [
          ...anomalyFigures(clips, ours, reference),
          figureOf('error of the range', rangeError(got, expected)),
          ...anomalyFigures(clips, theirs, reference)
            .slice(0, 2)
            .map(({ name, unit, value, low, high }) => ({ name: `${name}, MLPerf int8`, unit, value, low, high })),
          { name: "features within MLPerf int8's range", unit: '%', value: 100 * inRange },
        ];
      },
    };
  },
};
