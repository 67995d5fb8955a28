/** Random choices that a seed repeats. */

/**
 * mulberry32: 2³² states, good enough to choose by.
 * @param {number} seed
 * @returns {() => number} at least 0, below 1
 */
export function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @param {() => number} random @param {number} from @param {number} below @returns {number} a whole number */
export function wholeIn(random, from, below) {
  return from + Math.floor(random() * (below - from));
}

/** @template T @param {() => number} random @param {readonly T[]} list @returns {T} */
export function oneOf(random, list) {
  return list[wholeIn(random, 0, list.length)];
}
