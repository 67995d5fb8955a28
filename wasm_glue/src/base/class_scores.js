/** The classes of a row of scores. */

/**
 * @param {import('./types.js').TensorData} data
 * @param {{ scale: number, zeroPoint: number }} quantization scale 0: none
 * @param {number} top how many
 * @returns {import('./types.js').ClassScore[]} best first, equal scores in the order of their classes
 */
export function topClasses(data, { scale, zeroPoint }, top) {
  const values = Array.from(data, Number);
  const order = [...values.keys()].sort((a, b) => values[b] - values[a] || a - b);
  return order.slice(0, top).map((index) => ({
    index,
    score: scale === 0 ? values[index] : scale * (values[index] - zeroPoint),
  }));
}
