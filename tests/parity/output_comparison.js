/** How far two programs' quantised outputs lie apart. */

/** @typedef {Int8Array | Uint8Array} Values */

/**
 * @typedef {object} Comparison
 * @property {number} runs
 * @property {number} sameTop runs whose best class is the same one
 * @property {number} values
 * @property {number} equal values
 * @property {number} withinOneStep values that differ by 1 at most
 * @property {number} maxDifference in steps
 * @property {{ run: number, index: number, expected: number, actual: number } | undefined} first difference
 */

/** @param {Uint8Array} bytes @param {string} dtype @returns {Values} the same bytes as the tensor's values */
export function asValues(bytes, dtype) {
  if (dtype === 'uint8') return bytes;
  if (dtype === 'int8') return new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  throw new Error(`outputs of ${dtype} are not compared in steps`);
}

/**
 * @param {Values} expected
 * @param {Values} actual
 * @param {number} runs whose outputs both hold
 * @returns {Comparison}
 */
export function compareOutputs(expected, actual, runs) {
  if (expected.length !== actual.length || expected.length % runs !== 0 || expected.length === 0) {
    throw new Error(`${runs} runs gave ${expected.length} values there and ${actual.length} here`);
  }
  const length = expected.length / runs;
  /** @type {Comparison} */
  const found = { runs, sameTop: 0, values: expected.length, equal: 0, withinOneStep: 0, maxDifference: 0, first: undefined };
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(expected[i] - actual[i]);
    if (difference === 0) found.equal++;
    else found.first ??= { run: Math.floor(i / length), index: i % length, expected: expected[i], actual: actual[i] };
    if (difference <= 1) found.withinOneStep++;
    found.maxDifference = Math.max(found.maxDifference, difference);
  }
  for (let run = 0; run < runs; run++) {
    if (topClass(expected, run, length) === topClass(actual, run, length)) found.sameTop++;
  }
  return found;
}

/**
 * The best class of one run, the first one among equals.
 * @param {Values} values
 * @param {number} run
 * @param {number} length of one run
 */
export function topClass(values, run, length) {
  const row = values.subarray(run * length, (run + 1) * length);
  return row.indexOf(/** @type {any} */ (row).reduce((/** @type {number} */ a, /** @type {number} */ b) => Math.max(a, b)));
}

/** @param {Comparison} found @returns {string} */
export function describeComparison({ runs, sameTop, values, equal, withinOneStep, maxDifference }) {
  return (
    `same top-1 ${sameTop} of ${runs}; values equal ${equal} of ${values} (${percent(equal, values)}), ` +
    `within 1 step ${percent(withinOneStep, values)}, largest difference ${maxDifference}`
  );
}

/** @param {number} part @param {number} whole */
function percent(part, whole) {
  // Rounded down, so that only all is 100 %.
  return `${Math.floor((part / whole) * 1e5) / 1e3} %`;
}
