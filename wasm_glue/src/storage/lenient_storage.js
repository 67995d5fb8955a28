/** The storage as the loader uses it. */
import { loadDelivery } from '../base/script_modules.js';

/** @typedef {import('../base/types.js').PackageStorage} PackageStorage */

/**
 * A storage that never fails. A full one gives up the packages that have not been used for longest; after any other
 * error it holds nothing and takes nothing. A full disk, a private window or a broken database must not keep a model
 * from loading.
 */
export class LenientStorage {
  #url;

  /** @param {PackageStorage | undefined} inner @param {string} url of the package that room is made for */
  constructor(inner, url) {
    /** @type {PackageStorage | undefined} */
    this.inner = inner;
    this.#url = url;
  }

  /** Whether everything so far was kept. */
  get isWorking() {
    return this.inner !== undefined;
  }

  /** @param {string} url */
  getPackage(url) {
    return this.#attempt((inner) => inner.getPackage(url));
  }

  /** @param {import('../base/types.js').StoredPackage} stored */
  putPackage(stored) {
    return this.#attempt((inner) => inner.putPackage(stored));
  }

  /** @param {string} sha256 */
  hasFile(sha256) {
    return this.#attempt((inner) => inner.hasFile(sha256));
  }

  /** @param {string} sha256 */
  getFile(sha256) {
    return this.#attempt((inner) => inner.getFile(sha256));
  }

  /** @param {string} sha256 @param {ArrayBuffer} bytes */
  putFile(sha256, bytes) {
    return this.#attempt((inner) => inner.putFile(sha256, bytes));
  }

  /** Where there are no halves, or they fail, the storage goes on being used. @param {string} sha256 */
  async getHalf(sha256) {
    return this.inner?.getHalf?.(sha256).catch(() => undefined);
  }

  /** @param {string} sha256 @param {import('../base/types.js').FileHalf} [half] */
  async putHalf(sha256, half) {
    await this.inner?.putHalf?.(sha256, half).catch(() => undefined);
  }

  /**
   * @template T
   * @param {(inner: PackageStorage) => Promise<T>} operation
   * @returns {Promise<T | undefined>}
   */
  async #attempt(operation) {
    while (this.inner) {
      try {
        return await operation(this.inner);
      } catch (error) {
        if (!(await this.#hasMadeRoom(/** @type {Error} */ (error)))) this.inner = undefined;
      }
    }
    return undefined;
  }

  /** @param {Error} error */
  async #hasMadeRoom({ name }) {
    if (name !== 'QuotaExceededError' || !this.inner) return false;
    try {
      return await (await loadDelivery()).evictOldest(this.inner, this.#url);
    } catch {
      return false;
    }
  }
}
