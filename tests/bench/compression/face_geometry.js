/**
 * From UltraFace's outputs without post-processing to faces: its priors, and the places of boxes relative to them
 * (vision/utils/box_utils.py of its authors).
 */
import { findFaces } from '../../parity/face_boxes.js';

/** @typedef {import('../../parity/face_boxes.js').Face} Face */

export const FACE_WIDTH = 320;
export const FACE_HEIGHT = 240;
const CENTER_VARIANCE = 0.1;
const SIZE_VARIANCE = 0.2;
const STRIDES = [8, 16, 32, 64];
const BOX_SIDES = [[10, 16, 24], [32, 48], [64, 96], [128, 192, 256]];

/** [centre x, centre y, width, height] of each, as fractions of the picture */
const PRIORS = STRIDES.flatMap((stride, level) => {
  const [columns, rows] = [Math.ceil(FACE_WIDTH / stride), Math.ceil(FACE_HEIGHT / stride)];
  return Array.from({ length: rows * columns }, (_, cell) => {
    const centre = [((cell % columns) + 0.5) / columns, (Math.floor(cell / columns) + 0.5) / rows];
    return BOX_SIDES[level].map((side) => [...centre, side / FACE_WIDTH, side / FACE_HEIGHT].map((value) => Math.min(value, 1)));
  }).flat();
});

/**
 * @param {ArrayLike<number>} scores rows of [background, face]
 * @param {ArrayLike<number>} places rows of [x, y, width, height] relative to the priors
 * @returns {Face[]} best first
 */
export function facesOf(scores, places) {
  const boxes = PRIORS.flatMap(([x, y, width, height], row) => {
    const [dx, dy, dw, dh] = [0, 1, 2, 3].map((i) => places[4 * row + i]);
    const [middle, centre] = [x + dx * CENTER_VARIANCE * width, y + dy * CENTER_VARIANCE * height];
    const [w, h] = [width * Math.exp(dw * SIZE_VARIANCE), height * Math.exp(dh * SIZE_VARIANCE)];
    return [middle - w / 2, centre - h / 2, middle + w / 2, centre + h / 2];
  });
  return findFaces(Array.from(scores), boxes);
}
