/** Outputs as real numbers. */

/**
 * @param {import('./types.js').RawOutput} output
 * @returns {ArrayLike<number>} the values themselves where they are real already
 */
export function realValues({ data, scale, zeroPoint }) {
  if (data instanceof BigInt64Array) return fromInt64(data);
  return scale === 0 ? data : Float32Array.from(data, (value) => scale * (value - zeroPoint));
}

/** Without a BigInt for each, which takes several times as long. @param {BigInt64Array} data */
function fromInt64(data) {
  const words = new Int32Array(data.buffer, data.byteOffset, 2 * data.length);
  return Float64Array.from({ length: data.length }, (_, i) => words[2 * i + 1] * 2 ** 32 + (words[2 * i] >>> 0));
}
