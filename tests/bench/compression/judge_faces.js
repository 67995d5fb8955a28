/** Faces in photos: how far a compressed detector's boxes lie from those of the float model. */
import { overlap } from '../../parity/face_boxes.js';
import { facesOf } from './face_geometry.js';
import { bootstrapInterval, shareInterval } from './intervals.js';
import { figureOf } from './judges.js';

/** @typedef {import('./face_geometry.js').Face} Face */
/** @typedef {import('./judges.js').Figure} Figure */
/** @typedef {import('./package_answers.js').Answers} Answers */
/** @typedef {{ overlaps: number[], missed: number, extra: number }} Matched faces of one photo */

/** Boxes that have less in common are two faces. */
const SAME_FACE = 0.5;
const GOOD_OVERLAP = 0.95;

/** @param {Answers} answers outputs: scores, places @returns {Face[][]} of each photo */
export function facesOfPhotos({ count, outputs: [scores, places] }) {
  const row = (/** @type {import('./package_answers.js').Output} */ { size, values }, /** @type {number} */ index) =>
    values.subarray(index * size, (index + 1) * size);
  return Array.from({ length: count }, (_, index) => facesOf(row(scores, index), row(places, index)));
}

/** @param {Face[]} got @param {Face[]} wanted best first; each takes the nearest box that is left @returns {Matched} */
export function matchFaces(got, wanted) {
  const left = [...got];
  const overlaps = [];
  for (const { box } of wanted) {
    const shares = left.map((other) => overlap(box, other.box));
    const nearest = shares.indexOf(Math.max(...shares));
    if (nearest < 0 || shares[nearest] < SAME_FACE) continue;
    overlaps.push(shares[nearest]);
    left.splice(nearest, 1);
  }
  return { overlaps, missed: wanted.length - overlaps.length, extra: left.length };
}

/**
 * @param {string} where the photos' name in the figures
 * @param {Face[][]} got
 * @param {Face[][]} wanted
 * @param {boolean} isGoal whether overlaps are held to the bound
 * @returns {Figure[]}
 */
export function faceFigures(where, got, wanted, isGoal) {
  const photos = got.map((faces, index) => matchFaces(faces, wanted[index])).filter((_, index) => wanted[index].length + got[index].length > 0);
  const all = photos.flatMap(({ overlaps }) => overlaps);
  const total = (/** @type {'missed' | 'extra'} */ kind) => photos.reduce((sum, photo) => sum + photo[kind], 0);
  const mean = (/** @type {Matched[]} */ drawn) => {
    const list = drawn.flatMap(({ overlaps }) => overlaps);
    return list.reduce((sum, share) => sum + share, 0) / Math.max(1, list.length);
  };
  const found = all.length + total('missed');
  return [
    figureOf(`mean IoU ${where}`, bootstrapInterval(photos, mean), { unit: '', ...(isGoal && { least: GOOD_OVERLAP }) }),
    { name: `least IoU ${where}`, unit: '', value: Math.min(...all), ...(isGoal && { least: GOOD_OVERLAP }) },
    figureOf(`faces ${where} with IoU ≥ ${GOOD_OVERLAP}`, shareInterval(all.filter((share) => share >= GOOD_OVERLAP).length, found)),
    { name: `missed of ${found} ${where}`, unit: '', value: total('missed'), ...(isGoal && { most: 0 }) },
    { name: 'extra', unit: '', value: total('extra') },
  ];
}
