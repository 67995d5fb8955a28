/** A small made-up package on disk, for tests of everything that does not run it. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';

/** @typedef {{ folder: string, manifest: any, plain: Map<string, Buffer>, remove: () => Promise<void> }} SamplePackage */

/** @param {Buffer} bytes */
export function sha256Of(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A manifest with every field, to be spoilt by tests. */
export function sampleManifest() {
  return {
    format: 'minnow',
    version: 1,
    name: 'sample',
    task: 'image-classification',
    memory: { weights: 1000, activations: 2000, staging: 300 },
    inputs: [
      {
        name: 'input',
        dtype: 'uint8',
        shape: [1, 4, 6, 3],
        quantization: { scale: 0.5, zeroPoint: 128 },
        image: { width: 6, height: 4, channels: 3, crop: 0.875 },
      },
    ],
    outputs: [{ name: 'scores', dtype: 'uint8', shape: [1, 2], quantization: { scale: 0.00390625, zeroPoint: 0 } }],
    shards: /** @type {unknown[]} */ ([
      { file: '000-aa.mnw', bytes: 5, sha256: 'a'.repeat(64), encodings: { br: 4, gzip: 4 } },
    ]),
  };
}

/** The manifest's fields of other tasks. */
export function sampleTasks() {
  return {
    detection: /** @type {Record<string, unknown>} */ ({
      kind: 'boxes-scores',
      boxes: 1,
      scores: 0,
      backgroundClass: 0,
      scoreThreshold: 0.7,
      iouThreshold: 0,
      maxDetections: 200,
      boxForm: 'xyxy',
      normalized: true,
      sigmoid: false,
    }),
    segmentation: { output: 0, classes: 21, argmax: true },
    embedding: { output: 0, pooling: 'mean', normalize: true },
    audio: {
      sampleRate: 16000,
      features: 'mfcc',
      frames: 49,
      hopSamples: 8000,
      frameLength: 480,
      frameStep: 320,
      fftLength: 512,
      window: 'hann-periodic',
      center: false,
      power: 1,
      melBins: 40,
      mel: 'htk',
      lowerHz: 20,
      upperHz: 4000,
      log: 'ln',
      logOffset: 1e-6,
      coefficients: 10,
    },
    text: { tokenizer: 'wordpiece', role: 'ids', maxTokens: 16, lowercase: true, cls: 2, sep: 3, pad: 0, unk: 1 },
  };
}

/**
 * Writes shards of `shardBytes` bytes that compress well, the first in words that differ for each `seed`.
 * @param {{ shardCount?: number, shardBytes?: number, seed?: string, isEncoded?: boolean }} [options] isEncoded: there are
 *   .br and .gz beside them
 * @returns {Promise<SamplePackage>}
 */
export async function writeSamplePackage({ shardCount = 5, shardBytes = 20000, seed = 'first', isEncoded = true } = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), 'minnow_sample_'));
  const manifest = { ...sampleManifest(), shards: /** @type {unknown[]} */ ([]), labels: /** @type {unknown} */ (undefined) };
  /** @type {Map<string, Buffer>} */
  const plain = new Map();
  /** @param {string} prefix @param {string} suffix @param {Buffer} bytes */
  const write = async (prefix, suffix, bytes) => {
    const sha256 = sha256Of(bytes);
    const file = `${prefix}-${sha256.slice(0, 16)}.${suffix}`;
    const [br, gzip] = [brotliCompressSync(bytes), gzipSync(bytes)];
    await writeFile(path.join(folder, file), bytes);
    await writeFile(path.join(folder, `${file}.br`), br);
    await writeFile(path.join(folder, `${file}.gz`), gzip);
    plain.set(file, bytes);
    return { file, bytes: bytes.length, sha256, encodings: isEncoded ? { br: br.length, gzip: gzip.length } : {} };
  };
  for (let i = 0; i < shardCount; i++) {
    const text = `${seed} shard ${i}, again and again. `;
    manifest.shards.push(await write(String(i).padStart(3, '0'), 'mnw', Buffer.from(text.repeat(shardBytes / text.length))));
  }
  manifest.labels = await write('labels', 'txt', Buffer.from('cat\ndog\n'.repeat(50)));
  await writeFile(path.join(folder, 'manifest.json'), JSON.stringify(manifest));
  return { folder, manifest, plain, remove: () => rm(folder, { recursive: true, force: true }) };
}
