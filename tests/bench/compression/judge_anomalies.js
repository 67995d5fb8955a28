/**
 * An anomaly detector's score is the mean squared error of its reconstruction, of a clip the mean over its windows; beyond a
 * threshold that its user sets the clip is an anomaly. Compression must leave these decisions as they are, wherever the
 * threshold lies: it is put at each tenth of the reference's scores, and the decisions of all clips at all nine are compared.
 */
import { bootstrapInterval } from './intervals.js';
import { figureOf } from './judges.js';

/** @typedef {import('./judges.js').Figure} Figure */
/** @typedef {{ isAnomalous: boolean, windows: Float32Array[] }} ClipWindows */
/** @typedef {{ isAnomalous: boolean, expected: number, got: number }} ScoredClip */

const THRESHOLDS = 9;
const MIN_AGREEMENT = 98;
const MAX_LOSS = 0.5;

/**
 * @param {ClipWindows[]} clips
 * @param {Float32Array} outputs of all their windows in their order
 * @returns {number[]} score of each clip
 */
export function anomalyScores(clips, outputs) {
  let at = 0;
  return clips.map(({ windows }) => {
    let squares = 0;
    for (const window of windows) for (const value of window) squares += (outputs[at++] - value) ** 2;
    return squares / (windows.length * windows[0].length);
  });
}

/** @param {ClipWindows[]} clips @param {number[]} got @param {number[]} expected scores @returns {Figure[]} */
export function anomalyFigures(clips, got, expected) {
  const scored = clips.map(({ isAnomalous }, i) => ({ isAnomalous, expected: expected[i], got: got[i] }));
  return [
    figureOf('same decision', bootstrapInterval(scored, sameDecisions), { least: MIN_AGREEMENT }),
    figureOf('AUC loss', bootstrapInterval(scored, (drawn) => 100 * (areaUnderCurve(drawn, 'expected') - areaUnderCurve(drawn, 'got'))), { unit: 'pt', most: MAX_LOSS }),
    figureOf('AUC before', bootstrapInterval(scored, (drawn) => 100 * areaUnderCurve(drawn, 'expected'))),
    figureOf('mean error of the score', bootstrapInterval(scored, (drawn) => 100 * mean(drawn.map((clip) => Math.abs(clip.got / clip.expected - 1))))),
  ];
}

/** @param {ScoredClip[]} clips @returns {number} percent of clips and thresholds */
export function sameDecisions(clips) {
  const sorted = clips.map(({ expected }) => expected).sort((a, b) => a - b);
  const shares = Array.from({ length: THRESHOLDS }, (_, i) => {
    const threshold = sorted[Math.floor(((i + 1) * sorted.length) / (THRESHOLDS + 1))];
    return mean(clips.map(({ expected, got }) => Number(expected >= threshold === got >= threshold)));
  });
  return 100 * mean(shares);
}

/**
 * Share of pairs of an anomalous and a normal clip of which the anomalous one scores higher, equal ones counting half (Mann
 * and Whitney 1947).
 * @param {ScoredClip[]} clips @param {'expected' | 'got'} kind
 */
export function areaUnderCurve(clips, kind) {
  const ranked = [...clips].sort((a, b) => a[kind] - b[kind]);
  let [normals, wins] = [0, 0];
  for (let start = 0, end = 0; start < ranked.length; start = end) {
    while (end < ranked.length && ranked[end][kind] === ranked[start][kind]) end++;
    const equal = ranked.slice(start, end);
    const anomalous = equal.filter(({ isAnomalous }) => isAnomalous).length;
    wins += anomalous * (normals + (equal.length - anomalous) / 2);
    normals += equal.length - anomalous;
  }
  return wins / (normals * (ranked.length - normals));
}

/** @param {number[]} list */
function mean(list) {
  return list.reduce((sum, value) => sum + value, 0) / list.length;
}
