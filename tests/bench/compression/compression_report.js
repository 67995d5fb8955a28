/** The bench's results as lines of a table. */

/** @typedef {import('./judges.js').Figure} Figure */
/** @typedef {import('./measure_row.js').RowResult} RowResult */

export const TABLE_HEAD = [
  '| model | searched with | bytes | must | aim | bits a weight | seconds | judged (95 % interval; bound) | met |',
  '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
];

/** @param {RowResult} result */
export function lineOf(result) {
  const { title, search, bytes, must, aim, bits, seconds, figures, isRepeatable } = result;
  const limit = (/** @type {number | undefined} */ value) => (value === undefined ? '' : `${bytes <= value ? '✓' : '✗'} ${thousands(value)}`);
  const judged = figures.map(figureText);
  if (isRepeatable !== undefined) judged.push(`packed again: ${isRepeatable ? 'the same bytes' : 'OTHER BYTES'}`);
  const cells = [title, search, thousands(bytes), limit(must), limit(aim), bits.toFixed(2), seconds.toFixed(0), judged.join('<br>'), verdictOf(result)];
  return `| ${cells.join(' | ')} |`;
}

/** @param {RowResult} result */
function verdictOf({ must, isMet }) {
  if (must === undefined) return 'to compare';
  return isMet ? 'yes' : '**no**';
}

/** @param {Figure} figure */
function figureText({ name, unit, value, low, high, most, least }) {
  const isKept = value <= (most ?? Infinity) && value >= (least ?? -Infinity);
  // A value just beyond its bound must not look as if it stood on it.
  const digits = unit ? (isKept ? 1 : 2) : Number.isInteger(value) ? 0 : 3;
  const interval = low === undefined || high === undefined ? '' : ` (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
  const bounds = [...(most === undefined ? [] : [`≤ ${most}`]), ...(least === undefined ? [] : [`≥ ${least}`])];
  return `${name}: ${value.toFixed(digits)}${interval}${unit && ` ${unit}`}${bounds.length > 0 ? `; ${bounds.join(', ')}${isKept ? '' : ' ✗'}` : ''}`;
}

/** @param {number} value */
const thousands = (value) => value.toLocaleString('en');
