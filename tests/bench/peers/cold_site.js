/**
 * What a static host would serve for each contestant of the cold start: one page that does nothing but take the engine
 * from an empty cache to its first result, and the files that it asks for, all with brotli made beforehand.
 *
 * Everything runs in the page's own thread: throttling holds for that one alone.
 */
import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { startTestServer } from '../../e2e/test_server.js';

/** minnow_selected: with a module that has the operators of this model alone (MINNOW_OPS). @typedef {'minnow' | 'minnow_lowbit' | 'minnow_selected' | 'litert' | 'ort'} ContestantId */
/** @typedef {import('./bench_models.js').PreparedModel} PreparedModel */

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const SITE = path.join(ROOT, 'build/bench/cold');
const { resolve } = createRequire(import.meta.url);
const run = promisify(execFile);

/** MobileNetV2's. */
const INPUT = 'new Uint8Array(224 * 224 * 3).fill(100)';

/** @param {string} folder @param {string} [options] */
const minnowScript = (folder, options = 'worker: false') => `
  import { Model } from '/minnow/minnow.js';
  const model = await Model.create('${folder}', { ${options} });
  await model.run(${INPUT});`;

/** @type {Record<ContestantId, string>} */
const SCRIPTS = {
  minnow: minnowScript('/package/'),
  minnow_lowbit: minnowScript('/lowbit/'),
  minnow_selected: minnowScript('/lowbit/', "worker: false, wasmUrl: '/selected/'"),
  litert: `
  import { Tensor, loadAndCompile, loadLiteRt } from '/litert/litert.js';
  await loadLiteRt('/litert/', { threads: false });
  const model = await loadAndCompile('/peer/model.tflite', { accelerator: 'wasm', cpuOptions: { numThreads: 1 } });
  const [result] = await model.run([new Tensor(${INPUT}, [1, 224, 224, 3])]);
  result.toTypedArray();`,
  ort: `
  import * as ort from '/ort/ort.wasm.bundle.min.mjs';
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = { wasm: '/ort/ort-wasm-simd-threaded.wasm' };
  const session = await ort.InferenceSession.create('/peer/model.onnx', { executionProviders: ['wasm'] });
  await session.run({ [session.inputNames[0]]: new ort.Tensor('uint8', ${INPUT}, [1, 224, 224, 3]) });`,
};

const OUR_SCRIPTS = ['/minnow/minnow.js', '/minnow/minnow-worker.js'];

/**
 * What each page names in its head, so that the browser asks for it before a script does: all that is known beforehand. (Which
 * of our modules a browser takes is not. The first shard, as Chrome and Safari take it, keeps the network at work until then.)
 * @type {Record<ContestantId, (firstShards: Record<string, string>) => readonly string[]>}
 */
const PRELOADED = {
  minnow: (first) => [...OUR_SCRIPTS, '/package/manifest.json', first.package],
  minnow_lowbit: (first) => [...OUR_SCRIPTS, '/lowbit/manifest.json', first.lowbit],
  minnow_selected: (first) => [...OUR_SCRIPTS, '/lowbit/manifest.json', first.lowbit],
  litert: () => ['/litert/litert.js', '/litert/litert_wasm_internal.wasm', '/peer/model.tflite'],
  ort: () => ['/ort/ort.wasm.bundle.min.mjs', '/ort/ort-wasm-simd-threaded.wasm', '/peer/model.onnx'],
};

export const CONTESTANTS = /** @type {ContestantId[]} */ (Object.keys(SCRIPTS));

/** The package of 8 bits as it is on a page's second visit: in a worker, timed from create() alone. */
const SECOND_SCRIPT = `
  import { Model } from '/minnow/minnow.js';
  const begunAt = performance.now();
  const model = await Model.create('/package/');
  await model.run(${INPUT});
  window.second = { ms: performance.now() - begunAt, navigationMs: performance.now(), loadMs: model.timing.loadMs, runMs: model.timing.runMs, fromCache: model.info.fromCache };`;

/**
 * @param {PreparedModel} model the 8-bit one
 * @param {PreparedModel} lowBit
 * @param {string} cacheControl
 * @returns {Promise<import('../../e2e/test_server.js').TestServer>} pages are /<contestant>.html, and /second.html
 */
export async function startColdServer(model, lowBit, cacheControl) {
  const packages = { package: model.packageDir, lowbit: lowBit.packageDir };
  await makeSite(packages);
  const peer = path.join(SITE, 'peer');
  for (const name of ['model.tflite', 'model.onnx']) await copyCompressed(path.join(model.peerDir, name), path.join(peer, name));
  for (const [name, packageDir] of Object.entries(packages)) {
    // The shards have their .br beside them since they were packed.
    for (const file of await readdir(packageDir)) await copyNewer(path.join(packageDir, file), path.join(SITE, name, file));
    await compress(path.join(SITE, name, 'manifest.json'));
  }
  await copyCompressed(await buildSelected(lowBit.packageDir), path.join(SITE, 'selected/minnow-relaxed.wasm'));
  return startTestServer({ '/': SITE }, { precompressed: true, cacheControl });
}

/**
 * The fastest module, with the operators of one package alone.
 * @param {string} packageDir
 * @returns {Promise<string>} its path
 */
async function buildSelected(packageDir) {
  const folder = path.join(ROOT, 'build/bench/wasm-selected');
  await run('cmake', ['--preset', 'wasm-relaxed', '-B', folder, `-DMINNOW_OPS=auto:${packageDir}`], { cwd: ROOT });
  await run('cmake', ['--build', folder, '--', '--quiet'], { cwd: ROOT });
  return path.join(folder, 'wasm_glue/minnow-relaxed.wasm');
}

/**
 * Scripts of the peers bundled and minified, as a page's build would; ours as they are.
 * @param {Record<string, string>} packages folders by name
 */
async function makeSite(packages) {
  const dist = path.join(ROOT, 'wasm_glue/dist');
  const modules = (await readdir(path.join(dist, 'wasm'))).map((name) => `wasm/${name}`);
  for (const name of ['minnow.js', 'minnow-worker.js', ...modules]) await copyCompressed(path.join(dist, name), path.join(SITE, 'minnow', name));
  const ort = path.dirname(resolve('onnxruntime-web'));
  for (const name of ['ort.wasm.bundle.min.mjs', 'ort-wasm-simd-threaded.wasm']) {
    await copyCompressed(path.join(ort, name), path.join(SITE, 'ort', name));
  }
  const liteRt = resolve('@litertjs/core');
  const liteRtScript = path.join(SITE, 'litert/litert.js');
  await build({ entryPoints: [liteRt], outfile: liteRtScript, bundle: true, minify: true, format: 'esm', logLevel: 'error' });
  await compress(liteRtScript);
  const liteRtWasm = path.resolve(path.dirname(liteRt), '../wasm');
  for (const name of ['litert_wasm_internal.js', 'litert_wasm_internal.wasm']) {
    await copyCompressed(path.join(liteRtWasm, name), path.join(SITE, 'litert', name));
  }
  /** @type {Record<string, string>} */
  const firstShards = {};
  for (const [name, folder] of Object.entries(packages)) {
    const manifest = JSON.parse(await readFile(path.join(folder, 'manifest.json'), 'utf8'));
    firstShards[name] = `/${name}/${manifest.shards[0].file}.gz`;
  }
  for (const id of CONTESTANTS) await writePage(id, `${SCRIPTS[id]}\n  window.firstResultMs = performance.now();`, PRELOADED[id](firstShards));
  await writePage('second', SECOND_SCRIPT);
}

/** @param {string} name @param {string} script @param {readonly string[]} [preloaded] */
async function writePage(name, script, preloaded = []) {
  const file = path.join(SITE, `${name}.html`);
  const head = '<!doctype html>\n<meta charset="utf-8" />\n<link rel="icon" href="data:," />\n<title>Cold start</title>\n';
  const hints = preloaded.map((url) => `<link ${/js$/.test(url) ? 'rel="modulepreload"' : 'rel="preload" as="fetch" crossorigin'} href="${url}" />\n`);
  await writeFile(file, `${head}${hints.join('')}<script type="module">${script}\n</script>\n`);
  await compress(file);
}

/** @param {string} from @param {string} to */
async function copyCompressed(from, to) {
  await copyNewer(from, to);
  await compress(to);
}

/** @param {string} from @param {string} to */
async function copyNewer(from, to) {
  if ((await madeAt(to)) > (await madeAt(from))) return;
  await mkdir(path.dirname(to), { recursive: true });
  await copyFile(from, to);
}

/** Brotli's best beside a file, unless it is there: of the largest wasm modules it takes half a minute. @param {string} file */
async function compress(file) {
  if ((await madeAt(`${file}.br`)) > (await madeAt(file))) return;
  const content = await readFile(file);
  if (content.length > 2 ** 22) console.log(`Compressing ${path.basename(file)}, once`);
  const params = { [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS };
  await writeFile(`${file}.br`, await promisify(brotliCompress)(content, { params }));
}

/** @param {string} file @returns {Promise<number>} 0: it does not exist */
async function madeAt(file) {
  const info = await stat(file).catch(() => undefined);
  return info?.mtimeMs ?? 0;
}
