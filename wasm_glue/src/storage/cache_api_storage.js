/**
 * Packages in the Cache API, which pages over plain http do not have. Entries are addressed as if a server had them; no
 * request is ever made.
 */
import { described, unusedFiles } from './stored_files.js';

/** @typedef {import('../base/types.js').PackageStorage} PackageStorage */
/** @typedef {import('../base/types.js').StoredPackage} StoredPackage */

const CACHE_NAME = 'minnow-packages';
/** Of the page's own origin. */
const BASE = '/.minnow/';

/** @implements {PackageStorage} */
export class CacheApiStorage {
  /** @param {string} url @returns {Promise<StoredPackage | undefined>} */
  async getPackage(url) {
    return (await this.#match(packageKey(url)))?.json();
  }

  /** @param {StoredPackage} stored */
  async putPackage(stored) {
    const replaced = await this.getPackage(stored.url);
    await (await open()).put(packageKey(stored.url), new Response(JSON.stringify(stored)));
    await this.#dropUnused(replaced);
  }

  /** @param {string} sha256 */
  async hasFile(sha256) {
    return (await this.#match(fileKey(sha256))) !== undefined;
  }

  /** @param {string} sha256 @returns {Promise<ArrayBuffer | undefined>} */
  async getFile(sha256) {
    return (await this.#match(fileKey(sha256)))?.arrayBuffer();
  }

  /** @param {string} sha256 @param {ArrayBuffer} bytes */
  async putFile(sha256, bytes) {
    await (await open()).put(fileKey(sha256), new Response(bytes));
  }

  async listPackages() {
    return (await this.#packages()).map(described);
  }

  /** @param {string} url */
  async deletePackage(url) {
    const gone = await this.getPackage(url);
    await (await open()).delete(packageKey(url));
    await this.#dropUnused(gone);
    return gone !== undefined;
  }

  /** Drops every package and every file. @returns {Promise<void>} */
  async clear() {
    await caches.delete(CACHE_NAME);
  }

  /** @param {string} key */
  async #match(key) {
    return (await open()).match(key);
  }

  /** @returns {Promise<StoredPackage[]>} */
  async #packages() {
    const cache = await open();
    const keys = (await cache.keys()).filter(({ url }) => new URL(url).pathname.startsWith(packageKey('')));
    const answers = await Promise.all(keys.map((key) => cache.match(key)));
    return Promise.all(answers.flatMap((answer) => answer?.json() ?? []));
  }

  /** @param {StoredPackage | undefined} gone */
  async #dropUnused(gone) {
    if (!gone) return;
    const cache = await open();
    await Promise.all(unusedFiles(gone, await this.#packages()).map((sha256) => cache.delete(fileKey(sha256))));
  }
}

function open() {
  return caches.open(CACHE_NAME);
}

/** @param {string} url */
function packageKey(url) {
  return `${BASE}packages/${encodeURIComponent(url)}`;
}

/** @param {string} sha256 */
function fileKey(sha256) {
  return `${BASE}files/${sha256}`;
}
