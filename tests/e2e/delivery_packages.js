/** Small packages of several shards, each with bytes of its own, for tests of how packages come in. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { distFolder, root } from '../js/native_tool.js';
import { writeOnnx } from '../js/tiny_onnx.js';
import { randomOf } from './random_choice.js';

const TOOL = path.join(root, 'build/native/minnow');

/** Why packages cannot be made or loaded here; undefined where they can. */
export const missingDelivery = [
  [TOOL, 'native'],
  [path.join(distFolder, 'minnow.js'), 'js'],
  [path.join(distFolder, 'wasm/minnow-scalar.wasm'), 'wasm'],
]
  .filter(([file]) => !existsSync(file))
  .map(([file, part]) => `${path.relative(root, file)} is missing (tools/build.sh ${part})`)[0];

/** Widths of the layers: a weight becomes a byte or less. */
const SMALL = { sizes: [48, 160, 160, 10], shardSize: '8k' };
const LARGE = { sizes: [48, 480, 480, 10], shardSize: '32k' };

/**
 * @typedef {object} DeliveryPackage
 * @property {string} folder
 * @property {readonly string[]} shards names of files, in order
 * @property {string} labels name of the file
 * @property {ReadonlyMap<string, string>} hashes SHA-256 by the file's name
 * @property {(file: string) => number} sizeOf bytes of a file as it is served, `.br` and `.gz` too
 */

/**
 * Packs models of random weights: at least four shards, of which the first ones pay to be compressed.
 * @param {number} count
 * @param {{ isLarge?: boolean }} [options] shards of the size that they have outside of tests, or nearly
 * @returns {Promise<{ packages: DeliveryPackage[], remove: () => void }>}
 */
export async function packDeliveries(count, { isLarge = false } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'minnow_delivery_'));
  const kind = isLarge ? LARGE : SMALL;
  const packages = await Promise.all(Array.from({ length: count }, (_, i) => packDelivery(folder, i + 1, kind)));
  return { packages, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** @param {string} parent @param {number} seed @param {typeof SMALL} kind @returns {Promise<DeliveryPackage>} */
async function packDelivery(parent, seed, { sizes, shardSize }) {
  const [model, labels, folder] = ['.onnx', '.txt', ''].map((suffix) => path.join(parent, `${seed}${suffix}`));
  writeFileSync(model, networkOf(seed, sizes));
  writeFileSync(labels, Array.from({ length: 40 }, (_, i) => `class ${i} of package ${seed}\n`).join(''));
  await promisify(execFile)(TOOL, ['pack', model, '-o', folder, '--shard-size', shardSize, '--labels', labels]);
  const manifest = JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8'));
  /** @type {{ file: string, sha256: string }[]} */
  const files = [...manifest.shards, manifest.labels];
  return {
    folder,
    shards: files.slice(0, -1).map(({ file }) => file),
    labels: manifest.labels.file,
    hashes: new Map(files.map(({ file, sha256 }) => [file, sha256])),
    sizeOf: (file) => statSync(path.join(folder, file)).size,
  };
}

/** @param {number} seed @param {readonly number[]} sizes */
function networkOf(seed, sizes) {
  const random = randomOf(seed);
  /** @type {Parameters<typeof writeOnnx>[0]} */
  const graph = {
    inputs: [{ name: 'in', dtype: 'float32', shape: [1, sizes[0]] }],
    outputs: [{ name: 'out', dtype: 'float32', shape: [1, sizes[sizes.length - 1]] }],
    nodes: [],
    weights: {},
  };
  let from = 'in';
  for (const [i, outputs] of sizes.slice(1).entries()) {
    const isLast = i === sizes.length - 2;
    const shape = [sizes[i], outputs];
    // Huffman codes leave little to compress but where the same rows come again.
    const rows = i === 0 ? 12 : sizes[i];
    const data = Float32Array.from({ length: rows * outputs }, () => Math.round((random() - 0.5) * 255) / 64);
    graph.weights[`w${i}`] = { shape, data: Float32Array.from({ length: sizes[i] * outputs }, (_, at) => data[at % data.length]) };
    graph.nodes.push({ op: 'MatMul', inputs: [from, `w${i}`], outputs: [isLast ? 'out' : `h${i}`] });
    if (!isLast) graph.nodes.push({ op: 'Relu', inputs: [`h${i}`], outputs: [`r${i}`] });
    from = `r${i}`;
  }
  return writeOnnx(graph);
}
