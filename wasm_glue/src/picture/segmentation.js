/** From a segmenter's output to a class for each pixel: pure functions over plain arrays. */

/** @typedef {import('../base/spec_types.js').SegmentationSpec} SegmentationSpec */
/** @typedef {import('./placement.js').Rectangle} Rectangle */

/**
 * A class for each pixel of a grid.
 * @typedef {object} ClassMap
 * @property {number} width
 * @property {number} height
 * @property {Uint8Array} classes row-major class numbers
 * @property {Float32Array} [confidence] of each pixel's class, as the model gives it; of a model with one class, the
 *   foreground's probability. Not of a model that gives class numbers alone
 */

/**
 * @param {{ data: ArrayLike<number>, shape: readonly number[] }} output real values
 * @param {SegmentationSpec} spec
 * @returns {ClassMap}
 */
export function classMapOf({ data, shape }, spec) {
  if (spec.argmax) {
    // [h,w], [1,h,w] or [1,h,w,1]
    const [height, width] = shape.length === 4 ? shape.slice(1, 3) : shape.slice(-2);
    return { width, height, classes: Uint8Array.from(data) };
  }
  const isPlanar = spec.layout === 'nchw';
  const [height, width] = shape.length < 4 ? shape.slice(-2) : isPlanar ? shape.slice(2) : shape.slice(1, 3);
  const pixels = width * height;
  const classes = new Uint8Array(pixels);
  const confidence = new Float32Array(pixels);
  const count = data.length / pixels;
  if (count === 1) {
    const { threshold = 0.5 } = spec;
    for (let i = 0; i < pixels; i++) {
      confidence[i] = data[i];
      classes[i] = data[i] >= threshold ? 1 : 0;
    }
    return { width, height, classes, confidence };
  }
  const [pixelStep, classStep] = isPlanar ? [1, pixels] : [count, 1];
  for (let i = 0; i < pixels; i++) {
    let best = 0;
    for (let c = 1; c < count; c++) {
      if (data[i * pixelStep + c * classStep] > data[i * pixelStep + best * classStep]) best = c;
    }
    classes[i] = best;
    confidence[i] = data[i * pixelStep + best * classStep];
  }
  return { width, height, classes, confidence };
}

/**
 * The part of a map that shows the picture, without a letterbox's bars.
 * @param {ClassMap} map
 * @param {Rectangle} box in the input
 * @param {{ width: number, height: number }} input
 * @returns {ClassMap}
 */
export function cutOut(map, box, input) {
  const left = Math.floor((box.x * map.width) / input.width);
  const top = Math.floor((box.y * map.height) / input.height);
  const right = Math.max(left + 1, Math.ceil(((box.x + box.width) * map.width) / input.width));
  const bottom = Math.max(top + 1, Math.ceil(((box.y + box.height) * map.height) / input.height));
  const width = right - left;
  const height = bottom - top;
  if (width === map.width && height === map.height) return map;
  /** @template {Uint8Array | Float32Array} T @param {T} values @param {T} part */
  const cut = (values, part) => {
    for (let y = 0; y < height; y++) {
      const from = (top + y) * map.width + left;
      part.set(values.subarray(from, from + width), y * width);
    }
    return part;
  };
  return {
    width,
    height,
    classes: cut(map.classes, new Uint8Array(width * height)),
    ...(map.confidence && { confidence: cut(map.confidence, new Float32Array(width * height)) }),
  };
}

/**
 * A segmentation as large as its picture: each pixel gets the class of the map's nearest one, and class 0 where the
 * model did not look.
 * @param {Pick<import('./image_segmenter.js').Segmentation, 'width' | 'height' | 'classes' | 'part' | 'source'>} segmentation
 * @returns {{ width: number, height: number, classes: Uint8Array }}
 */
export function upscaleToSource({ width, height, classes, part, source }) {
  const large = new Uint8Array(source.width * source.height);
  const columns = Int32Array.from({ length: part.width }, (_, x) => Math.floor(((x + 0.5) * width) / part.width));
  for (let y = 0; y < part.height; y++) {
    const from = width * Math.floor(((y + 0.5) * height) / part.height);
    const to = (part.y + y) * source.width + part.x;
    for (let x = 0; x < part.width; x++) large[to + x] = classes[from + columns[x]];
  }
  return { ...source, classes: large };
}
