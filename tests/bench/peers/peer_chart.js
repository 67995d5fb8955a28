/** Draws the table of bench_peers.js as bars; the colours are readable on light and dark pages. */

const WIDTH = 720;
const LABEL_WIDTH = 236;
const BAR_HEIGHT = 14;
const ROW_GAP = 14;
const COLORS = /** @type {Record<string, string>} */ ({ minnow: '#0d8f7a', litert: '#8a8f98', ort: '#b08a4a' });

/**
 * @param {import('./bench_peers.js').BenchRow[]} rows
 * @param {Record<string, string>} names
 * @returns {string} an SVG document; each row is scaled to its slowest engine
 */
export function drawChart(rows, names) {
  const parts = [];
  let y = 8;
  for (const { title, threads, engines } of rows) {
    const entries = Object.entries(engines);
    const slowest = Math.max(...entries.map(([, { median }]) => median));
    const middle = y + (entries.length * BAR_HEIGHT) / 2 + 4;
    parts.push(`<text x="${LABEL_WIDTH - 8}" y="${middle}" text-anchor="end">${title}, ${threads} thread${threads > 1 ? 's' : ''}</text>`);
    for (const [id, { median }] of entries) {
      const width = ((WIDTH - LABEL_WIDTH - 150) * median) / slowest;
      parts.push(`<rect x="${LABEL_WIDTH}" y="${y + 1}" width="${width.toFixed(1)}" height="${BAR_HEIGHT - 2}" rx="2" fill="${COLORS[id]}"/>`);
      parts.push(`<text x="${(LABEL_WIDTH + width + 6).toFixed(1)}" y="${y + 11}">${names[id]} ${formatMs(median)} ms</text>`);
      y += BAR_HEIGHT;
    }
    y += ROW_GAP;
  }
  const style = 'text{font:12px system-ui,sans-serif;fill:#6b7280}';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" role="img"><title>Milliseconds a run</title><style>${style}</style>${parts.join('')}</svg>\n`;
}

/** @param {number} ms */
function formatMs(ms) {
  return ms < 1 ? ms.toFixed(3) : ms.toFixed(1);
}
