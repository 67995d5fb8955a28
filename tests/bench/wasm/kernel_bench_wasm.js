// Times the kernels of wasm bench modules:
//   node kernel_bench_wasm.js [--browser chromium] [--only TEXT] [--json FILE] MODULE.wasm…
// Under Node (22 or newer for the relaxed variant), or in a browser, whose code is the one that counts.
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { withBenchPage } from './bench_browser.js';
import { timeKernels } from './kernel_timer.js';

/** @typedef {import('./kernel_timer.js').KernelRate} KernelRate */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { browser: { type: 'string' }, only: { type: 'string', default: '' }, json: { type: 'string' } },
});

/** @returns {Promise<KernelRate[]>} */
async function timeAll() {
  const filter = values.only;
  if (!values.browser) return positionals.flatMap((file) => timeKernels(new WebAssembly.Module(readFileSync(file)), filter));
  return withBenchPage(values.browser, positionals, async (page, urlOf) => {
    /** @type {KernelRate[]} */
    const rates = [];
    for (const file of positionals) {
      rates.push(...(await page.evaluate((url, only) => /** @type {any} */ (window).timeKernels(url, only), urlOf(file), filter)));
    }
    return rates;
  });
}

const rates = await timeAll();
for (const { set, name, gigaPerSecond, limit, share } of rates) {
  const part = share === undefined ? '' : `  ${(100 * share).toFixed(0).padStart(3)} % of ${limit}`;
  console.log(`${set.padEnd(8)} ${name.padEnd(42)} ${gigaPerSecond.toFixed(2).padStart(7)} G/s${part}`);
}
if (values.json) writeFileSync(values.json, `${JSON.stringify(rates, null, 2)}\n`);
