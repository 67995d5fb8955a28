/** What bench_peers.js found, as lines of text and as the tables of docs/PERFORMANCE.md. */
import { NETWORKS } from './cold_start.js';

/** @typedef {import('./bench_models.js').EngineId} EngineId */
/** @typedef {import('./cold_start.js').ColdReport} ColdReport */
/** @typedef {import('./decode_speed.js').DecodeSpeed} DecodeSpeed */
/** @typedef {import('./peer_page.js').EngineTimes} EngineTimes */

/** @typedef {{ key: string, title: string, threads: number, goal: number, ratio: number, engines: Record<string, EngineTimes> }} BenchRow */

/**
 * @typedef {object} Report
 * @property {string} machine processor and browser
 * @property {BenchRow[]} rows
 * @property {ColdReport} [cold]
 * @property {Record<'int8' | 'lowbit', DecodeSpeed>} [decode] of MobileNetV2's packages
 */

/** @type {Record<EngineId, string>} */
export const ENGINES = { minnow: 'Minnow', litert: 'LiteRT.js', ort: 'ORT-web', tfjs: 'TF.js' };

/** @type {Record<import('./cold_site.js').ContestantId, string>} */
export const CONTESTANT_NAMES = { minnow: 'Minnow', minnow_lowbit: 'Minnow, low-bit', minnow_selected: 'the same, its operators alone', litert: 'LiteRT.js', ort: 'ORT-web' };

/** @param {BenchRow} row */
export function lineOf({ title, threads, goal, ratio, engines }) {
  const cells = Object.entries(engines).map(([id, { median, p90 }]) => {
    return `${ENGINES[/** @type {EngineId} */ (id)]} ${median.toFixed(3)} (p90 ${p90.toFixed(3)})`;
  });
  const verdict = ratio <= goal ? 'met' : 'MISSED';
  return `${title.padEnd(28)} ${threads}t  ratio ${ratio.toFixed(2)}  goal ${goal.toFixed(2)} ${verdict.padEnd(6)}  ${cells.join('   ')}`;
}

/** @param {ColdReport} report */
export function coldLines({ rows, second }) {
  const lines = rows.map(({ contestant, wireBytes, ms }) => {
    const cells = NETWORKS.map(({ key, title }) => `${(ms[key] / 1000).toFixed(2)} s (${title})`);
    return `${CONTESTANT_NAMES[contestant].padEnd(16)} ${megabytes(wireBytes)} MB   ${cells.join('   ')}`;
  });
  const judged = (/** @type {number} */ ms, /** @type {number} */ goal) => `goal ${goal} ${ms <= goal ? 'met' : 'MISSED'}`;
  const parts = `load ${second.loadMs.toFixed(0)}, run ${second.runMs.toFixed(0)}`;
  const line = `${second.ms.toFixed(0)} ms from create() to the first result (${parts})  ${judged(second.ms, second.goalMs)}`;
  const fromNavigation = `${second.navigationMs.toFixed(0)} ms from the navigation  ${judged(second.navigationMs, second.navigationGoalMs)}`;
  return [...lines, `${'Second visit'.padEnd(16)} ${line}; ${fromNavigation}`];
}

/** @param {Record<string, DecodeSpeed>} decode */
export function decodeLines(decode) {
  return Object.entries(decode).map(([key, { megabytesPerSecond, ms }]) => {
    return `Decoding ${key.padEnd(7)} ${megabytesPerSecond.toFixed(0)} MB of weights a second (${ms.toFixed(1)} ms)`;
  });
}

/** @param {Report} report @returns {string} Markdown */
export function tablesOf({ machine, rows, cold, decode }) {
  const parts = [`${machine}. Milliseconds a run, medians.`, timesTable(rows)];
  parts.push('Wasm memory with one thread, MB:', memoryTable(rows.filter(({ threads }) => threads === 1)));
  if (cold) parts.push('From an empty cache to the first result of MobileNetV2, seconds:', coldTable(cold), secondVisit(cold));
  if (decode) parts.push(decodeSentence(decode));
  return `${parts.join('\n\n')}\n`;
}

/** @param {BenchRow[]} rows */
function timesTable(rows) {
  const ids = /** @type {EngineId[]} */ (Object.keys(ENGINES));
  const cell = (/** @type {BenchRow} */ { engines }, /** @type {EngineId} */ id) => (engines[id] ? formatMs(engines[id].median) : '');
  return table(
    ['model', 'threads', ...Object.values(ENGINES), 'ours ÷ best peer', 'goal'],
    rows.map((row) => [row.title, String(row.threads), ...ids.map((id) => cell(row, id)), row.ratio.toFixed(2), row.goal.toFixed(2)]),
  );
}

/** @param {BenchRow[]} rows */
function memoryTable(rows) {
  const ids = /** @type {EngineId[]} */ (Object.keys(ENGINES));
  return table(
    ['model', ...Object.values(ENGINES)],
    rows.map(({ title, engines }) => [title, ...ids.map((id) => (engines[id] ? megabytes(engines[id].memoryBytes) : ''))]),
  );
}

/** @param {ColdReport} report */
function coldTable({ rows }) {
  return table(
    ['', 'MB over the wire', ...NETWORKS.map(({ title }) => title)],
    rows.map(({ contestant, wireBytes, ms }) => {
      const seconds = NETWORKS.map(({ key }) => (ms[key] / 1000).toFixed(2));
      return [CONTESTANT_NAMES[contestant], megabytes(wireBytes), ...seconds];
    }),
  );
}

/** @param {ColdReport} report */
function secondVisit({ second }) {
  const parts = `loading ${second.loadMs.toFixed(0)} ms, the first run ${second.runMs.toFixed(0)} ms`;
  const fromNavigation = `${second.navigationMs.toFixed(0)} ms from the navigation (goal ${second.navigationGoalMs})`;
  return `Second visit, nothing from the network: ${fromNavigation}, ${second.ms.toFixed(0)} ms from \`create()\` (goal ${second.goalMs}) to the first result: ${parts}.`;
}

/** @param {Record<'int8' | 'lowbit', DecodeSpeed>} decode */
function decodeSentence({ int8, lowbit }) {
  const [many, few] = [int8, lowbit].map(({ megabytesPerSecond }) => `${megabytesPerSecond.toFixed(0)} MB/s`);
  return `Weights are decoded at ${many} (8-bit package) and ${few} (low-bit package) once the code is warm.`;
}

/** @param {string[]} head @param {string[][]} lines */
function table(head, lines) {
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** @param {number} bytes */
function megabytes(bytes) {
  return (bytes / 1e6).toFixed(2);
}

/** @param {number} ms */
export function formatMs(ms) {
  return ms < 1 ? ms.toFixed(3) : ms < 100 ? ms.toPrecision(3) : ms.toFixed(0);
}
