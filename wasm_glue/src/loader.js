/**
 * Brings a package's files in, in order: from the cache, else from the network, a few at a time. Nothing is
 * handed on or kept before its length and SHA-256 were verified, also when it comes from the cache.
 *
 * A cached package that is complete is used without any request. Files are kept as they arrive, so a download
 * that was broken off goes on where it stopped; the manifest is kept last and says that all is there.
 */
import { MinnowError } from './errors.js';
import { fetchBytes } from './http.js';
import { LenientStorage } from './lenient_storage.js';
import { readManifest } from './manifest.js';
import { damaged, fetchPackageFile, isIntact } from './package_file.js';

/** @typedef {import('./types.js').Manifest} Manifest */
/** @typedef {import('./types.js').PackageFile} PackageFile */

/** Files on their way at once: enough to fill a connection, few enough to stay small in memory. */
const PARALLEL_FILES = 3;

/**
 * @typedef {object} LoaderOptions
 * @property {import('./types.js').PackageStorage} [storage]
 * @property {import('./progress.js').ProgressReporter} progress
 * @property {AbortSignal} [signal]
 * @property {typeof fetch} [fetch]
 * @property {(file: string) => Promise<BufferSource>} [readFile] of a package that has no address
 */

export class PackageLoader {
  #url;
  #storage;
  #options;
  #manifestText = '';
  /** @type {Set<import('./decompress.js').Encoding>} */
  #absent = new Set();
  #fetchedAny = false;
  /** Files being brought in. @type {Set<Promise<unknown>>} */
  #underWay = new Set();

  /** @param {string | undefined} manifestUrl @param {LoaderOptions} options */
  constructor(manifestUrl, options) {
    this.#url = manifestUrl ?? '';
    this.#options = options;
    this.#storage = new LenientStorage(manifestUrl ? options.storage : undefined);
  }

  /** Whether nothing came from the network so far. */
  get isFromCache() {
    return !this.#fetchedAny;
  }

  /** The manifest: the cached one if all its files are there, else the server's. @returns {Promise<Manifest>} */
  async loadManifest() {
    const stored = await this.#storage.getPackage(this.#url);
    if (stored && (await this.#hasAll(stored.files))) {
      try {
        return await readManifest(stored.manifest, this.#url);
      } catch {
        // Written by another version of Minnow, or damaged: the server's is right.
      }
    }
    return this.fetchManifest();
  }

  /** The server's manifest. @returns {Promise<Manifest>} */
  async fetchManifest() {
    this.#fetchedAny = true;
    const { signal, fetch } = this.#options;
    const bytes = await fetchBytes(this.#url, { signal, fetch, cache: 'no-cache' });
    this.#manifestText = new TextDecoder().decode(bytes);
    return readManifest(this.#manifestText, this.#url);
  }

  /** Whether the server's manifest is the one that is kept. */
  async isUpToDate() {
    return (await this.#storage.getPackage(this.#url))?.manifest === this.#manifestText;
  }

  /**
   * Yields the files' verified bytes in the given order.
   * @param {readonly PackageFile[]} files
   * @returns {AsyncGenerator<Uint8Array<ArrayBuffer>, void>}
   */
  async *loadFiles(files) {
    /** @type {Promise<Uint8Array<ArrayBuffer>>[]} */
    const underWay = [];
    let next = 0;
    while (next < files.length || underWay.length > 0) {
      while (next < files.length && underWay.length < PARALLEL_FILES) {
        const loading = this.#loadFile(files[next++]);
        this.#underWay.add(loading);
        // Its failure is reported when its turn comes, or not at all if an earlier one fails.
        loading.catch(() => undefined).then(() => this.#underWay.delete(loading));
        underWay.push(loading);
      }
      yield await /** @type {Promise<Uint8Array<ArrayBuffer>>} */ (underWay.shift());
    }
  }

  /**
   * Waits, after an abort, until the last file is either kept or given up.
   * @returns {Promise<void>}
   */
  async settled() {
    await Promise.allSettled(this.#underWay);
  }

  /** Keeps the server's manifest as the mark of a complete package. @param {Manifest} manifest */
  async commit(manifest) {
    if (!this.#manifestText || !this.#storage.isWorking) return;
    const files = filesOf(manifest);
    await this.#storage.putPackage({
      url: this.#url,
      name: manifest.name,
      bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
      savedAt: Date.now(),
      manifest: this.#manifestText,
      files: files.map(({ sha256 }) => sha256),
    });
  }

  /** @param {PackageFile} file @returns {Promise<Uint8Array<ArrayBuffer>>} */
  async #loadFile(file) {
    const { progress, readFile, fetch, signal } = this.#options;
    if (readFile) return readVerified(file, readFile);
    const kept = await this.#storage.getFile(file.sha256);
    if (kept && (await isIntact(new Uint8Array(kept), file))) {
      progress.advance('cache', file.file, file.bytes);
      return new Uint8Array(kept);
    }
    this.#fetchedAny = true;
    const bytes = await fetchPackageFile(file, this.#url, {
      fetch,
      signal,
      absent: this.#absent,
      onBytes: (loaded) => progress.advance('download', file.file, loaded),
    });
    progress.advance('download', file.file, file.bytes);
    await this.#storage.putFile(file.sha256, bytes.buffer);
    return bytes;
  }

  /** @param {readonly string[]} hashes */
  async #hasAll(hashes) {
    const found = await Promise.all(hashes.map((sha256) => this.#storage.hasFile(sha256)));
    return found.every(Boolean);
  }
}

/** @param {Manifest} manifest @returns {PackageFile[]} shards in order, then labels and vocabulary */
export function filesOf({ shards, labels, vocabulary }) {
  return [...shards, ...[labels, vocabulary].filter((file) => file !== undefined)];
}

/**
 * @param {PackageFile} file
 * @param {(file: string) => Promise<BufferSource | undefined>} readFile
 */
async function readVerified(file, readFile) {
  const source = await readFile(file.file);
  if (!source) {
    const message = `The package's shards have no "${file.file}": give every file the manifest names`;
    throw new MinnowError('INTEGRITY', message, { file: file.file });
  }
  const bytes = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice()
    : new Uint8Array(source);
  if (!(await isIntact(bytes, file))) throw damaged(file.file);
  return bytes;
}
