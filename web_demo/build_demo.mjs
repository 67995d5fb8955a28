#!/usr/bin/env node
/**
 * Builds the demo into web_demo/dist, a folder that any static host can serve:
 *
 *   index.html, app.js, app.css, art/, manifest.webmanifest    the page
 *   minnow/…                                                   the npm package's files, as published
 *   service_worker.js                                          with the list of what to precache
 */
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { injectManifest } from 'workbox-build';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const DIST = path.join(HERE, 'dist');
/** What browsers with WebAssembly SIMD understand (Chrome 91, Firefox 89, Safari 16.4). */
const TARGET = ['chrome91', 'firefox89', 'safari16.4'];
/** The package's scripts and WebAssembly; not its file-system source for Node, types or maps. */
const FOR_BROWSERS = /^(?!node[.-]).*\.(js|wasm)$/;

await rm(DIST, { recursive: true, force: true });
await mkdir(DIST, { recursive: true });
const library = await copyLibrary();
await Promise.all([copyPage(), bundleStyles(), bundlePage(library), bundleServiceWorker(library)]);
await listPrecache();

/**
 * Copies the files of the npm package that browsers load. They stay files of their own, not part of
 * app.js: the package finds its worker and its WebAssembly beside its modules.
 * @returns {Promise<{ entry: string, wasmHashes: Record<string, string> }>} `entry` relative to dist/;
 *   the SHA-256 of each WebAssembly file by its name
 */
async function copyLibrary() {
  const entryPath = fileURLToPath(import.meta.resolve('minnow'));
  const root = path.dirname(entryPath);
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
  return { entry: `./minnow/${path.basename(entryPath)}`, wasmHashes };
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

/** @param {{ entry: string, wasmHashes: Record<string, string> }} library */
async function bundlePage({ entry, wasmHashes }) {
  await esbuild.build({
    entryPoints: { app: path.join(HERE, 'src/main.js') },
    outdir: DIST,
    bundle: true,
    minify: true,
    format: 'esm',
    target: TARGET,
    define: { WASM_HASHES: JSON.stringify(wasmHashes) },
    plugins: [externalAt('minnow', entry)],
    logLevel: 'warning',
  });
}

/** @param {{ wasmHashes: Record<string, string> }} library */
async function bundleServiceWorker({ wasmHashes }) {
  await esbuild.build({
    entryPoints: [path.join(HERE, 'src/service_worker.js')],
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
  const { count, size, warnings } = await injectManifest({
    swSrc: serviceWorker,
    swDest: serviceWorker,
    globDirectory: DIST,
    globPatterns: ['**/*.{html,js,css,svg,png,webp,webmanifest}'],
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
}
