/** Draws the report of bench_peers.js as bars, readable on light and dark pages. */
import { CONTESTANT_NAMES, ENGINES, formatMs } from './peer_report.js';

/** @typedef {import('./peer_report.js').Report} Report */
/** @typedef {{ label: string, value: number, text: string, isOurs: boolean }} Bar */
/** @typedef {{ title: string, bars: Bar[] }} Group each is scaled to its longest bar */

const WIDTH = 760;
const LABEL_WIDTH = 210;
/** Behind the bars: an engine's name and its time. */
const TEXT_WIDTH = 150;
const BAR_HEIGHT = 15;
const GROUP_GAP = 13;
const HEAD_HEIGHT = 34;
const COLD_NETWORK = '4mbit';

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #57606a }
  .head { font-weight: 600; font-size: 13px; fill: #24292f }
  .title { fill: #24292f }
  .ours { font-weight: 600; fill: #0a6e5e }
  rect { fill: #b6bec8 }
  rect.ours { fill: #0d8f7a }
  @media (prefers-color-scheme: dark) {
    text { fill: #9aa4af }
    .head, .title { fill: #e6edf3 }
    .ours { fill: #4cd0b8 }
    rect { fill: #4d5761 }
    rect.ours { fill: #17a890 }
  }`;

/** @param {Report} report @returns {string} an SVG document */
export function drawChart({ machine, rows, cold }) {
  const threads = Math.min(...rows.map((row) => row.threads));
  const head = `Milliseconds a run, ${threads} thread${threads > 1 ? 's' : ''}: shorter is better`;
  const sections = [{ head, groups: rows.filter((row) => row.threads === threads).map(timesGroup) }];
  if (cold) sections.push({ head: 'From an empty cache to the first result over 4 Mbit/s', groups: [coldGroup(cold)] });
  const parts = [];
  let y = 0;
  for (const { head, groups } of sections) {
    parts.push(`<text class="head" x="8" y="${y + 22}">${head}</text>`);
    y += HEAD_HEIGHT;
    for (const group of groups) {
      parts.push(drawGroup(group, y));
      y += group.bars.length * BAR_HEIGHT + GROUP_GAP;
    }
  }
  parts.push(`<text x="8" y="${y + 10}">${machine}</text>`);
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 20}" role="img">`;
  return `${open}<title>Minnow and its peers</title><style>${STYLE}</style>\n${parts.join('\n')}\n</svg>\n`;
}

/** @param {Group} group @param {number} y */
function drawGroup({ title, bars }, y) {
  const longest = Math.max(...bars.map(({ value }) => value));
  const middle = y + (bars.length * BAR_HEIGHT) / 2 + 4;
  const lines = bars.map(({ label, value, text, isOurs }, i) => {
    const width = ((WIDTH - LABEL_WIDTH - TEXT_WIDTH) * value) / longest;
    const mark = isOurs ? ' class="ours"' : '';
    const [top, baseline] = [y + i * BAR_HEIGHT + 1, y + i * BAR_HEIGHT + 12];
    const bar = `<rect${mark} x="${LABEL_WIDTH}" y="${top}" width="${width.toFixed(1)}" height="${BAR_HEIGHT - 3}" rx="2"/>`;
    return `${bar}<text${mark} x="${(LABEL_WIDTH + width + 6).toFixed(1)}" y="${baseline}">${label} ${text}</text>`;
  });
  return [`<text class="title" x="${LABEL_WIDTH - 10}" y="${middle}" text-anchor="end">${title}</text>`, ...lines].join('\n');
}

/** @param {import('./peer_report.js').BenchRow} row @returns {Group} */
function timesGroup({ title, engines }) {
  const bars = Object.entries(engines).map(([id, { median }]) => ({
    label: ENGINES[/** @type {keyof typeof ENGINES} */ (id)],
    value: median,
    text: `${formatMs(median)} ms`,
    isOurs: id === 'minnow',
  }));
  return { title, bars };
}

/** @param {import('./cold_start.js').ColdReport} report @returns {Group} */
function coldGroup({ rows }) {
  const bars = rows.map(({ contestant, ms }) => ({
    label: CONTESTANT_NAMES[contestant],
    value: ms[COLD_NETWORK],
    text: `${(ms[COLD_NETWORK] / 1000).toFixed(1)} s`,
    isOurs: contestant.startsWith('minnow'),
  }));
  return { title: 'MobileNetV2 1.0 224', bars };
}
