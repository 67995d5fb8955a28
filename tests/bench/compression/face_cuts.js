/** Squares around the faces that UltraFace finds in photos: what a face mesh sees in use. */
import path from 'node:path';
import { DATA } from '../../parity/native_minnow.js';
import { FACE_HEIGHT, FACE_WIDTH } from './face_geometry.js';
import { facesOfPhotos } from './judge_faces.js';
import { answersOf, inputsOf, packModel } from './package_answers.js';
import { CHANNELS, passThrough, writeFrontend } from './pixel_files.js';

/** Photos are cut from this size, in bars as the detector sees them. */
const WIDTH = 3 * FACE_WIDTH;
const HEIGHT = 3 * FACE_HEIGHT;
/** Of a face's longer side: MediaPipe gives the mesh half a face more than the box. */
const SIDE_SCALE = 1.5;
/** Smaller faces are blurred beyond use. */
const LEAST_FACE_PIXELS = 40;
const PHOTOS_AT_ONCE = 40;

/**
 * @param {string} work scratch folder
 * @param {string[]} photos
 * @param {number} side of the squares in pixels
 * @returns {Float32Array[]} RGB pixels, 0 … 255
 */
export function faceCuts(work, photos, side) {
  const image = { width: FACE_WIDTH, height: FACE_HEIGHT, channels: CHANNELS, fit: 'letterbox', layout: 'nchw', scale: 1 / 128, offset: -127 / 128 };
  const detector = path.join(DATA, 'models/ultra_light_face/version-RFB-320_without_postprocessing.onnx');
  const { folder } = packModel(detector, path.join(work, 'face_detector'), ['--frontend', writeFrontend(work, { crop: 1, ...image })]);
  const pixels = passThrough(work, { width: WIDTH, height: HEIGHT, fit: 'letterbox' });
  const faces = facesOfPhotos(answersOf(folder, { pictures: photos }));
  const cuts = [];
  for (let first = 0; first < photos.length; first += PHOTOS_AT_ONCE) {
    const some = photos.slice(first, first + PHOTOS_AT_ONCE);
    const all = inputsOf(pixels, some);
    for (const [index] of some.entries()) {
      const photo = all.subarray(index * WIDTH * HEIGHT * CHANNELS, (index + 1) * WIDTH * HEIGHT * CHANNELS);
      for (const { box } of faces[first + index]) {
        const [left, top, right, bottom] = box.map((edge, i) => edge * (i % 2 ? HEIGHT : WIDTH));
        const extent = Math.max(right - left, bottom - top);
        if (extent >= LEAST_FACE_PIXELS) cuts.push(cutSquare(photo, (left + right) / 2, (top + bottom) / 2, SIDE_SCALE * extent, side));
      }
    }
  }
  return cuts;
}

/** Bilinear; black beyond the photo. @param {Float32Array} photo @param {number} x @param {number} y of the centre @param {number} extent @param {number} side */
function cutSquare(photo, x, y, extent, side) {
  const at = (/** @type {number} */ column, /** @type {number} */ row, /** @type {number} */ channel) =>
    column < 0 || row < 0 || column >= WIDTH || row >= HEIGHT ? 0 : photo[(row * WIDTH + column) * CHANNELS + channel];
  return Float32Array.from({ length: side * side * CHANNELS }, (_, i) => {
    const [pixel, channel] = [Math.floor(i / CHANNELS), i % CHANNELS];
    const place = (/** @type {number} */ centre, /** @type {number} */ step) => centre + ((step + 0.5) / side - 0.5) * extent - 0.5;
    const [px, py] = [place(x, pixel % side), place(y, Math.floor(pixel / side))];
    const [column, row] = [Math.floor(px), Math.floor(py)];
    const [u, v] = [px - column, py - row];
    const upper = at(column, row, channel) * (1 - u) + at(column + 1, row, channel) * u;
    return upper * (1 - v) + (at(column, row + 1, channel) * (1 - u) + at(column + 1, row + 1, channel) * u) * v;
  });
}
