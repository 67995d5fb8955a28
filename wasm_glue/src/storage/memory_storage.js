/** Packages in memory: for tests, and for pages that want a cache only as long as they live. */
import { described, unusedFiles } from './stored_files.js';

/** @typedef {import('../base/types.js').FileHalf} FileHalf */
/** @typedef {import('../base/types.js').StoredPackage} StoredPackage */

/** @implements {Required<import('../base/types.js').PackageStorage>} */
export class MemoryStorage {
  /** @type {Map<string, StoredPackage>} */
  #packages = new Map();
  /** @type {Map<string, ArrayBuffer>} */
  #files = new Map();
  /** @type {Map<string, FileHalf>} */
  #halves = new Map();

  /** @param {string} url */
  async getPackage(url) {
    return this.#packages.get(url);
  }

  /** @param {StoredPackage} stored */
  async putPackage(stored) {
    const replaced = this.#packages.get(stored.url);
    this.#packages.set(stored.url, stored);
    this.#dropUnused(replaced);
  }

  /** @param {string} sha256 */
  async hasFile(sha256) {
    return this.#files.has(sha256);
  }

  /** @param {string} sha256 */
  async getFile(sha256) {
    return this.#files.get(sha256)?.slice(0);
  }

  /** @param {string} sha256 @param {ArrayBuffer} bytes */
  async putFile(sha256, bytes) {
    this.#files.set(sha256, bytes.slice(0));
    this.#halves.delete(sha256);
  }

  /** @param {string} sha256 */
  async getHalf(sha256) {
    return this.#halves.get(sha256);
  }

  /** @param {string} sha256 @param {FileHalf} [half] */
  async putHalf(sha256, half) {
    if (half) this.#halves.set(sha256, half);
    else this.#halves.delete(sha256);
  }

  async listPackages() {
    return Array.from(this.#packages.values(), described);
  }

  /** @param {string} url */
  async deletePackage(url) {
    const stored = this.#packages.get(url);
    this.#packages.delete(url);
    this.#dropUnused(stored);
    return stored !== undefined;
  }

  /** @param {StoredPackage | undefined} stored one that is no longer there */
  #dropUnused(stored) {
    for (const sha256 of unusedFiles(stored, [...this.#packages.values()])) this.#files.delete(sha256);
  }
}
