/** How fast the wasm module turns the shards of a package into weights: decoding and writing them in kernel order. */
import { RELAXED_MODULE, withBenchPage } from '../wasm/bench_browser.js';

/** @typedef {import('./bench_models.js').PreparedModel} PreparedModel */
/** @typedef {{ megabytesPerSecond: number, weightBytes: number, ms: number }} DecodeSpeed of decoded weights */

/** @param {PreparedModel} model @returns {Promise<DecodeSpeed>} */
export async function measureDecoding({ packageDir }) {
  const { weightBytes, ms } = await withBenchPage('chromium', [RELAXED_MODULE, packageDir], (page, urlOf) =>
    page.evaluate((url, folder) => /** @type {any} */ (window).timeDecoding(url, folder), urlOf(RELAXED_MODULE), urlOf(packageDir)),
  );
  return { megabytesPerSecond: weightBytes / ms / 1e3, weightBytes, ms };
}
