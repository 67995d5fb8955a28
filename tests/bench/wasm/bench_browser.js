/** Opens the bench page in a browser, with modules and packages from this machine's folders. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { launchEngine } from '../../e2e/engines/browser_engine.js';
import { startTestServer } from '../../e2e/test_server.js';

/** @typedef {import('../../e2e/engines/browser_engine.js').EnginePage} EnginePage */

const HERE = path.dirname(fileURLToPath(import.meta.url));

/** What browsers with the relaxed dot product fetch, for one thread. */
export const RELAXED_MODULE = path.join(HERE, '../../../wasm_glue/dist/wasm/minnow-relaxed.wasm');

/**
 * @template R
 * @param {string} engineName
 * @param {string[]} files modules and package folders
 * @param {(page: EnginePage, urlOf: (file: string) => string) => Promise<R>} use folders' URLs end in a slash
 * @returns {Promise<R>}
 */
export async function withBenchPage(engineName, files, use) {
  const folders = [...new Set(files.map((file) => path.resolve(file.endsWith('.wasm') ? path.dirname(file) : file)))];
  const mounts = Object.fromEntries(folders.map((folder, i) => [`/${i}/`, folder]));
  const ours = { '/tests/bench/wasm/': HERE, '/wasm_glue/src/': path.join(HERE, '../../../wasm_glue/src') };
  const server = await startTestServer({ ...ours, ...mounts }, { isolate: true });
  const engine = await launchEngine(/** @type {import('../../e2e/engines/browser_engine.js').EngineName} */ (engineName));
  try {
    const page = await engine.newPage();
    await page.goto(`${server.origin}/tests/bench/wasm/bench_page.html`);
    await page.waitFor(() => 'timeKernels' in window);
    return await use(page, (file) => {
      const isModule = file.endsWith('.wasm');
      const index = folders.indexOf(path.resolve(isModule ? path.dirname(file) : file));
      return `${server.origin}/${index}/${isModule ? path.basename(file) : ''}`;
    });
  } finally {
    await engine.close();
    await server.close();
  }
}
