/** The built package, the native command-line tool and the real models, for tests of all three together. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const distFolder = path.join(root, 'wasm_glue/dist');
export const wasmFolder = path.join(distFolder, 'wasm');
const tool = path.join(root, 'build/native/minnow');
const data = path.join(root, '../shared/data');

/** Why tests with real packages cannot run here; undefined where they can. */
export const missing = [
  [tool, 'tools/build.sh native'],
  [path.join(distFolder, 'node.js'), 'tools/build.sh js'],
  [path.join(wasmFolder, 'minnow-scalar.wasm'), 'tools/build.sh wasm js'],
  [path.join(data, 'models'), 'the model files'],
]
  .filter(([file]) => !existsSync(file))
  .map(([file, remedy]) => `${path.relative(root, file)} is missing (${remedy})`)[0];

/**
 * The package as it is shipped. Types are the sources', which are there before the first build.
 * @returns {Promise<typeof import('../../wasm_glue/src/minnow.js')>}
 */
export function importPageModule() {
  return import(pathToFileURL(path.join(distFolder, 'minnow.js')).href);
}

/** @returns {Promise<typeof import('../../wasm_glue/src/node.js')>} */
export function importNodeModule() {
  return import(pathToFileURL(path.join(distFolder, 'node.js')).href);
}

/** @param {string} relative */
export function dataFile(relative) {
  return path.join(data, relative);
}

/**
 * Packs a model, unless this tool has done so before.
 * @param {string} model absolute, or relative to the models' folder
 * @param {string[]} [options] of `minnow pack`
 * @returns {string} the package's folder
 */
export function packModel(model, options = []) {
  const file = path.resolve(data, 'models', model);
  const folder = path.join(root, 'build/test_packages', `${path.parse(model).name}${options.join('').replace(/[^\w]+/g, '_')}`);
  const manifest = path.join(folder, 'manifest.json');
  if (existsSync(manifest) && statSync(manifest).mtimeMs > statSync(tool).mtimeMs) return folder;
  mkdirSync(path.dirname(folder), { recursive: true });
  execFileSync(tool, ['pack', file, '-o', folder, ...options], { stdio: 'pipe' });
  return folder;
}

/**
 * What the native tool computes.
 * @param {string} folder of a package
 * @param {string} input file with the bytes of one or more runs
 * @returns {Buffer} the outputs of all runs
 */
export function runNatively(folder, input) {
  const output = `${folder}.output_${process.pid}.bin`;
  execFileSync(tool, ['run', folder, '--raw', input, '--output', output], { stdio: 'pipe' });
  return readFileSync(output);
}
