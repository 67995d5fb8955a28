/**
 * The anchors of an SSD, in the order of its outputs, as MediaPipe's SsdAnchorsCalculator generates them: for every
 * cell of a layer the aspect ratios at the layer's scale, then one between this scale and the next layer's; layers of
 * one stride are generated together, cell by cell.
 */

/** Centre and extents in 0 … 1 of the input. @typedef {{ x: number, y: number, width: number, height: number }} Anchor */

/**
 * @param {import('../base/spec_types.js').AnchorSpec} spec
 * @param {{ width: number, height: number }} input in pixels
 * @returns {Anchor[]}
 */
export function anchorsOf(spec, input) {
  const { strides, fixedSize = false } = spec;
  /** @type {Anchor[]} */
  const anchors = [];
  for (let layer = 0; layer < strides.length; ) {
    const stride = strides[layer];
    /** @type {[number, number][]} */
    const sizes = [];
    for (; strides[layer] === stride; layer++) sizes.push(...layerSizes(spec, layer));
    const rows = Math.ceil(input.height / stride);
    const columns = Math.ceil(input.width / stride);
    for (let cell = 0; cell < rows * columns; cell++) {
      const x = ((cell % columns) + 0.5) / columns;
      const y = (Math.floor(cell / columns) + 0.5) / rows;
      for (const [width, height] of sizes) anchors.push(fixedSize ? { x, y, width: 1, height: 1 } : { x, y, width, height });
    }
  }
  return anchors;
}

/** @param {import('../base/spec_types.js').AnchorSpec} spec @param {number} layer @returns {[number, number][]} */
function layerSizes(spec, layer) {
  const { strides, minScale = 0.2, maxScale = 0.95, aspectRatios = [1], interpolatedAspectRatio = 1, reduceLowestLayer = false } = spec;
  const last = strides.length - 1;
  /** @param {number} at */
  const scaleOf = (at) => (last === 0 ? (minScale + maxScale) / 2 : minScale + ((maxScale - minScale) * at) / last);
  const scale = scaleOf(layer);
  /** @type {[number, number][]} aspect ratio and scale */
  const shapes = aspectRatios.map((ratio) => [ratio, scale]);
  if (layer === 0 && reduceLowestLayer) shapes.splice(0, Infinity, [1, 0.1], [2, scale], [0.5, scale]);
  else if (interpolatedAspectRatio > 0) {
    shapes.push([interpolatedAspectRatio, Math.sqrt(scale * (layer === last ? 1 : scaleOf(layer + 1)))]);
  }
  return shapes.map(([ratio, size]) => [size * Math.sqrt(ratio), size / Math.sqrt(ratio)]);
}
