/** Where a picture lies in the input tensor, and back: pure geometry, the same as in the core (mnw_image_fit_to). */

/** @typedef {{ x: number, y: number, width: number, height: number }} Rectangle */

/**
 * `part` of the picture, in whole pixels of it, fills `box`, in whole pixels of the tensor.
 * @typedef {{ part: Rectangle, box: Rectangle }} Placement
 */

/**
 * @param {number} width of the picture
 * @param {number} height
 * @param {import('../base/types.js').ImageSpec} spec
 * @returns {Placement}
 */
export function placementOf(width, height, spec) {
  const whole = { x: 0, y: 0, width, height };
  const tensor = { x: 0, y: 0, width: spec.width, height: spec.height };
  if (spec.fit === 'stretch') return { part: whole, box: tensor };
  if (spec.fit === 'letterbox') return { part: whole, box: centred(spec.width, spec.height, width, height, 1) };
  return { part: centred(width, height, spec.width, spec.height, spec.crop), box: tensor };
}

/**
 * A share of the largest centred rectangle with the aspect of another one.
 * @param {number} width
 * @param {number} height
 * @param {number} aspectWidth
 * @param {number} aspectHeight
 * @param {number} share
 * @returns {Rectangle} whole pixels
 */
function centred(width, height, aspectWidth, aspectHeight, share) {
  const fitWidth = Math.min(width, (height * aspectWidth) / aspectHeight);
  const fitHeight = Math.min(height, (width * aspectHeight) / aspectWidth);
  const partWidth = Math.max(1, Math.floor(fitWidth * share + 0.5));
  const partHeight = Math.max(1, Math.floor(fitHeight * share + 0.5));
  return {
    x: Math.floor((width - partWidth) / 2),
    y: Math.floor((height - partHeight) / 2),
    width: partWidth,
    height: partHeight,
  };
}

/**
 * From shares of the tensor (0 … 1 from its left and top edge) to pixels of the picture.
 * @param {Placement} placement
 * @param {import('../base/types.js').ImageSpec} spec
 * @returns {{ x: (share: number) => number, y: (share: number) => number }}
 */
export function toSource({ part, box }, spec) {
  return {
    x: (share) => part.x + ((share * spec.width - box.x) * part.width) / box.width,
    y: (share) => part.y + ((share * spec.height - box.y) * part.height) / box.height,
  };
}
