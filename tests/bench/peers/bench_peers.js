/**
 * Minnow and its peers on the same models, in one page of headless Chromium, turn and turn about; then the way from an
 * empty cache to the first result, and the speed of decoding weights.
 *
 *   npm run bench:peers -- [--models KEY,…] [--threads 1,2] [--rounds N] [--js-flags FLAGS] [--cold]
 *     [--json FILE] [--svg FILE] [--write]
 *
 * With --models only those are timed and nothing else is measured, with --cold no model is timed. --js-flags are V8's,
 * for the timing. --write puts a whole run's tables and chart into docs/. `ratios` in the JSON are ours divided by the
 * best peer's: below 1 we are faster.
 */
import { readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { launchEngine } from '../../e2e/engines/browser_engine.js';
import { missingNative } from '../../parity/native_minnow.js';
import { BENCH_MODELS, enginesFor, prepareModel } from './bench_models.js';
import { measureColdStart } from './cold_start.js';
import { measureDecoding } from './decode_speed.js';
import { drawChart } from './peer_chart.js';
import { coldLines, decodeLines, lineOf, tablesOf } from './peer_report.js';
import { modelPath, startPeerServer } from './peer_server.js';

/** @typedef {import('./bench_models.js').BenchModel} BenchModel */
/** @typedef {import('./peer_page.js').EngineTimes} EngineTimes */
/** @typedef {import('./peer_report.js').BenchRow} BenchRow */
/** @typedef {import('./peer_report.js').Report} Report */

const DOCS = fileURLToPath(new URL('../../../docs/', import.meta.url));
const MARKS = ['<!-- table -->\n', '<!-- end -->'];
const PAGE_TIMEOUT_MS = 60_000;
/** Of int8 outputs a step; of float ones what another order of additions makes. */
const SAME_ANSWER = 0.02;
/** Share of photos whose best class compression has to leave as it was. */
const SAME_CLASS = 0.9;

/** Their loading is measured: MobileNetV2 with 8 bits and with fewer. */
const LOADED_MODELS = BENCH_MODELS.filter(({ key }) => /^mobilenet_v2_(int8|lowbit)$/.test(key));

/**
 * @param {readonly BenchModel[]} models
 * @param {{ threads: number[], rounds: number, jsFlags: string, onRow: (row: BenchRow) => void }} options
 * @returns {Promise<BenchRow[]>}
 */
async function benchPeers(models, { threads, rounds, jsFlags, onRow }) {
  const rows = [];
  for (const model of models) {
    const prepared = await prepareModel(model);
    const server = await startPeerServer(prepared);
    try {
      for (const count of threads) {
        const engines = enginesFor(model).map((engine) => ({ engine, url: server.origin + modelPath(prepared, engine) }));
        const photosUrl = prepared.photos && `${server.origin}/photos/${path.basename(prepared.photos)}`;
        const times = await timeTogether(server.origin, engines, { threads: count, rounds, photosUrl }, jsFlags);
        for (const { engine } of engines) checkAnswers(model, engine, times[engine]);
        const peers = engines.slice(1).map(({ engine }) => times[engine].median);
        const { key, title, goal } = model;
        const row = { key, title, threads: count, goal, ratio: times.minnow.median / Math.min(...peers), engines: times };
        onRow(row);
        rows.push(row);
      }
    } finally {
      await server.close();
    }
  }
  return rows;
}

/** @param {BenchModel} model @param {string} engine @param {EngineTimes} times */
function checkAnswers({ title, isCompressed }, engine, { disagreement, agreement }) {
  if (isCompressed ? agreement >= SAME_CLASS : disagreement <= SAME_ANSWER) return;
  const how = `${(100 * agreement).toFixed(1)} % of the best classes are the same, values differ by up to ${disagreement.toFixed(4)} of the range`;
  throw new Error(`${title}: ${engine} answers otherwise than Minnow: ${how}`);
}

/**
 * With several threads each peer has a page of its own with ours, for an engine's threads go on looking for work on cores
 * that the next one wants; our times are those beside the fastest peer.
 * @type {typeof timeInPage}
 */
async function timeTogether(origin, engines, options, jsFlags) {
  if (options.threads === 1) return timeInPage(origin, engines, options, jsFlags);
  const [ours, ...peers] = engines;
  /** @type {Record<string, EngineTimes>} */
  const times = {};
  let fastest = Infinity;
  for (const peer of peers) {
    const both = await timeInPage(origin, [ours, peer], options, jsFlags);
    times[peer.engine] = both[peer.engine];
    if (both[peer.engine].median >= fastest) continue;
    fastest = both[peer.engine].median;
    times[ours.engine] = both[ours.engine];
  }
  return Object.fromEntries(engines.map(({ engine }) => [engine, times[engine]]));
}

/**
 * A browser of its own for each measurement: nothing of an earlier one is in memory.
 * @param {string} origin
 * @param {{ engine: import('./bench_models.js').EngineId, url: string }[]} engines
 * @param {{ threads: number, rounds: number, photosUrl?: string }} options
 * @param {string} jsFlags
 * @returns {Promise<Record<string, EngineTimes>>}
 */
async function timeInPage(origin, engines, options, jsFlags) {
  const browser = await launchEngine('chromium', { flags: jsFlags ? [`--js-flags=${jsFlags}`] : [] });
  try {
    const page = await browser.newPage();
    await page.goto(`${origin}/bench/peers/peer_page.html`);
    await page.waitFor(() => 'compareEngines' in window, PAGE_TIMEOUT_MS);
    return await page.evaluate((engines, options) => /** @type {any} */ (window).compareEngines(engines, options), engines, options);
  } finally {
    await browser.close();
  }
}

/** Of MobileNetV2's 8-bit and low-bit packages. @returns {Promise<Pick<Report, 'cold' | 'decode'>>} */
async function measureLoading() {
  const [int8, lowbit] = await Promise.all(LOADED_MODELS.map(prepareModel));
  const decode = { int8: await measureDecoding(int8), lowbit: await measureDecoding(lowbit) };
  for (const line of decodeLines(decode)) console.log(line);
  console.log('Cold start: about seven minutes, most of them in wait of the throttled network');
  const cold = await measureColdStart(int8, lowbit);
  for (const line of coldLines(cold)) console.log(line);
  return { cold, decode };
}

/** @param {string[]} wanted keys @param {BenchModel[]} models found @returns {string | false} why they cannot be measured */
function problemOf(wanted, models) {
  if (models.length < wanted.length) return `no such model; there are ${BENCH_MODELS.map(({ key }) => key).join(', ')}`;
  return missingNative('photos/imagenet', 'photos/imagenet_eval', ...[...models, ...LOADED_MODELS].map(({ file }) => file));
}

async function machineName() {
  const browser = await launchEngine('chromium');
  await browser.close();
  return `${os.cpus()[0].model}, ${os.cpus().length} cores, ${browser.version}`;
}

/** @param {Report} report into docs/PERFORMANCE.md and the chart that it shows */
async function writeDocs(report) {
  const page = path.join(DOCS, 'PERFORMANCE.md');
  const text = await readFile(page, 'utf8');
  const [start, end] = [text.indexOf(MARKS[0]) + MARKS[0].length, text.indexOf(MARKS[1])];
  await writeFile(page, text.slice(0, start) + tablesOf(report) + text.slice(end));
  await writeFile(path.join(DOCS, 'performance.svg'), drawChart(report));
}

async function main() {
  const { values } = parseArgs({
    options: {
      models: { type: 'string' },
      threads: { type: 'string', default: '1,2' },
      rounds: { type: 'string', default: '60' },
      'js-flags': { type: 'string', default: '' },
      cold: { type: 'boolean', default: false },
      json: { type: 'string' },
      svg: { type: 'string' },
      write: { type: 'boolean', default: false },
    },
  });
  const isWhole = !values.models && !values.cold;
  const wanted = values.models?.split(',') ?? (values.cold ? [] : BENCH_MODELS.map(({ key }) => key));
  const models = BENCH_MODELS.filter(({ key }) => wanted.includes(key));
  const problem = problemOf(wanted, models) || (values.write && (!isWhole || values['js-flags']) && '--write needs a whole run without --js-flags');
  if (problem) {
    console.error(problem);
    process.exitCode = 2;
    return;
  }
  const machine = await machineName();
  console.log(`Milliseconds a run, medians; ${machine}`);
  const options = {
    threads: values.threads.split(',').map(Number),
    rounds: Number(values.rounds),
    jsFlags: values['js-flags'],
    onRow: (/** @type {BenchRow} */ row) => console.log(lineOf(row)),
  };
  /** @type {Report} */
  const report = { machine, rows: await benchPeers(models, options) };
  if (isWhole || values.cold) Object.assign(report, await measureLoading());
  const ratios = Object.fromEntries(report.rows.map(({ key, threads, ratio }) => [`${key}_${threads}t`, Number(ratio.toFixed(4))]));
  if (values.json) await writeFile(values.json, `${JSON.stringify({ cpu: os.cpus()[0].model, ratios, ...report }, null, 2)}\n`);
  if (values.svg) await writeFile(values.svg, drawChart(report));
  if (values.write) await writeDocs(report);
}

await main();
