/**
 * From a detector's outputs to boxes: pure functions over plain arrays.
 *
 * Every kind of head becomes a list of candidates with corners in 0 … 1 of the input; overlapping candidates of one
 * class are then thinned out (greedy non-maximum suppression), and what is left is told in pixels of the picture.
 */
import { anchorsOf } from './anchors.js';
import { keepBest } from './nms.js';

/** @typedef {import('../base/spec_types.js').DetectionSpec} DetectionSpec */

/** Corners in 0 … 1 of the input. @typedef {{ left: number, top: number, right: number, bottom: number }} Corners */

/** @typedef {Corners & { index: number, score: number, points?: [number, number][] }} Candidate */

/** Real values and shape of an output. @typedef {{ data: ArrayLike<number>, shape: readonly number[] }} RealTensor */

/** @typedef {{ scoreThreshold: number, iouThreshold: number, maxDetections: number }} Limits */

/**
 * @param {readonly RealTensor[]} outputs
 * @param {DetectionSpec} spec
 * @param {{ width: number, height: number }} input extents in pixels
 * @param {Limits} limits
 * @returns {Candidate[]} best first
 */
export function detectionsOf(outputs, spec, input, limits) {
  const readers = { 'tflite-postprocess': chosen, 'boxes-scores': rows, 'ssd-anchors': anchored, yolo };
  const candidates = readers[spec.kind](outputs, spec, input, limits.scoreThreshold);
  // These were thinned out by the model.
  const kept = spec.kind === 'tflite-postprocess' ? candidates.sort((a, b) => b.score - a.score) : keepBest(candidates, limits.iouThreshold, limits.maxDetections);
  return kept.slice(0, limits.maxDetections);
}

/** @typedef {(outputs: readonly RealTensor[], spec: DetectionSpec, input: { width: number, height: number }, threshold: number) => Candidate[]} CandidateReader */

/** TFLite_Detection_PostProcess: boxes [1,n,4], classes [1,n], scores [1,n], count [1]. @type {CandidateReader} */
function chosen(outputs, spec, input, threshold) {
  const boxes = outputs[spec.boxes].data;
  const scores = outputs[spec.scores].data;
  const classes = outputs[/** @type {number} */ (spec.classes)].data;
  const count = spec.count === undefined ? scores.length : Math.min(scores.length, Math.round(outputs[spec.count].data[0]));
  const corners = cornerReader(spec, input, 'yxyx');
  /** @type {Candidate[]} */
  const candidates = [];
  for (let i = 0; i < count; i++) {
    const index = Math.round(classes[i]);
    if (scores[i] < threshold || index === spec.backgroundClass) continue;
    candidates.push({ index, score: scores[i], ...corners(boxes[4 * i], boxes[4 * i + 1], boxes[4 * i + 2], boxes[4 * i + 3]) });
  }
  return candidates;
}

/** Boxes [1,n,4] and scores [1,n,classes]. @type {CandidateReader} */
function rows(outputs, spec, input, threshold) {
  const { data } = outputs[spec.boxes];
  const corners = cornerReader(spec, input, 'xyxy');
  return everyScore(outputs, spec, threshold, (row, columns) => {
    const i = row * columns;
    return corners(data[i], data[i + 1], data[i + 2], data[i + 3]);
  });
}

/** Boxes [1,n,4 + 2 keypoints] relative to anchors and scores [1,n,classes]. @type {CandidateReader} */
function anchored(outputs, spec, input, threshold) {
  const { data } = outputs[spec.boxes];
  const anchors = anchorsOf(/** @type {import('../base/spec_types.js').AnchorSpec} */ (spec.anchors), input);
  const { boxScale: [scaleX, scaleY, scaleWidth, scaleHeight] = [1, 1, 1, 1], exponential = false } = spec.anchors ?? {};
  const { boxForm = 'cxcywh', keypoints = 0 } = spec;
  const [atX, atY, atWidth, atHeight] = boxForm[1] === 'y' ? [1, 0, 3, 2] : [0, 1, 2, 3];
  const extent = exponential ? Math.exp : (/** @type {number} */ value) => value;
  return everyScore(outputs, spec, threshold, (row, columns) => {
    const anchor = anchors[row];
    const from = row * columns;
    /** @param {number} at */
    const x = (at) => (data[from + at] / scaleX) * anchor.width + anchor.x;
    /** @param {number} at */
    const y = (at) => (data[from + at] / scaleY) * anchor.height + anchor.y;
    const width = extent(data[from + atWidth] / scaleWidth) * anchor.width;
    const height = extent(data[from + atHeight] / scaleHeight) * anchor.height;
    const box = aroundCentre(x(atX), y(atY), width, height);
    if (keypoints === 0) return box;
    const points = Array.from({ length: keypoints }, (_, k) => /** @type {[number, number]} */ ([x(4 + 2 * k + atX), y(4 + 2 * k + atY)]));
    return { ...box, points };
  });
}

/** One tensor of [x, y, w, h, (objectness,) scores …], a detection a row or a column. @type {CandidateReader} */
function yolo(outputs, spec, input, threshold) {
  const { data, shape } = outputs[spec.boxes];
  const [rowCount, columnCount] = shape.slice(-2);
  // There are more boxes than values of a box.
  const isTransposed = rowCount < columnCount;
  const count = isTransposed ? columnCount : rowCount;
  const values = isTransposed ? rowCount : columnCount;
  /** @param {number} row @param {number} value */
  const at = (row, value) => data[isTransposed ? value * count + row : row * values + value];
  const corners = cornerReader(spec, input, 'cxcywh');
  const first = spec.objectness ? 5 : 4;
  const real = spec.sigmoid ? sigmoid : same;
  /** @type {Candidate[]} */
  const candidates = [];
  for (let row = 0; row < count; row++) {
    const objectness = spec.objectness ? real(at(row, 4)) : 1;
    if (objectness < threshold) continue;
    let best = first;
    for (let value = first + 1; value < values; value++) if (at(row, value) > at(row, best)) best = value;
    const score = objectness * real(at(row, best));
    const index = best - first;
    if (!(score >= threshold) || index === spec.backgroundClass) continue;
    candidates.push({ index, score, ...corners(at(row, 0), at(row, 1), at(row, 2), at(row, 3)) });
  }
  return candidates;
}

/**
 * A candidate for each score that is high enough.
 * @param {readonly RealTensor[]} outputs
 * @param {DetectionSpec} spec
 * @param {number} threshold
 * @param {(row: number, columns: number) => Corners & { points?: [number, number][] }} boxOf
 */
function everyScore(outputs, spec, threshold, boxOf) {
  const scores = outputs[spec.scores];
  const boxes = outputs[spec.boxes];
  const columns = /** @type {number} */ (boxes.shape.at(-1));
  const count = boxes.data.length / columns;
  const classes = scores.data.length / count;
  const real = spec.sigmoid ? sigmoid : same;
  /** @type {Candidate[]} */
  const candidates = [];
  for (let row = 0; row < count; row++) {
    for (let index = 0; index < classes; index++) {
      const score = real(scores.data[row * classes + index]);
      if (score >= threshold && index !== spec.backgroundClass) candidates.push({ index, score, ...boxOf(row, columns) });
    }
  }
  return candidates;
}

/**
 * How four numbers of a box become corners.
 * @param {DetectionSpec} spec
 * @param {{ width: number, height: number }} input
 * @param {NonNullable<DetectionSpec['boxForm']>} defaultForm
 * @returns {(a: number, b: number, c: number, d: number) => Corners}
 */
function cornerReader({ boxForm = undefined, normalized = true }, { width, height }, defaultForm) {
  const unitX = normalized ? 1 : width;
  const unitY = normalized ? 1 : height;
  const form = boxForm ?? defaultForm;
  if (form === 'yxyx') return (a, b, c, d) => ({ left: b / unitX, top: a / unitY, right: d / unitX, bottom: c / unitY });
  if (form === 'cxcywh') return (a, b, c, d) => aroundCentre(a / unitX, b / unitY, c / unitX, d / unitY);
  if (form === 'cycxhw') return (a, b, c, d) => aroundCentre(b / unitX, a / unitY, d / unitX, c / unitY);
  return (a, b, c, d) => ({ left: a / unitX, top: b / unitY, right: c / unitX, bottom: d / unitY });
}

/** @param {number} x @param {number} y @param {number} width @param {number} height @returns {Corners} */
function aroundCentre(x, y, width, height) {
  return { left: x - width / 2, top: y - height / 2, right: x + width / 2, bottom: y + height / 2 };
}

/** @param {number} value */
function sigmoid(value) {
  return 1 / (1 + Math.exp(-value));
}

/** @param {number} value */
function same(value) {
  return value;
}
