/** From UltraFace's raw outputs to boxes, as its authors' own example does it: a threshold, then suppression. */

/** @typedef {{ score: number, box: number[] }} Face corners x0, y0, x1, y1 as fractions of the picture */

const MIN_SCORE = 0.7;
const MAX_OVERLAP = 0.3;
const FACE_CLASS = 1;

/**
 * @param {number[]} scores rows of [background, face]
 * @param {number[]} boxes rows of [x0, y0, x1, y1]
 * @returns {Face[]} best first
 */
export function findFaces(scores, boxes) {
  /** @type {Face[]} */
  const candidates = [];
  for (let row = 0; row < scores.length / 2; row++) {
    const score = scores[2 * row + FACE_CLASS];
    if (score > MIN_SCORE) candidates.push({ score, box: boxes.slice(4 * row, 4 * row + 4) });
  }
  candidates.sort((a, b) => b.score - a.score);
  /** @type {Face[]} */
  const kept = [];
  for (const face of candidates) {
    if (kept.every((other) => overlap(face.box, other.box) <= MAX_OVERLAP)) kept.push(face);
  }
  return kept;
}

/** @param {number[]} a @param {number[]} b @returns {number} intersection over union */
export function overlap(a, b) {
  const width = Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0]));
  const height = Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]));
  const area = (/** @type {number[]} */ box) => (box[2] - box[0]) * (box[3] - box[1]);
  return (width * height) / (area(a) + area(b) - width * height);
}
