/** 95 % intervals of what the bench measures. */

/** @typedef {{ value: number, low: number, high: number }} Interval */

const Z = 1.96;
const RESAMPLES = 1000;
const SEED = 20261125;

/** Wilson's (1927) interval of a share. @param {number} count @param {number} total @returns {Interval} in percent */
export function shareInterval(count, total) {
  if (total === 0) return { value: NaN, low: 0, high: 100 };
  const p = count / total;
  const scale = 1 + (Z * Z) / total;
  const middle = (p + (Z * Z) / (2 * total)) / scale;
  const half = (Z / scale) * Math.sqrt((p * (1 - p)) / total + (Z * Z) / (4 * total * total));
  return { value: 100 * p, low: 100 * Math.max(0, middle - half), high: 100 * Math.min(1, middle + half) };
}

/**
 * How far a share falls when the same samples are answered again (Bonett and Price 2012, adjusted Wald for pairs).
 * @param {number} lost samples that were right and no longer are
 * @param {number} won samples that are right now and were not
 * @param {number} total
 * @returns {Interval} points, positive for a loss
 */
export function lossInterval(lost, won, total) {
  const [p, q] = [(lost + 1) / (total + 2), (won + 1) / (total + 2)];
  const half = Z * Math.sqrt((p + q - (p - q) ** 2) / (total + 2));
  return { value: (100 * (lost - won)) / total, low: 100 * (p - q - half), high: 100 * (p - q + half) };
}

/**
 * Percentiles of a figure over groups that are drawn anew, always the same ones (bootstrap; Efron 1979). What comes from
 * one picture or one recording belongs into one group.
 * @template T
 * @param {T[]} groups
 * @param {(drawn: T[]) => number} figure
 * @returns {Interval}
 */
export function bootstrapInterval(groups, figure) {
  const random = randomSource(SEED);
  const values = Array.from({ length: RESAMPLES }, () => figure(groups.map(() => groups[Math.floor(random() * groups.length)])));
  values.sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => values[Math.round(share * (RESAMPLES - 1))];
  return { value: figure(groups), low: at(0.025), high: at(0.975) };
}

/** mulberry32: numbers from 0 to below 1, the same ones for the same seed. @param {number} seed @returns {() => number} */
export function randomSource(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
