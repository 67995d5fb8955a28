// Builds dist/: minnow.js (the page's side), vision.js, audio.js and text.js (further tasks), chain.js (split packages),
// minnow-worker.js (the worker's), minnow-tasks.js (its part for further tasks and profiles), minnow-delivery.js and
// minnow-crypto.js (its part for signatures, updates and storages), minnow-storage.js (packages on the device),
// minnow-helper.js (a helper thread's), minnow-audio-worklet.js (the audio thread's), coi.js and coi_service_worker.js
// (cross-origin isolation), node.js, the wasm modules that tools/build.sh compiled, and the type declarations. usage: build.mjs
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { minify } from 'terser';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const dist = join(here, 'dist');

// Class fields and private methods are native from here on; module workers need about the same.
const browsers = ['chrome91', 'firefox114', 'safari15.4'];

/** Each bundle leaves its siblings outside, as files that the browser fetches when they are needed. */
const bundles = [
  { entry: 'minnow.js', siblings: ['minnow-worker.js', 'minnow-storage.js', 'vision.js'], target: browsers },
  { entry: 'minnow-worker.js', siblings: ['minnow-tasks.js', 'minnow-delivery.js', 'minnow-crypto.js'], target: browsers },
  { entry: 'minnow-delivery.js', siblings: ['minnow-crypto.js', 'minnow-delivery.js', 'minnow-tasks.js'], target: browsers },
  { entry: 'minnow-crypto.js', siblings: [], target: browsers },
  { entry: 'minnow-storage.js', siblings: ['minnow-worker.js', 'minnow-crypto.js', 'minnow-delivery.js', 'minnow-tasks.js'], target: browsers },
  { entry: 'minnow-tasks.js', siblings: [], target: browsers },
  { entry: 'minnow-helper.js', siblings: [], target: browsers },
  { entry: 'minnow-audio-worklet.js', siblings: [], target: browsers },
  { entry: 'vision.js', siblings: ['minnow.js'], target: browsers },
  { entry: 'audio.js', siblings: ['minnow.js'], target: browsers },
  { entry: 'text.js', siblings: ['minnow.js'], target: browsers },
  { entry: 'chain.js', siblings: ['minnow.js', 'minnow-worker.js', 'minnow-tasks.js', 'minnow-delivery.js', 'minnow-crypto.js'], target: browsers },
  { entry: 'coi.js', siblings: ['minnow.js'], target: browsers },
  { entry: 'coi_service_worker.js', siblings: [], target: browsers },
  { entry: 'node.js', siblings: ['minnow.js', 'vision.js', 'audio.js', 'text.js', 'chain.js'], target: ['node20'] },
];

/**
 * Leaves other entries as imports of files beside the bundle, from whichever folder they are imported.
 * @param {readonly string[]} siblings
 * @returns {import('esbuild').Plugin}
 */
function outside(siblings) {
  return {
    name: 'siblings',
    setup({ onResolve }) {
      onResolve({ filter: /^\.{1,2}\// }, ({ kind, path, resolveDir }) => {
        const name = relative(join(here, 'src'), resolve(resolveDir, path));
        return kind !== 'entry-point' && siblings.includes(name) ? { path: `./${name}`, external: true } : undefined;
      });
    },
  };
}

/** Finds what esbuild leaves: 5 % after brotli. @param {string} file */
async function shrink(file) {
  const { code = '' } = await minify(readFileSync(file, 'utf8'), { module: true, ecma: 2020, compress: { passes: 3, hoist_funs: true } });
  writeFileSync(file, code);
}

function copyWasmModules() {
  const variants = ['scalar', 'simd128', 'simd128-threads', 'relaxed', 'relaxed-threads'].filter((variant) => {
    const built = join(root, `build/wasm-${variant}/wasm_glue/minnow-${variant}.wasm`);
    if (!existsSync(built)) return false;
    copyFileSync(built, join(dist, 'wasm', `minnow-${variant}.wasm`));
    return true;
  });
  const soundText = join(root, 'build/wasm-scalar/wasm_glue/minnow-sound-text.wasm');
  if (existsSync(soundText)) copyFileSync(soundText, join(dist, 'wasm/minnow-sound-text.wasm'));
  if (variants.length === 0) console.warn('No wasm module is there to copy: run  tools/build.sh wasm');
}

function writeTypes() {
  execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', here], { stdio: 'inherit' });
}

rmSync(dist, { recursive: true, force: true });
mkdirSync(join(dist, 'wasm'), { recursive: true });
execFileSync(process.execPath, [join(here, 'generate_error_codes.mjs')], { stdio: 'inherit' });
for (const { entry, siblings, target } of bundles) {
  await build({
    entryPoints: [join(here, 'src', entry)],
    outfile: join(dist, entry),
    bundle: true,
    minify: true,
    format: entry === 'coi_service_worker.js' ? 'iife' : 'esm', // not every browser has service workers that are modules
    platform: entry === 'node.js' ? 'node' : 'browser',
    plugins: [outside(siblings)],
    target,
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
  });
  await shrink(join(dist, entry));
}
copyWasmModules();
writeTypes();
