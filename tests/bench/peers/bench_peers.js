/**
 * Minnow and its peers on the same models, in one page of headless Chromium, turn and turn about.
 *
 *   npm run bench:peers -- [--models KEY,…] [--threads 1,2] [--rounds N] [--json FILE] [--svg FILE]
 *
 * `ratios` in the JSON are ours divided by the best peer's: below 1 we are faster.
 */
import { writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { launchEngine } from '../../e2e/engines/browser_engine.js';
import { missingNative } from '../../parity/native_minnow.js';
import { BENCH_MODELS, enginesFor, prepareModel } from './bench_models.js';
import { drawChart } from './peer_chart.js';
import { modelPath, startPeerServer } from './peer_server.js';

/** @typedef {import('./peer_page.js').EngineTimes} EngineTimes */
/** @typedef {import('./bench_models.js').BenchModel} BenchModel */
/** @typedef {{ key: string, title: string, threads: number, goal: number, ratio: number, engines: Record<string, EngineTimes> }} BenchRow */

const PAGE_TIMEOUT_MS = 60_000;
/** Of int8 outputs a step; of float ones what another order of additions makes. */
const SAME_ANSWER = 0.02;
/** Share of photos whose best class compression may not change. */
const SAME_CLASS = 0.9;

const NAMES = { minnow: 'Minnow', litert: 'LiteRT.js', ort: 'ORT-web', tfjs: 'TF.js' };

/**
 * @param {BenchModel[]} models
 * @param {{ threads: number[], rounds: number, onRow: (row: BenchRow) => void }} options
 * @returns {Promise<BenchRow[]>}
 */
async function benchPeers(models, { threads, rounds, onRow }) {
  const rows = [];
  for (const model of models) {
    const prepared = await prepareModel(model);
    const server = await startPeerServer(prepared);
    try {
      for (const count of threads) {
        const engines = enginesFor(model).map((engine) => ({ engine, url: server.origin + modelPath(prepared, engine) }));
        const photosUrl = prepared.photos && `${server.origin}/photos/${path.basename(prepared.photos)}`;
        const times = await timeInPage(server.origin, engines, { threads: count, rounds, photosUrl });
        for (const { engine } of engines) checkAnswers(model, engine, times[engine]);
        const peers = engines.slice(1).map(({ engine }) => times[engine].median);
        const row = { key: model.key, title: model.title, threads: count, goal: model.goal, ratio: times.minnow.median / Math.min(...peers), engines: times };
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
  if (isCompressed && agreement >= SAME_CLASS) return;
  if (!isCompressed && disagreement <= SAME_ANSWER) return;
  const how = `${(100 * agreement).toFixed(1)} % of the best classes are the same, values differ by up to ${disagreement.toFixed(4)} of the range`;
  throw new Error(`${title}: ${engine} answers otherwise than Minnow: ${how}`);
}

/**
 * A browser of its own for each measurement: nothing of an earlier one is in memory.
 * @param {string} origin
 * @param {{ engine: import('./bench_models.js').EngineId, url: string }[]} engines
 * @param {{ threads: number, rounds: number, photosUrl?: string }} options
 * @returns {Promise<Record<string, EngineTimes>>}
 */
async function timeInPage(origin, engines, options) {
  const browser = await launchEngine('chromium');
  try {
    const page = await browser.newPage();
    await page.goto(`${origin}/bench/peers/peer_page.html`);
    await page.waitFor(() => 'compareEngines' in window, PAGE_TIMEOUT_MS);
    return await page.evaluate((engines, options) => /** @type {any} */ (window).compareEngines(engines, options), engines, options);
  } finally {
    await browser.close();
  }
}

/** @param {BenchRow} row */
function lineOf({ title, threads, goal, ratio, engines }) {
  const cells = Object.entries(NAMES).map(([id, name]) => {
    const times = engines[id];
    return times ? `${name} ${times.median.toFixed(3)} (p90 ${times.p90.toFixed(3)})` : '';
  });
  const verdict = ratio <= goal ? 'met' : 'MISSED';
  return `${title.padEnd(28)} ${threads}t  ${cells.filter(Boolean).join('   ').padEnd(64)} ratio ${ratio.toFixed(2)}  goal ${goal} ${verdict}`;
}

async function main() {
  const { values } = parseArgs({
    options: {
      models: { type: 'string' },
      threads: { type: 'string', default: '1,2' },
      rounds: { type: 'string', default: '60' },
      json: { type: 'string' },
      svg: { type: 'string' },
    },
  });
  const wanted = values.models?.split(',');
  const models = BENCH_MODELS.filter(({ key }) => !wanted || wanted.includes(key));
  const missing = missingNative(...models.map(({ file }) => file));
  if (missing || models.length === 0) {
    console.error(missing || `no such model; there are ${BENCH_MODELS.map(({ key }) => key).join(', ')}`);
    process.exitCode = 2;
    return;
  }
  console.log(`Milliseconds a run, medians; ${os.cpus()[0].model}, ${os.cpus().length} cores`);
  const rows = await benchPeers(models, {
    threads: values.threads.split(',').map(Number),
    rounds: Number(values.rounds),
    onRow: (row) => console.log(lineOf(row)),
  });
  const ratios = Object.fromEntries(rows.map(({ key, threads, ratio }) => [`${key}_${threads}t`, Number(ratio.toFixed(4))]));
  if (values.json) await writeFile(values.json, `${JSON.stringify({ cpu: os.cpus()[0].model, ratios, rows }, null, 2)}\n`);
  if (values.svg) await writeFile(values.svg, drawChart(rows, NAMES));
}

await main();
