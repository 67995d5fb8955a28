/** How far the outputs of two engines are apart. */

/** @typedef {import('./peer_runners.js').Data} Data */

/**
 * @param {Data[]} ours
 * @param {Data[]} theirs
 * @returns {number} the greatest difference, relative to the range of our output; of maps of classes (int64) the share
 *   of elements that differ
 */
export function differenceOf(ours, theirs) {
  return Math.max(
    ...ours.map((mine, o) => {
      // Engines list several outputs in orders of their own.
      const other = theirs.find((data, i) => data.length === mine.length && (i === o || theirs[o]?.length !== mine.length));
      if (!other) throw new Error(`output ${o} has ${mine.length} elements here and ${theirs.map((data) => data.length)} there`);
      return mine instanceof BigInt64Array ? shareOfDifferent(mine, other) : relativeDifference(mine, other);
    }),
  );
}

/** @param {Data} mine @param {Data} other */
function relativeDifference(mine, other) {
  let [low, high, difference] = [Infinity, -Infinity, 0];
  for (let i = 0; i < mine.length; i++) {
    const value = Number(mine[i]);
    low = Math.min(low, value);
    high = Math.max(high, value);
    difference = Math.max(difference, Math.abs(value - Number(other[i])));
  }
  return difference / Math.max(high - low, 1e-9);
}

/** @param {Data} mine @param {Data} other */
function shareOfDifferent(mine, other) {
  let count = 0;
  for (let i = 0; i < mine.length; i++) if (Number(mine[i]) !== Number(other[i])) count++;
  return count / mine.length;
}

/** @param {Data[][]} ours outputs by input @param {Data[][]} theirs @returns {number} share of inputs with the same best class */
export function agreementOf(ours, theirs) {
  const same = ours.filter(([mine], i) => bestOf(mine) === bestOf(theirs[i][0]));
  return same.length / ours.length;
}

/** @param {Data} scores */
function bestOf(scores) {
  let best = 0;
  for (let i = 1; i < scores.length; i++) if (scores[i] > scores[best]) best = i;
  return best;
}
