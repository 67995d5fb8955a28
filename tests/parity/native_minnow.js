/** The native tool and the data that it is tested on. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** @typedef {'scalar' | 'simd128' | 'relaxed'} KernelSet */
/** @typedef {{ index: number, label: string, score: number }} ClassScore */
/** @typedef {{ image: string, top: ClassScore[] }} PhotoAnswer */

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TOOL = path.join(ROOT, 'build/native/minnow');
const PACKAGES = path.join(ROOT, 'build/e2e/packages');
const MAX_JSON_BYTES = 64 * 2 ** 20;

/** Folder of models, photos and labels; nothing of it is part of the repository. */
export const DATA = path.resolve(process.env.MINNOW_DATA || path.join(ROOT, '../shared/data'));

/** @type {readonly KernelSet[]} */
export const KERNEL_SETS = ['scalar', 'simd128', 'relaxed'];

/**
 * Why tests with the native tool and the data cannot run, or false: node:test's `skip`.
 * @param {...string} dataFiles relative to DATA
 * @returns {string | false}
 */
export function missingNative(...dataFiles) {
  if (!existsSync(TOOL)) return 'build/native/minnow is not built: run tools/build.sh native';
  const absent = dataFiles.find((file) => !existsSync(path.join(DATA, file)));
  return absent ? `${DATA} has no ${absent}: set MINNOW_DATA to the folder of test data` : false;
}

/** @returns {string[]} the photos' paths, in the order of their names */
export function listPhotos() {
  const folder = path.join(DATA, 'photos/imagenet');
  return readdirSync(folder)
    .filter((file) => /\.jpe?g$/i.test(file))
    .sort()
    .map((file) => path.join(folder, file));
}

/**
 * Packs a model once for each version of tool and model; processes may ask at the same time.
 * @param {string} model relative to DATA
 * @param {string} [labels] relative to DATA
 * @returns {Promise<string>} the package's folder
 */
export async function packOnce(model, labels) {
  const inputs = [TOOL, path.join(DATA, model), ...(labels ? [path.join(DATA, labels)] : [])];
  const hash = createHash('sha256');
  for (const file of inputs) hash.update(await readFile(file));
  const name = `${path.parse(model).name}${labels ? '-labelled' : ''}`;
  const folder = path.join(PACKAGES, `${name}-${hash.digest('hex').slice(0, 12)}`);
  if (existsSync(folder)) return folder;
  await mkdir(PACKAGES, { recursive: true });
  // Versions before this one would pile up.
  for (const old of readdirSync(PACKAGES)) {
    if (old.replace(/-[0-9a-f]{12}$/, '') === name) await rm(path.join(PACKAGES, old), { recursive: true, force: true });
  }
  const temp = mkdtempSync(path.join(PACKAGES, '.packing-'));
  const made = path.join(temp, 'package');
  await runTool(['pack', inputs[1], '-o', made, ...(labels ? ['--labels', inputs[2]] : [])]);
  await rename(made, folder).catch((error) => {
    // Another process was faster, with the same bytes.
    if (!existsSync(folder)) throw error;
  });
  await rm(temp, { recursive: true, force: true });
  return folder;
}

/**
 * Packs a model.
 * @param {string} model its path
 * @param {string} folder new, of the package
 * @param {string[]} [options] of `minnow pack`
 * @returns {Promise<void>}
 */
export async function packInto(model, folder, options = []) {
  await runTool(['pack', model, '-o', folder, ...options]);
}

/**
 * Recognises photos.
 * @param {string} folder of the package
 * @param {string[]} photos
 * @param {KernelSet} [kernels]
 * @returns {Promise<{ answers: PhotoAnswer[], inputs: Buffer, outputs: Buffer }>} the input tensors that the
 *   photos became and the output tensors, each behind each other
 */
export function runPhotos(folder, photos, kernels) {
  return withTempDir(async (dir) => {
    const files = { inputs: path.join(dir, 'inputs.bin'), outputs: path.join(dir, 'outputs.bin') };
    const text = await runTool([
      'run', folder, ...photos, '--json', '--save-input', files.inputs, '--output', files.outputs, ...kernelOption(kernels),
    ]);
    const answers = JSON.parse(text);
    return {
      answers: Array.isArray(answers) ? answers : [answers],
      inputs: await readFile(files.inputs),
      outputs: await readFile(files.outputs),
    };
  });
}

/**
 * Runs tensors.
 * @param {string} folder of the package
 * @param {Uint8Array} inputs bytes of the input tensors of one or more runs
 * @param {KernelSet} [kernels]
 * @param {number} [threads]
 * @returns {Promise<Buffer>} the output tensors of all runs
 */
export function runTensors(folder, inputs, kernels, threads = 1) {
  return withTempDir(async (dir) => {
    const [input, output] = [path.join(dir, 'inputs.bin'), path.join(dir, 'outputs.bin')];
    await writeFile(input, inputs);
    await runTool(['run', folder, '--raw', input, '--output', output, '--threads', String(threads), ...kernelOption(kernels)]);
    return readFile(output);
  });
}

/**
 * @template T
 * @param {(dir: string) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withTempDir(work) {
  const dir = mkdtempSync(path.join(tmpdir(), 'minnow-native-'));
  try {
    return await work(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** @param {KernelSet} [kernels] @returns {string[]} */
function kernelOption(kernels) {
  return kernels ? ['--kernels', kernels] : [];
}

/** @param {string[]} args @returns {Promise<string>} what the tool printed */
async function runTool(args) {
  const { stdout } = await promisify(execFile)(TOOL, args, { maxBuffer: MAX_JSON_BYTES });
  return stdout;
}
