/** The manifest's fields that say what a model's outputs mean, and whether a task has all it needs. */

/** @typedef {import('../base/checker.js').Checker} Checker */
/** @typedef {import('../base/types.js').AnchorSpec} AnchorSpec */
/** @typedef {import('../base/types.js').DetectionSpec} DetectionSpec */
/** @typedef {import('../base/types.js').EmbeddingSpec} EmbeddingSpec */
/** @typedef {import('../base/types.js').Manifest} Manifest */
/** @typedef {import('../base/types.js').SegmentationSpec} SegmentationSpec */
/** @typedef {import('../base/types.js').TensorSpec} TensorSpec */

const MAX_CLASSES = 65536;
const MAX_LAYERS = 32;

/**
 * @param {Checker} check @param {unknown} value @param {string} field @param {readonly TensorSpec[]} outputs
 * @returns {DetectionSpec}
 */
export function readDetection(check, value, field, outputs) {
  const fields = check.object(value, field);
  const kinds = /** @type {const} */ (['tflite-postprocess', 'boxes-scores', 'ssd-anchors', 'yolo']);
  const kind = check.oneOf(fields.kind, `${field}.kind`, kinds);
  const output = outputReader(check, outputs);
  /** @param {unknown} v @param {string} f */
  const share = (v, f) => (v === 0 ? 0 : check.positive(v, f, 1));
  /** @type {DetectionSpec} */
  const detection = {
    kind,
    boxes: output(fields.boxes, `${field}.boxes`),
    // A YOLO head has boxes and scores in one tensor.
    scores: kind === 'yolo' && fields.scores === undefined ? output(fields.boxes, `${field}.boxes`) : output(fields.scores, `${field}.scores`),
    ...check.optional(value, field, {
      classes: output,
      count: output,
      backgroundClass: (v, f) => check.integer(v, f, 0, MAX_CLASSES),
      scoreThreshold: share,
      iouThreshold: share,
      maxDetections: (v, f) => check.integer(v, f, 1, MAX_CLASSES),
      boxForm: (v, f) => check.oneOf(v, f, /** @type {const} */ (['xyxy', 'yxyx', 'cxcywh', 'cycxhw'])),
      normalized: (v, f) => check.boolean(v, f),
      sigmoid: (v, f) => check.boolean(v, f),
      objectness: (v, f) => check.boolean(v, f),
      keypoints: (v, f) => check.integer(v, f, 0, 256),
      anchors: (v, f) => readAnchors(check, v, f),
    }),
  };
  if (kind === 'ssd-anchors' && !detection.anchors) check.fail(`${field}.anchors`, 'an object');
  if (kind === 'tflite-postprocess' && detection.classes === undefined) check.fail(`${field}.classes`, 'an output’s number');
  return detection;
}

/** @param {Checker} check @param {unknown} value @param {string} field @returns {AnchorSpec} */
function readAnchors(check, value, field) {
  const fields = check.object(value, field);
  /** @param {unknown} v @param {string} f */
  const fraction = (v, f) => check.positive(v, f, 1e6);
  return {
    strides: check.list(fields.strides, `${field}.strides`, MAX_LAYERS).map((s, i) => check.integer(s, `${field}.strides[${i}]`, 1, 65536)),
    ...check.optional(value, field, {
      minScale: fraction,
      maxScale: fraction,
      aspectRatios: (v, f) => check.list(v, f, MAX_LAYERS).map((r, i) => fraction(r, `${f}[${i}]`)),
      interpolatedAspectRatio: (v, f) => (v === 0 ? 0 : fraction(v, f)),
      reduceLowestLayer: (v, f) => check.boolean(v, f),
      fixedSize: (v, f) => check.boolean(v, f),
      exponential: (v, f) => check.boolean(v, f),
      boxScale: (v, f) => check.list(v, f, 4, 4).map((s, i) => fraction(s, `${f}[${i}]`)),
    }),
  };
}

/**
 * @param {Checker} check @param {unknown} value @param {string} field @param {readonly TensorSpec[]} outputs
 * @returns {SegmentationSpec}
 */
export function readSegmentation(check, value, field, outputs) {
  const fields = check.object(value, field);
  return {
    output: outputReader(check, outputs)(fields.output, `${field}.output`),
    classes: check.integer(fields.classes, `${field}.classes`, 1, 256),
    ...check.optional(value, field, {
      argmax: (v, f) => check.boolean(v, f),
      layout: (v, f) => check.oneOf(v, f, /** @type {const} */ (['nhwc', 'nchw'])),
      threshold: (v, f) => check.number(v, f),
    }),
  };
}

/**
 * @param {Checker} check @param {unknown} value @param {string} field @param {readonly TensorSpec[]} outputs
 * @returns {EmbeddingSpec}
 */
export function readEmbedding(check, value, field, outputs) {
  const fields = check.object(value, field);
  return {
    output: outputReader(check, outputs)(fields.output, `${field}.output`),
    pooling: check.oneOf(fields.pooling, `${field}.pooling`, /** @type {const} */ (['none', 'mean', 'cls'])),
    normalize: check.boolean(fields.normalize, `${field}.normalize`),
  };
}

/** @param {Checker} check @param {readonly TensorSpec[]} outputs @returns {(value: unknown, field: string) => number} */
function outputReader(check, outputs) {
  return (value, field) => check.integer(value, field, 0, outputs.length - 1);
}

/** @param {Checker} check @param {Manifest} manifest @throws BAD_MANIFEST where the task lacks something */
export function checkTask(check, { task, inputs, outputs, vocabulary, detection, segmentation, embedding }) {
  /** @param {boolean} isThere @param {string} need */
  const need = (isThere, need) => isThere || check.fail('task', `"tensors", unless there is ${need}`);
  const [kind] = task.split('-');
  if (['image', 'object'].includes(kind)) need(inputs.length === 1 && !!inputs[0].image, 'one image input');
  if (kind === 'audio') need(inputs.length === 1 && !!inputs[0].audio, 'one audio input');
  if (kind === 'text') {
    need(inputs.length > 0 && inputs.every(({ text }) => text), 'a text field in every input');
    need(inputs.every(({ text }) => text?.tokenizer === inputs[0].text?.tokenizer), 'one tokenizer for all inputs');
    need(inputs[0].text?.tokenizer === 'hash' || !!vocabulary, 'a vocabulary');
  }
  if (task.endsWith('-classification')) need(outputs.length === 1, 'one output');
  if (task === 'object-detection') need(!!detection, 'a detection field');
  if (task === 'image-segmentation') need(!!segmentation, 'a segmentation field');
  if (task === 'text-embedding') need(!!embedding, 'an embedding field');
}
