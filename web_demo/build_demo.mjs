#!/usr/bin/env node
/**
 * Builds the demo into web_demo/dist, a folder that any static host can serve:
 *
 *   index.html, app.js, app.css, art/, manifest.webmanifest    the page
 *   minnow/…                                                   the npm package's files, as published
 *   models/<name>/, samples/<name>/                            the trained models of ../models, with their samples
 *   service_worker.js                                          with the list of what to precache
 *
 * usage: build_demo.mjs [--models FOLDER] [--output FOLDER]
 *   --models    has <name>/package/, <name>/card.json, <name>/samples/; default: ../models
 *   --output    default: dist
 */
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as esbuild from 'esbuild';
import { injectManifest } from 'workbox-build';
import { bundleModels } from './bundle_models.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
/** What browsers with WebAssembly SIMD understand (Chrome 91, Firefox 89, Safari 16.4). */
const TARGET = ['chrome91', 'firefox89', 'safari16.4'];
/** The package's scripts and WebAssembly; not its file-system source for Node, types or maps. */
const FOR_BROWSERS = /^(?!node[.-]).*\.(js|wasm)$/;

/** The parts of the npm package that the page imports by name. */
const LIBRARY_ENTRIES = ['minnow', 'minnow/audio', 'minnow/text', 'minnow/storage'];

const { values: options } = parseArgs({
  options: {
    models: { type: 'string', default: path.join(HERE, '../models') },
    output: { type: 'string', default: path.join(HERE, 'dist') },
  },
});
const DIST = path.resolve(options.output);

await rm(DIST, { recursive: true, force: true });
await mkdir(DIST, { recursive: true });
const wasmHashes = await copyLibrary();
const bundledModels = await bundleModels(options.models, DIST);
await Promise.all([copyPage(), bundleStyles(), bundlePage(), bundleServiceWorker()]);
await listPrecache();

/**
 * Copies the files of the npm package that browsers load. They stay files of their own, not part of
 * app.js: the package finds its worker and its WebAssembly beside its modules.
 * @returns {Promise<Record<string, string>>} the SHA-256 of each WebAssembly file by its name
 */
async function copyLibrary() {
  const root = path.dirname(fileURLToPath(import.meta.resolve('minnow')));
  const files = (await readdir(root, { recursive: true })).sort();
  /** @type {Record<string, string>} */
  const wasmHashes = {};
  for (const file of files) {
    if (!FOR_BROWSERS.test(file)) continue;
    const target = path.join(DIST, 'minnow', file);
    await mkdir(path.dirname(target), { recursive: true });
    await cp(path.join(root, file), target);
    if (file.endsWith('.wasm')) wasmHashes[path.basename(file)] = await sha256Of(target, 'hex');
  }
  if (Object.keys(wasmHashes).length === 0) throw new Error(`${root} has no WebAssembly files: build wasm_glue first`);
  return wasmHashes;
}

/** @param {string} file @param {'hex' | 'base64'} encoding @returns {Promise<string>} */
async function sha256Of(file, encoding) {
  return createHash('sha256').update(await readFile(file)).digest(encoding);
}

async function copyPage() {
  for (const file of ['index.html', 'manifest.webmanifest', 'art']) {
    await cp(path.join(HERE, file), path.join(DIST, file), { recursive: true });
  }
}

async function bundleStyles() {
  await esbuild.build({
    entryPoints: [path.join(HERE, 'styles/app.css')],
    outdir: DIST,
    bundle: true,
    minify: true,
    target: TARGET,
    logLevel: 'warning',
  });
}

async function bundlePage() {
  await esbuild.build({
    entryPoints: { app: path.join(HERE, 'src/main.js') },
    outdir: DIST,
    bundle: true,
    minify: true,
    format: 'esm',
    target: TARGET,
    define: { WASM_HASHES: JSON.stringify(wasmHashes), BUNDLED_MODELS: JSON.stringify(bundledModels) },
    plugins: LIBRARY_ENTRIES.map((name) => externalAt(name, `./minnow/${path.basename(fileURLToPath(import.meta.resolve(name)))}`)),
    logLevel: 'warning',
  });
}

async function bundleServiceWorker() {
  await esbuild.build({
    entryPoints: [path.join(HERE, 'src/offline/service_worker.js')],
    outdir: DIST,
    bundle: true,
    minify: true,
    format: 'iife',
    target: TARGET,
    define: {
      WASM_HASHES: JSON.stringify(wasmHashes),
      PRECACHE_LIST: 'self.__WB_MANIFEST', // where workbox puts the list
      'process.env.NODE_ENV': '"production"',
    },
    logLevel: 'warning',
  });
}

/**
 * Leaves `import … from 'name'` as an import, of `address`.
 * @param {string} name @param {string} address
 * @returns {esbuild.Plugin}
 */
function externalAt(name, address) {
  return {
    name: `external ${name}`,
    setup(build) {
      build.onResolve({ filter: new RegExp(`^${name}$`) }, () => ({ path: address, external: true }));
    },
  };
}

async function listPrecache() {
  const serviceWorker = path.join(DIST, 'service_worker.js');
  const hasSamples = Object.values(bundledModels).some(({ samples }) => samples.length > 0);
  const { count, size, warnings } = await injectManifest({
    swSrc: serviceWorker,
    swDest: serviceWorker,
    globDirectory: DIST,
    globPatterns: ['**/*.{html,js,css,svg,png,webp,webmanifest}', ...(hasSamples ? ['samples/**/*.{jpg,jpeg,wav}'] : [])],
    globIgnores: ['service_worker.js', 'models/**', 'art/sample_balloon.svg'],
    // A host's fallback page must not be kept in place of a missing script. The document itself may be
    // changed on the way, by hosts that add their own lines to it.
    manifestTransforms: [
      async (entries) => ({
        manifest: await Promise.all(
          entries.map(async (entry) =>
            entry.url.endsWith('.html')
              ? entry
              : { ...entry, integrity: `sha256-${await sha256Of(path.join(DIST, entry.url), 'base64')}` },
          ),
        ),
      }),
    ],
  });
  for (const warning of warnings) console.warn(`workbox: ${warning}`);
  const { size: appBytes } = await stat(path.join(DIST, 'app.js'));
  console.log(`web_demo/dist: app.js ${appBytes} bytes; ${count} files precached, ${size} bytes`);
  console.log(`  models: ${Object.keys(bundledModels).join(', ') || 'none; build/native/minnow train models/<name> makes them'}`);
}
