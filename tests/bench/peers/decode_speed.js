/** How fast the wasm module turns the shards of a package into weights: decoding and writing them in kernel order. */
import { fileURLToPath } from 'node:url';
import { withBenchPage } from '../wasm/bench_browser.js';

/** @typedef {import('./bench_models.js').PreparedModel} PreparedModel */
/** @typedef {{ megabytesPerSecond: number, weightBytes: number, ms: number }} DecodeSpeed of decoded weights */

const MODULE = fileURLToPath(new URL('../../../wasm_glue/dist/wasm/minnow-relaxed.wasm', import.meta.url));

/** @param {PreparedModel} model @returns {Promise<DecodeSpeed>} */
export async function measureDecoding({ packageDir }) {
  const { weightBytes, ms } = await withBenchPage('chromium', [MODULE, packageDir], (page, urlOf) =>
    page.evaluate((url, folder) => /** @type {any} */ (window).timeDecoding(url, folder), urlOf(MODULE), urlOf(packageDir)),
  );
  return { megabytesPerSecond: weightBytes / ms / 1e3, weightBytes, ms };
}
