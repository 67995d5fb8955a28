/** The arithmetic of the compression bench, on cases that are known beforehand. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cifarClassOf } from './cifar_views.js';
import { lineOf } from './compression_report.js';
import { facesOf } from './face_geometry.js';
import { bootstrapInterval, lossInterval, randomSource, shareInterval } from './intervals.js';
import { anomalyFigures, anomalyScores, areaUnderCurve, sameDecisions } from './judge_anomalies.js';
import { faceFigures, matchFaces } from './judge_faces.js';
import { accuracyLoss, agreement, areKept, classesOf, rangeError } from './judges.js';
import { anomalyWindows, SAMPLE_RATE } from './log_mel.js';
import { machineClip } from './machine_sounds.js';

const PRIORS = 4420;
const BANDS = 128;

/** @param {number} value @param {number} expected @param {number} [tolerance] */
const near = (value, expected, tolerance = 1e-6) => assert.ok(Math.abs(value - expected) <= tolerance, `${value} is not ${expected}`);

describe('intervals', () => {
  test('shares: Wilson, also where all are equal', () => {
    // 81 of 263 is an example of Newcombe (1998), table I.
    const { low, high } = shareInterval(81, 263);
    near(low, 25.5, 0.05);
    near(high, 36.6, 0.05);
    assert.equal(shareInterval(50, 50).high, 100);
    near(shareInterval(50, 50).low, 92.86, 0.01);
  });

  test('losses: only samples that changed count, and both directions do', () => {
    assert.equal(lossInterval(6, 4, 200).value, 1);
    const [few, many] = [lossInterval(2, 0, 200), lossInterval(52, 50, 200)];
    assert.ok(many.high - many.low > 3 * (few.high - few.low));
    assert.ok(few.low < 1 && few.high > 1);
  });

  test('bootstrap: the same each time, as wide as theory says', () => {
    const random = randomSource(1);
    const values = Array.from({ length: 400 }, random);
    const mean = (/** @type {number[]} */ list) => list.reduce((sum, value) => sum + value, 0) / list.length;
    const interval = bootstrapInterval(values, mean);
    assert.deepEqual(bootstrapInterval(values, mean), interval);
    near(interval.high - interval.low, (2 * 1.96 * Math.sqrt(1 / 12)) / 20, 0.006);
  });
});

describe('judging', () => {
  const row = (/** @type {number[]} */ values, size = 2) => ({
    count: values.length / size,
    outputs: [{ name: 'y', size, values: Float32Array.from(values) }],
  });

  test('classes: the first of equal ones; photos, not their views, make the interval', () => {
    assert.deepEqual(classesOf(row([1, 1, 0, 1])), [0, 1]);
    const [got, expected] = [Array.from({ length: 100 }, (_, i) => (i < 10 ? 1 : 0)), Array.from({ length: 100 }, () => 0)];
    assert.equal(agreement(got, expected).value, 90);
    assert.ok(agreement(got, expected, 10).low < agreement(got, expected).low - 10);
    assert.equal(accuracyLoss(got, expected, expected).value, 10);
  });

  test('errors: root mean square by the range, of the worst output', () => {
    const [expected, got] = [row([0, 10, 5, 10]), row([0, 10, 5, 8])];
    near(rangeError(got, expected).value, 10, 1e-5);
    const two = (/** @type {number[]} */ b) => ({ count: 1, outputs: [...row([0, 1]).outputs, { name: 'z', size: 2, values: Float32Array.from(b) }] });
    near(rangeError(two([0, 5]), two([0, 4])).value, 25 / Math.SQRT2, 1e-5);
  });

  test('bounds: a value beyond one is not kept, nor is NaN', () => {
    const figure = { name: '', unit: '', value: 3 };
    assert.ok(areKept([figure, { ...figure, most: 3 }]));
    assert.ok(!areKept([{ ...figure, least: 3.1 }]));
    assert.ok(!areKept([{ ...figure, value: NaN, most: 1 }]));
  });

  test('the table tells what is missed', () => {
    const result = { key: '', title: 'Net', search: '', bytesBefore: 9, bytes: 2000, must: 1900, aim: 1000, bits: 4, seconds: 1, isMet: false, layers: [] };
    const line = lineOf({ ...result, figures: [{ name: 'loss', unit: 'pt', value: 2, low: 1, high: 3, most: 1 }] });
    assert.equal(line, '| Net |  | 2,000 | ✗ 1,900 | ✗ 1,000 | 4.00 | 1 | loss: 2.00 (1.00 to 3.00) pt; ≤ 1 ✗ | **no** |');
  });
});

describe('faces', () => {
  test('boxes lie where the priors and the outputs say', () => {
    const [scores, places] = [new Float32Array(2 * PRIORS), new Float32Array(4 * PRIORS)];
    // The second of the three priors of the cell in row 2, column 3 of the finest level: 16 pixels at (28, 20).
    const prior = 3 * (2 * 40 + 3) + 1;
    scores[2 * prior + 1] = 0.9;
    places.set([10, 0, 5 * Math.log(2), 0], 4 * prior);
    const [{ box }, ...others] = facesOf(scores, places);
    assert.equal(others.length, 0);
    [(28 + 16 - 16) / 320, (20 - 8) / 240, (28 + 16 + 16) / 320, (20 + 8) / 240].forEach((edge, i) => near(box[i], edge));
  });

  test('each face is matched once; the others are missed or extra', () => {
    const face = (/** @type {number} */ left, score = 1) => ({ score, box: [left, 0, left + 0.2, 0.2] });
    const { overlaps, missed, extra } = matchFaces([face(0.01), face(0.02), face(0.7)], [face(0), face(0.4)]);
    assert.equal(overlaps.length, 1);
    near(overlaps[0], 0.19 / 0.21);
    assert.deepEqual([missed, extra], [1, 2]);
    assert.deepEqual(matchFaces([], [face(0)]), { overlaps: [], missed: 1, extra: 0 });
    assert.ok(!areKept(faceFigures('', [[]], [[face(0)]], true)), 'a missed face breaks the bound');
    assert.ok(areKept(faceFigures('', [[face(0)]], [[face(0)]], true)));
  });
});

describe('anomalies', () => {
  const clips = [4, 1, 3, 2].map((expected, i) => ({ isAnomalous: expected > 2, expected, got: [4, 1, 3, 2][i] }));

  test('scores are mean squares, clip by clip', () => {
    const windows = [Float32Array.of(0, 0), Float32Array.of(1, 1)];
    assert.deepEqual(anomalyScores([{ isAnomalous: false, windows }, { isAnomalous: true, windows: [windows[1]] }], Float32Array.of(1, 1, 1, 1, 4, 2)), [0.5, 5]);
  });

  test('area under the curve: pairs in the right order, ties by half', () => {
    assert.equal(areaUnderCurve(clips, 'expected'), 1);
    assert.equal(areaUnderCurve(clips.map((clip) => ({ ...clip, got: 1 })), 'got'), 0.5);
    assert.equal(areaUnderCurve(clips.map((clip) => ({ ...clip, got: -clip.got })), 'got'), 0);
  });

  test('decisions: equal scores keep all, reversed ones do not', () => {
    assert.equal(sameDecisions(clips), 100);
    assert.ok(sameDecisions(clips.map((clip) => ({ ...clip, got: 5 - clip.got }))) < 70);
    const windows = [Float32Array.of(0)];
    const heard = clips.map(({ isAnomalous }) => ({ isAnomalous, windows }));
    assert.ok(areKept(anomalyFigures(heard, [4, 1, 3, 2], [4, 1, 3, 2])));
    assert.ok(!areKept(anomalyFigures(heard, [1, 4, 2, 3], [4, 1, 3, 2])));
  });

  test('features: level and place of noise, a tone and silence', () => {
    const random = randomSource(3);
    const noise = Float32Array.from({ length: 20 * SAMPLE_RATE }, () => 0.1 * Math.sqrt(12) * (random() - 0.5));
    const powers = anomalyWindows(noise).map((window) => 10 ** (window[2 * BANDS + 100] / 10));
    // Variance times the window's energy, times the filters' area of one hertz in bins of 15.625.
    near(powers.reduce((sum, value) => sum + value, 0) / powers.length, (0.01 * 384) / 15.625, 0.02);

    const tone = (/** @type {number} */ level) => Float32Array.from({ length: SAMPLE_RATE }, (_, i) => level * Math.sin((2 * Math.PI * 1000 * i) / SAMPLE_RATE));
    const [loud, soft] = [0.5, 0.05].map((level) => anomalyWindows(tone(level))[10].subarray(0, BANDS));
    // 1000 Hz is mel 15 of 45.25, which 129 steps divide.
    assert.equal(loud.indexOf(Math.max(...loud)), Math.round((15 / 45.2456) * 129) - 1);
    near(Math.max(...loud) - Math.max(...soft), 20, 1e-3);
    near(anomalyWindows(new Float32Array(SAMPLE_RATE))[0][0], 10 * Math.log10(Number.EPSILON), 1e-4);
  });

  test('machine sounds: the same number is the same clip, odd ones differ from their machine', () => {
    assert.deepEqual(machineClip(6, []).samples, machineClip(6, []).samples);
    assert.notDeepEqual(machineClip(6, []).samples, machineClip(8, []).samples);
    assert.deepEqual([8, 9].map((number) => machineClip(number, []).isAnomalous), [false, true]);
  });
});

test('photos belong to CIFAR-10 classes by their names', () => {
  const names = ['n02690373_airliner.JPEG', 'n02123159_tiger_cat.JPEG', 'n02128385_leopard.JPEG', 'n02114855_coyote.JPEG', 'n01644900_tailed_frog.JPEG'];
  assert.deepEqual(names.map(cifarClassOf), [0, 3, -1, -1, 6]);
});
