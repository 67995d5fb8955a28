/** Figures as people read them: bytes in decimal units, times in milliseconds, shares in percent. */

const oneDecimal = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const twoDecimals = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** @param {number} bytes @returns {string} '812 KB', '3.6 MB', '12.1 GB' */
export function formatBytes(bytes) {
  if (bytes < 1e3) return `${whole.format(bytes)} B`;
  if (bytes < 1e6) return `${whole.format(bytes / 1e3)} KB`;
  if (bytes < 1e9) return `${oneDecimal.format(bytes / 1e6)} MB`;
  return `${oneDecimal.format(bytes / 1e9)} GB`;
}

/** @param {number} loaded @param {number} total @returns {string} '1.2 of 3.6 MB' */
export function formatProgress(loaded, total) {
  if (total <= 0) return formatBytes(loaded);
  return `${oneDecimal.format(loaded / 1e6)} of ${oneDecimal.format(total / 1e6)} MB`;
}

/** @param {number} ms @returns {string} '0.12 ms', '8.4 ms', '42 ms', '1.3 s' */
export function formatTime(ms) {
  if (ms > 0 && ms < 0.995) return `${twoDecimals.format(ms)} ms`;
  if (ms < 10) return `${oneDecimal.format(ms)} ms`;
  if (ms < 1000) return `${whole.format(ms)} ms`;
  return `${oneDecimal.format(ms / 1000)} s`;
}

/** @param {number} share 0 … 1 @returns {string} '87.4 %', 'under 0.1 %' */
export function formatShare(share) {
  const percent = 100 * share;
  if (percent > 0 && percent < 0.1) return 'under 0.1 %';
  return `${oneDecimal.format(percent)} %`;
}

const DAY_MS = 86_400_000;
const days = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/**
 * @param {number} time ms since 1970
 * @param {number} now
 * @returns {string} 'today', 'yesterday', '12 days ago', by the days of the device's own time
 */
export function formatDay(time, now) {
  const dayOf = (/** @type {number} */ ms) => Math.floor((ms - 60_000 * new Date(ms).getTimezoneOffset()) / DAY_MS);
  return days.format(Math.min(0, dayOf(time) - dayOf(now)), 'day');
}

/** @param {number} seconds @returns {string} '0:07.3', '12:40.0' */
export function formatClock(seconds) {
  const tenths = Math.floor(10 * seconds);
  const minutes = Math.floor(tenths / 600);
  const rest = (tenths % 600) / 10;
  return `${minutes}:${rest < 10 ? '0' : ''}${oneDecimal.format(rest)}`;
}

/** @param {number} percent 0 … 100 @returns {string} '97.3 %' */
export function formatPercent(percent) {
  return `${oneDecimal.format(percent)} %`;
}
