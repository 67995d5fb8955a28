import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anchorsOf } from '../../wasm_glue/src/picture/anchors.js';
import { detectionsOf } from '../../wasm_glue/src/picture/detection.js';
import { iou, keepBest } from '../../wasm_glue/src/picture/nms.js';

/** @typedef {import('../../wasm_glue/src/base/spec_types.js').DetectionSpec} DetectionSpec */

const INPUT = { width: 320, height: 240 };
const LIMITS = { scoreThreshold: 0.5, iouThreshold: 0.45, maxDetections: 100 };

/** Reproducible numbers in 0 … 1. @param {number} seed */
function randomOf(seed) {
  let state = seed;
  return () => (state = (state * 1664525 + 1013904223) % 2 ** 32) / 2 ** 32;
}

/** @param {number[]} data @param {number[]} shape */
const tensor = (data, shape) => ({ data: Float32Array.from(data), shape });

/** @param {number} actual @param {number} expected */
const near = (actual, expected) => assert.ok(Math.abs(actual - expected) < 1e-5, `${actual} is not ${expected}`);

/** @param {import('../../wasm_glue/src/picture/detection.js').Corners} box @param {number[]} expected left, top, right, bottom */
function boxIs(box, expected) {
  [box.left, box.top, box.right, box.bottom].forEach((value, i) => near(value, expected[i]));
}

describe('non-maximum suppression', () => {
  /** The common share of two boxes, counted cell by cell on a fine grid. @param {any} a @param {any} b */
  function countedIou(a, b) {
    const cells = 200;
    let both = 0;
    let any = 0;
    for (let i = 0; i < cells * cells; i++) {
      const x = ((i % cells) + 0.5) / cells;
      const y = (Math.floor(i / cells) + 0.5) / cells;
      const [inA, inB] = [a, b].map((box) => x > box.left && x < box.right && y > box.top && y < box.bottom);
      both += Number(inA && inB);
      any += Number(inA || inB);
    }
    return any ? both / any : 0;
  }
  const random = randomOf(7);
  const someBox = () => {
    const [left, top] = [random() * 0.5, random() * 0.5];
    return { left, top, right: left + 0.1 + random() * 0.4, bottom: top + 0.1 + random() * 0.4, score: random(), index: random() < 0.5 ? 0 : 1 };
  };

  test('the overlap is what counting pixels gives', () => {
    for (let i = 0; i < 40; i++) {
      const [a, b] = [someBox(), someBox()];
      assert.ok(Math.abs(iou(a, b) - countedIou(a, b)) < 0.03);
      assert.equal(iou(a, b), iou(b, a));
    }
    const unit = { left: 0, top: 0, right: 1, bottom: 1 };
    assert.deepEqual([iou(unit, unit), iou(unit, { ...unit, left: 1, right: 2 })], [1, 0]);
    assert.equal(iou({ ...unit, right: 0 }, { ...unit, right: 0 }), 0, 'empty boxes overlap nothing');
  });

  test('what is kept is the greedy choice: by striking out, one after the other', () => {
    const candidates = Array.from({ length: 120 }, someBox);
    const struck = new Set();
    const expected = [];
    for (;;) {
      const left = candidates.filter((candidate) => !struck.has(candidate));
      if (left.length === 0) break;
      const best = left.reduce((a, b) => (b.score > a.score ? b : a));
      expected.push(best);
      for (const other of left) if (other === best || (other.index === best.index && iou(other, best) > 0.3)) struck.add(other);
    }
    assert.ok(expected.length > 4 && expected.length < 100);
    assert.deepEqual(keepBest(candidates, 0.3, Infinity), expected);
    assert.deepEqual(keepBest(candidates, 0.3, 3), expected.slice(0, 3));
  });
});

describe('anchors', () => {
  test('those of the short-range face detector', () => {
    const anchors = anchorsOf({ strides: [8, 16, 16, 16], fixedSize: true }, { width: 128, height: 128 });
    assert.equal(anchors.length, 896);
    // 16 x 16 cells with 2 anchors each, then 8 x 8 with 6.
    for (let i = 0; i < 896; i++) {
      const cells = i < 512 ? 16 : 8;
      const cell = i < 512 ? i >> 1 : Math.floor((i - 512) / 6);
      assert.deepEqual(anchors[i], { x: ((cell % cells) + 0.5) / cells, y: (Math.floor(cell / cells) + 0.5) / cells, width: 1, height: 1 });
    }
  });

  test('those of an SSD with 6 layers: 1,917 of them, from 0.1 to 0.95 of the input', () => {
    const spec = { strides: [16, 32, 64, 128, 256, 512], minScale: 0.2, maxScale: 0.95, aspectRatios: [1, 2, 0.5, 3, 1 / 3], reduceLowestLayer: true };
    const anchors = anchorsOf(spec, { width: 300, height: 300 });
    assert.equal(anchors.length, 19 * 19 * 3 + (10 * 10 + 5 * 5 + 3 * 3 + 2 * 2 + 1) * 6);
    near(anchors[0].width, 0.1);
    near(anchors[1].width / anchors[1].height, 2);
    near(anchors[1].width * anchors[1].height, 0.2 * 0.2);
    const last = anchors.at(-1);
    near(/** @type {any} */ (last).width, Math.sqrt(0.95));
    near(/** @type {any} */ (anchors.at(-6)).width, 0.95);
  });
});

describe('detections', () => {
  test('of boxes and scores: the background is left out, boxes in pixels are scaled, classes do not suppress each other', () => {
    const outputs = [
      tensor([0.9, 0.1, 0, 0.1, 0.8, 0.6, 0.2, 0.3, 0.7, 0.1, 0.2, 0.9], [1, 4, 3]),
      tensor([0, 0, 32, 24, 32, 24, 64, 120, 32, 24, 65, 121, 32, 24, 64, 121], [1, 4, 4]),
    ];
    const spec = /** @type {DetectionSpec} */ ({ kind: 'boxes-scores', boxes: 1, scores: 0, backgroundClass: 0, normalized: false });
    const found = detectionsOf(outputs, spec, INPUT, LIMITS);
    assert.deepEqual(found.map(({ index, score }) => [index, score.toFixed(2)]), [[2, '0.90'], [1, '0.80']], 'row 2 is row 3 again');
    boxIs(found[0], [0.1, 0.1, 0.2, 121 / 240]);
    boxIs(found[1], [0.1, 0.1, 0.2, 0.5]);
    const all = detectionsOf(outputs, spec, INPUT, { ...LIMITS, scoreThreshold: 0 });
    assert.ok(all.every(({ index }) => index !== 0));
    assert.equal(detectionsOf(outputs, spec, INPUT, { ...LIMITS, iouThreshold: 1 }).length, 4);
    assert.equal(detectionsOf(outputs, spec, INPUT, { ...LIMITS, maxDetections: 1 }).length, 1);
  });

  test('of TFLite’s own post-processing: as many as it counts, y before x', () => {
    const outputs = [tensor([0.1, 0.2, 0.3, 0.4, 0.5, 0.5, 0.7, 0.9, 0, 0, 1, 1], [1, 3, 4]), tensor([17, 0, 5], [1, 3]), tensor([0.6, 0.9, 0.99], [1, 3]), tensor([2], [1])];
    const found = detectionsOf(outputs, { kind: 'tflite-postprocess', boxes: 0, classes: 1, scores: 2, count: 3 }, INPUT, LIMITS);
    assert.deepEqual(found.map(({ index }) => index), [0, 17]);
    boxIs(found[1], [0.2, 0.1, 0.4, 0.3]);
  });

  test('of anchors: offsets are in units of the input, points come along', () => {
    // One row for each of 2 x 2 cells with one anchor; the last one sees something.
    const rows = Array.from({ length: 4 }, (_, i) => (i === 3 ? [64, -32, 128, 64, 32, 0] : [0, 0, 0, 0, 0, 0]));
    const outputs = [tensor(rows.flat(), [1, 4, 6]), tensor([-5, -5, -5, 2], [1, 4, 1])];
    /** @type {DetectionSpec} */
    const spec = {
      kind: 'ssd-anchors',
      boxes: 0,
      scores: 1,
      sigmoid: true,
      keypoints: 1,
      anchors: { strides: [64], interpolatedAspectRatio: 0, fixedSize: true, boxScale: [128, 128, 128, 128] },
    };
    const [found, ...others] = detectionsOf(outputs, spec, { width: 128, height: 128 }, LIMITS);
    assert.equal(others.length, 0);
    near(found.score, 1 / (1 + Math.E ** -2));
    // The anchor's centre is 0.75, 0.75; the box's centre is 0.5 right and 0.25 above it.
    boxIs(found, [0.75, 0.25, 1.75, 0.75]);
    assert.deepEqual(found.points, [[1, 0.75]]);
  });

  test('of anchors with exponential extents and y first, as SSDs of TensorFlow', () => {
    const outputs = [tensor([1, 2, Math.log(2) * 5, Math.log(3) * 5], [1, 1, 4]), tensor([0, 0.9], [1, 1, 2])];
    /** @type {DetectionSpec} */
    const spec = {
      kind: 'ssd-anchors',
      boxes: 0,
      scores: 1,
      boxForm: 'cycxhw',
      backgroundClass: 0,
      anchors: { strides: [100], minScale: 0.2, maxScale: 0.2, interpolatedAspectRatio: 0, exponential: true, boxScale: [10, 10, 5, 5] },
    };
    const [found] = detectionsOf(outputs, spec, { width: 100, height: 100 }, LIMITS);
    const [x, y, width, height] = [0.5 + 0.2 * 0.2, 0.5 + 0.1 * 0.2, 0.2 * 3, 0.2 * 2];
    boxIs(found, [x - width / 2, y - height / 2, x + width / 2, y + height / 2]);
  });

  test('of YOLO: a detection a column or a row, with objectness and without', () => {
    const random = randomOf(3);
    const classes = 3;
    const detections = Array.from({ length: 40 }, () => ({ box: [random() * 320, random() * 240, 20, 30], scores: Array.from({ length: classes }, random) }));
    const expected = detections
      .map(({ box, scores }) => ({ box, score: Math.max(...scores), index: scores.indexOf(Math.max(...scores)) }))
      .filter(({ score }) => score >= 0.5)
      .sort((a, b) => b.score - a.score);
    const byRow = tensor(detections.flatMap(({ box, scores }) => [...box, ...scores]), [1, 40, 7]);
    const byColumn = tensor(Array.from({ length: 7 * 40 }, (_, i) => byRow.data[(i % 40) * 7 + Math.floor(i / 40)]), [1, 7, 40]);
    const spec = /** @type {DetectionSpec} */ ({ kind: 'yolo', boxes: 0, scores: 0, normalized: false });
    for (const output of [byRow, byColumn]) {
      const found = detectionsOf([output], spec, INPUT, { ...LIMITS, iouThreshold: 1 });
      assert.deepEqual(found.map(({ index }) => index), expected.map(({ index }) => index));
      found.forEach((one, i) => {
        near(one.score, expected[i].score);
        const [x, y, width, height] = expected[i].box;
        boxIs(one, [(x - width / 2) / 320, (y - height / 2) / 240, (x + width / 2) / 320, (y + height / 2) / 240]);
      });
    }
    const halved = tensor(detections.flatMap(({ box, scores }) => [...box, 0.5, ...scores]), [1, 40, 8]);
    const found = detectionsOf([halved], { ...spec, objectness: true }, INPUT, { scoreThreshold: 0.25, iouThreshold: 1, maxDetections: 100 });
    assert.deepEqual(found.map(({ index }) => index), expected.map(({ index }) => index));
  });
});
