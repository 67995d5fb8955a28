/** How fast the wasm module turns the shards of a package into weights: Huffman decoding and writing them in kernel order. */
import { launchEngine } from '../../e2e/engines/browser_engine.js';
import { startPeerServer } from './peer_server.js';

/** @typedef {import('./bench_models.js').PreparedModel} PreparedModel */
/** @typedef {{ megabytesPerSecond: number, weightBytes: number, ms: number }} DecodeSpeed of decoded weights */

const PAGE_TIMEOUT_MS = 60_000;

/** @param {PreparedModel} model @returns {Promise<DecodeSpeed>} */
export async function measureDecoding(model) {
  const server = await startPeerServer(model);
  const browser = await launchEngine('chromium');
  try {
    const page = await browser.newPage();
    await page.goto(`${server.origin}/bench/peers/decode_page.html`);
    await page.waitFor(() => 'timeDecoding' in window, PAGE_TIMEOUT_MS);
    const { weightBytes, ms } = await page.evaluate(() => /** @type {any} */ (window).timeDecoding('/minnow/wasm/minnow-relaxed.wasm', '/package/'));
    return { megabytesPerSecond: weightBytes / ms / 1e3, weightBytes, ms };
  } finally {
    await browser.close();
    await server.close();
  }
}
