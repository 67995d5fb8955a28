/**
 * Minnow in Node: the same classes, with packages and the wasm module read from the file system. They run in
 * the calling thread and keep nothing.
 *
 *     import { Model } from 'minnow/node';
 *     const model = await Model.create('out/mobilenet/');
 */
import { readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ImageClassifier as PageImageClassifier, Model as PageModel } from './minnow.js';
import { ModelChain as PageModelChain } from './chain.js';
import { AudioClassifier as PageAudioClassifier } from './audio.js';
import { TextClassifier as PageTextClassifier, TextEmbedder as PageTextEmbedder } from './text.js';
import { ImageSegmenter as PageImageSegmenter, ObjectDetector as PageObjectDetector } from './vision.js';

export { MinnowError, supported } from './minnow.js';
export { MemoryStorage } from './storage/memory_storage.js';
export { cosineSimilarity } from './text.js';
export { upscaleToSource } from './vision.js';

/** @typedef {import('./base/types.js').CreateOptions} CreateOptions */
/** @typedef {import('./base/types.js').PackageSource} PackageSource */

/** @type {Record<string, string>} */
const MIME_TYPES = { '.wasm': 'application/wasm', '.json': 'application/json' };

/**
 * fetch() that also reads file: addresses.
 * @param {string | URL | Request} input
 * @param {RequestInit} [init]
 * @returns {Promise<Response>}
 */
export async function fileFetch(input, init) {
  const url = new URL(input instanceof Request ? input.url : input);
  if (url.protocol !== 'file:') return fetch(input, init);
  init?.signal?.throwIfAborted();
  try {
    const type = MIME_TYPES[extname(url.pathname)] ?? 'application/octet-stream';
    return new Response(await readFile(fileURLToPath(url)), { headers: { 'Content-Type': type } });
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code !== 'ENOENT' && code !== 'EISDIR') throw error;
    return new Response(null, { status: 404 });
  }
}

/** @param {PackageSource} source a path, or as for the page's classes */
function fromFiles(source) {
  const isPath = typeof source === 'string' && !/^[a-z]{2,}:/i.test(source);
  return isPath ? pathToFileURL(resolve(source)) : source;
}

/** @param {CreateOptions} options @returns {CreateOptions} */
function inThisThread(options) {
  const fetch = options.fetch ?? /** @type {typeof globalThis.fetch} */ (fileFetch);
  return { storage: 'none', ...options, worker: false, fetch };
}

export class Model extends PageModel {
  /** @param {PackageSource} source @param {CreateOptions} [options] */
  static async create(source, options = {}) {
    return super.create(fromFiles(source), inThisThread(options));
  }
}

export class ImageClassifier extends PageImageClassifier {
  /** @param {PackageSource} source @param {CreateOptions} [options] */
  static async create(source, options = {}) {
    return super.create(fromFiles(source), inThisThread(options));
  }
}

export class ModelChain extends PageModelChain {
  /** @param {PackageSource} source @param {import('./chain.js').ChainOptions} [options] */
  static async create(source, options = {}) {
    return super.create(fromFiles(source), inThisThread(options));
  }
}

export class ObjectDetector extends PageObjectDetector {
  /** @param {PackageSource} source @param {CreateOptions} [options] */
  static async create(source, options = {}) {
    return super.create(fromFiles(source), inThisThread(options));
  }
}

export class ImageSegmenter extends PageImageSegmenter {
  /** @param {PackageSource} source @param {CreateOptions} [options] */
  static async create(source, options = {}) {
    return super.create(fromFiles(source), inThisThread(options));
  }
}

export class AudioClassifier extends PageAudioClassifier {
  /** @param {PackageSource} source @param {CreateOptions} [options] */
  static async create(source, options = {}) {
    return super.create(fromFiles(source), inThisThread(options));
  }
}

export class TextClassifier extends PageTextClassifier {
  /** @param {PackageSource} source @param {CreateOptions} [options] */
  static async create(source, options = {}) {
    return super.create(fromFiles(source), inThisThread(options));
  }
}

export class TextEmbedder extends PageTextEmbedder {
  /** @param {PackageSource} source @param {CreateOptions} [options] */
  static async create(source, options = {}) {
    return super.create(fromFiles(source), inThisThread(options));
  }
}
