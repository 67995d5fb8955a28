/** How long runs of a compressed package take in Chromium, of what they took before: compression must not make them slower. */
import { existsSync } from 'node:fs';
import { missingEngine } from '../../e2e/engines/browser_engine.js';
import { median } from '../wasm/model_subject.js';
import { RELAXED_MODULE, withBenchPage } from '../wasm/bench_browser.js';
import { bootstrapInterval } from './intervals.js';
import { figureOf } from './judges.js';

/** @typedef {import('./judges.js').Figure} Figure */

const RUNS = 60;
/** Times taken in turns differ by a hundredth or two although nothing else does. */
const MOST = 1.02;

/**
 * One thread, runs in turns, after warm-up; none where there is no Chromium.
 * @param {string} plain folder of the package as it was
 * @param {string} small
 * @returns {Promise<Figure[]>}
 */
export async function runTimeFigures(plain, small) {
  const missing = missingEngine('chromium') ?? (existsSync(RELAXED_MODULE) ? undefined : `${RELAXED_MODULE} is missing: run tools/build.sh wasm js`);
  if (missing) {
    console.error(`runs are not timed: ${missing}`);
    return [];
  }
  const [before, after] = await withBenchPage('chromium', [RELAXED_MODULE, plain, small], (page, urlOf) =>
    page.evaluate(
      (url, folders, runs) => /** @type {{ comparePackages: (...args: unknown[]) => Promise<number[][]> }} */ (/** @type {unknown} */ (window)).comparePackages(url, folders, runs),
      urlOf(RELAXED_MODULE), [plain, small].map(urlOf), RUNS,
    ),
  );
  const ratios = after.map((ms, i) => ms / before[i]);
  return [figureOf(`run in Chromium, of ${median(before).toPrecision(3)} ms`, bootstrapInterval(ratios, median), { unit: '', most: MOST })];
}
