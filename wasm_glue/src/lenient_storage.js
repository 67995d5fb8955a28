/** The storage as the loader uses it. */

/** @typedef {import('./types.js').PackageStorage} PackageStorage */

/**
 * A storage that never fails: after the first error it holds nothing and takes nothing. A full disk, a
 * private window or a broken database must not keep a model from loading.
 */
export class LenientStorage {
  /** @param {PackageStorage | undefined} inner */
  constructor(inner) {
    /** @type {PackageStorage | undefined} */
    this.inner = inner;
  }

  /** Whether everything so far was kept. */
  get isWorking() {
    return this.inner !== undefined;
  }

  /** @param {string} url */
  getPackage(url) {
    return this.#attempt((inner) => inner.getPackage(url));
  }

  /** @param {import('./types.js').StoredPackage} stored */
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

  /**
   * @template T
   * @param {(inner: PackageStorage) => Promise<T>} operation
   * @returns {Promise<T | undefined>}
   */
  async #attempt(operation) {
    if (!this.inner) return undefined;
    try {
      return await operation(this.inner);
    } catch {
      this.inner = undefined;
      return undefined;
    }
  }
}
