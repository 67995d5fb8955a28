/**
 * Inputs for CIFAR-10 models from ImageNet photos: those of classes that belong to the ten, seen whole and in parts, mirrored
 * and not, reduced to 32x32. Which photos and which views does not depend on any model's answers.
 */
import path from 'node:path';
import { inputsOf } from './package_answers.js';
import { CHANNELS, passThrough } from './pixel_files.js';

const NAMES = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
/** Wordnet numbers, first to last; there is no horse among the photos. */
const CLASSES = [
  { name: 'airplane', wnids: ['n02690373'] },
  { name: 'automobile', wnids: ['n02930766'] },
  { name: 'bird', wnids: ['n01514668-n01622779', 'n01795545-n01860187', 'n02002556-n02058221'] },
  { name: 'cat', wnids: ['n02123045-n02124075'] },
  { name: 'deer', wnids: ['n02422106-n02423022'] },
  { name: 'dog', wnids: ['n02085620-n02113978'] },
  { name: 'frog', wnids: ['n01641577-n01644900'] },
  { name: 'ship', wnids: ['n02951358', 'n02981792', 'n03344393', 'n03673027', 'n03947888', 'n04273569', 'n04612504'] },
  { name: 'truck', wnids: ['n04461696'] },
];
const SIDE = 32;
/** Side of the picture that the parts are cut out of. */
const WIDE = 40;
const CORNERS = [[0, 0], [0, WIDE - SIDE], [WIDE - SIDE, 0], [WIDE - SIDE, WIDE - SIDE], [(WIDE - SIDE) / 2, (WIDE - SIDE) / 2]];
export const VIEWS = 2 * (1 + CORNERS.length);

/** @param {string} photo named after its wordnet number @returns {number} one of the ten classes, or -1 */
export function cifarClassOf(photo) {
  const wnid = path.basename(photo).split('_')[0];
  const found = CLASSES.find(({ wnids }) => wnids.map((text) => text.split('-')).some(([first, last = first]) => first <= wnid && wnid <= last));
  return found ? NAMES.indexOf(found.name) : -1;
}

/**
 * @param {string} work scratch folder
 * @param {string[]} photos
 * @returns {{ tensors: Float32Array, count: number }} VIEWS inputs of 32x32x3 for each photo, 0 … 255
 */
export function viewsOf(work, photos) {
  const [whole, wide] = [SIDE, WIDE].map((side) => inputsOf(passThrough(work, { width: side, height: side }), photos));
  const size = SIDE * SIDE * CHANNELS;
  const tensors = new Float32Array(photos.length * VIEWS * size);
  let at = 0;
  const add = (/** @type {Float32Array} */ view) => {
    for (const pixels of [view, mirrored(view)]) {
      tensors.set(pixels, at);
      at += size;
    }
  };
  photos.forEach((_, index) => {
    add(whole.subarray(index * size, (index + 1) * size));
    const picture = wide.subarray(index * WIDE * WIDE * CHANNELS, (index + 1) * WIDE * WIDE * CHANNELS);
    for (const [top, left] of CORNERS) add(part(picture, top, left));
  });
  return { tensors, count: photos.length * VIEWS };
}

/** @param {Float32Array} picture WIDE @param {number} top @param {number} left @returns {Float32Array} SIDE */
function part(picture, top, left) {
  const rows = Array.from({ length: SIDE }, (_, row) => {
    const start = ((top + row) * WIDE + left) * CHANNELS;
    return [...picture.subarray(start, start + SIDE * CHANNELS)];
  });
  return Float32Array.from(rows.flat());
}

/** @param {Float32Array} view SIDE @returns {Float32Array} */
function mirrored(view) {
  return view.map((_, i) => {
    const [pixel, channel] = [Math.floor(i / CHANNELS), i % CHANNELS];
    const column = pixel % SIDE;
    return view[(pixel - column + SIDE - 1 - column) * CHANNELS + channel];
  });
}
