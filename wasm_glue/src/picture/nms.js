/** Greedy non-maximum suppression: of boxes of one class that overlap, only the best is kept. */

/** @typedef {import('./detection.js').Candidate} Candidate */
/** @typedef {import('./detection.js').Corners} Corners */

/**
 * @param {readonly Candidate[]} candidates
 * @param {number} iouThreshold those of a class that overlap a better one more than this go
 * @param {number} limit
 * @returns {Candidate[]} at most `limit`, best first, the earlier one first where scores are equal
 */
export function keepBest(candidates, iouThreshold, limit) {
  const order = [...candidates].sort((a, b) => b.score - a.score);
  /** @type {Candidate[]} */
  const kept = [];
  for (const candidate of order) {
    if (kept.length === limit) break;
    if (kept.every((better) => better.index !== candidate.index || iou(better, candidate) <= iouThreshold)) kept.push(candidate);
  }
  return kept;
}

/**
 * Intersection over union.
 * @param {Corners} a
 * @param {Corners} b
 */
export function iou(a, b) {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  if (!(width > 0 && height > 0)) return 0;
  const common = width * height;
  return common / (areaOf(a) + areaOf(b) - common);
}

/** @param {Corners} box */
function areaOf({ left, top, right, bottom }) {
  return (right - left) * (bottom - top);
}
