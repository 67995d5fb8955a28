/**
 * From a navigation with an empty cache to the first result of MobileNetV2, 8 bits, over networks of several speeds:
 * Minnow with its 8-bit and its low-bit package, LiteRT.js and ONNX Runtime Web. TensorFlow.js has no 8-bit kernels and
 * is left out.
 */
import { launchEngine } from '../../e2e/engines/browser_engine.js';
import { median } from '../wasm/model_subject.js';
import { CONTESTANTS, startColdServer } from './cold_site.js';

/** @typedef {import('./cold_site.js').ContestantId} ContestantId */
/** @typedef {import('./bench_models.js').PreparedModel} PreparedModel */

/** @typedef {{ key: string, title: string, limits?: { bytesPerSecond: number, latencyMs: number } }} Network */

/** @typedef {{ contestant: ContestantId, wireBytes: number, ms: Record<string, number> }} ColdRow ms: medians by network */

/**
 * @typedef {object} ColdReport
 * @property {ColdRow[]} rows
 * @property {SecondVisit & { goalMs: number, navigationGoalMs: number }} second the 8-bit package once it is on the device, in a worker
 */

/**
 * Medians, each by itself.
 * @typedef {object} SecondVisit
 * @property {number} ms from create() to the first result
 * @property {number} navigationMs from the navigation to the same; page and scripts come from the HTTP cache
 * @property {number} loadMs of it: inside the worker, until the model is ready
 * @property {number} runMs of it: the run, whose code the browser has not yet optimised
 */

/** @type {readonly Network[]} */
export const NETWORKS = [
  { key: 'unthrottled', title: 'no throttling' },
  { key: '4mbit', title: '4 Mbit/s, 70 ms', limits: { bytesPerSecond: 4e6 / 8, latencyMs: 70 } },
  { key: '1.6mbit', title: '1.6 Mbit/s, 150 ms', limits: { bytesPerSecond: 1.6e6 / 8, latencyMs: 150 } },
];

const ROUNDS = 3;
const VISITS = 7;
const SECOND_GOAL_MS = 60;
const SECOND_NAVIGATION_GOAL_MS = 200;
const PATIENCE_MS = 180_000;

/**
 * @param {PreparedModel} model
 * @param {PreparedModel} lowBit
 * @returns {Promise<ColdReport>}
 */
export async function measureColdStart(model, lowBit) {
  const server = await startColdServer(model, lowBit, 'no-store');
  try {
    /** @type {Record<string, Record<string, FirstVisit[]>>} by contestant and network */
    const visits = Object.fromEntries(CONTESTANTS.map((id) => [id, {}]));
    for (const network of NETWORKS) {
      for (let round = 0; round < ROUNDS; round++) {
        const order = round % 2 ? CONTESTANTS.toReversed() : CONTESTANTS;
        // One after the other: visits at the same time would wait for each other's processors.
        for (const id of order) (visits[id][network.key] ??= []).push(await visitFirst(`${server.origin}/${id}.html`, network));
      }
    }
    const rows = CONTESTANTS.map((contestant) => ({
      contestant,
      wireBytes: visits[contestant][NETWORKS[0].key][0].wireBytes,
      ms: Object.fromEntries(Object.entries(visits[contestant]).map(([key, list]) => [key, median(list.map(({ ms }) => ms))])),
    }));
    return { rows, second: { ...(await measureSecondVisit(model, lowBit)), goalMs: SECOND_GOAL_MS, navigationGoalMs: SECOND_NAVIGATION_GOAL_MS } };
  } finally {
    await server.close();
  }
}

/** @typedef {{ ms: number, wireBytes: number }} FirstVisit */

/** @param {string} url @param {Network} network @returns {Promise<FirstVisit>} in a browser with a fresh profile */
async function visitFirst(url, { limits }) {
  const browser = await launchEngine('chromium');
  try {
    const page = await browser.newPage();
    if (limits) await page.throttle?.(limits);
    await page.goto(url);
    await waitForResult(page, 'firstResultMs');
    return await page.evaluate(() => {
      const entries = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
      const bytes = /** @type {PerformanceResourceTiming[]} */ (entries).reduce((sum, { transferSize }) => sum + transferSize, 0);
      return { ms: /** @type {any} */ (window).firstResultMs, wireBytes: bytes };
    });
  } finally {
    await browser.close();
  }
}

/**
 * Visits again, each time in a new page of the same browser; the wasm module and the scripts come from its HTTP cache.
 * @param {PreparedModel} model @param {PreparedModel} lowBit
 * @returns {Promise<SecondVisit>}
 */
async function measureSecondVisit(model, lowBit) {
  const server = await startColdServer(model, lowBit, 'public, max-age=31536000, immutable');
  const browser = await launchEngine('chromium');
  /** @type {(SecondVisit & { fromCache: boolean })[]} */
  const visits = [];
  try {
    for (let visit = 0; visit <= VISITS; visit++) {
      const page = await browser.newPage();
      await page.goto(`${server.origin}/second.html`);
      await waitForResult(page, 'second');
      visits.push(await page.evaluate(() => /** @type {any} */ (window).second));
      await page.close();
      server.off();
      if (visit === 0) server.clearLog();
    }
    if (server.requests.length > 0 || visits.some(({ fromCache }, i) => fromCache !== (i > 0))) throw new Error('a second visit asked the network');
    const medianOf = (/** @type {keyof SecondVisit} */ key) => median(visits.slice(1).map((visit) => visit[key]));
    return { ms: medianOf('ms'), navigationMs: medianOf('navigationMs'), loadMs: medianOf('loadMs'), runMs: medianOf('runMs') };
  } finally {
    await browser.close();
    await server.close();
  }
}

/** @param {import('../../e2e/engines/browser_engine.js').EnginePage} page @param {string} name of the page's variable */
async function waitForResult(page, name) {
  try {
    await page.waitFor((wanted) => wanted in window, PATIENCE_MS, name);
  } catch (cause) {
    const errors = page.consoleMessages.filter(({ type }) => type === 'pageerror').map(({ text }) => text);
    throw new Error(`the cold start gave no result: ${errors.join('; ')}`, { cause });
  }
}
