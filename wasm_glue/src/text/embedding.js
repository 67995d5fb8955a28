/** From an embedder's output to one vector: pure functions over plain arrays. */

/**
 * @param {{ data: ArrayLike<number>, shape: readonly number[] }} output real values: [1,tokens,n], or [1,n] without pooling
 * @param {import('../base/spec_types.js').EmbeddingSpec} spec
 * @param {number} tokens of the text, padding not counted
 * @returns {Float32Array}
 */
export function poolTokens({ data, shape }, { pooling, normalize }, tokens) {
  const size = pooling === 'none' ? data.length : /** @type {number} */ (shape.at(-1));
  const rows = pooling === 'mean' ? Math.min(Math.max(tokens, 1), data.length / size) : 1;
  const vector = new Float64Array(size);
  for (let i = 0; i < rows * size; i++) vector[i % size] += data[i] / rows;
  const length = normalize ? Math.hypot(...vector) : 1;
  return Float32Array.from(vector, (value) => (length > 0 ? value / length : 0));
}

/**
 * The cosine of the angle between two vectors: 1 the same direction, 0 nothing in common; 0 where one is all zeros.
 * @param {ArrayLike<number>} a
 * @param {ArrayLike<number>} b of the same length
 */
export function cosineSimilarity(a, b) {
  if (a.length !== b.length) throw new RangeError(`vectors of ${a.length} and ${b.length} numbers cannot be compared`);
  let [dot, squareA, squareB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    dot += a[i] * b[i];
    squareA += a[i] * a[i];
    squareB += b[i] * b[i];
  }
  return squareA > 0 && squareB > 0 ? dot / Math.sqrt(squareA * squareB) : 0;
}
