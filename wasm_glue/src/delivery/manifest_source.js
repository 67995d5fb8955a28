/**
 * A package's manifest: the one that is kept on this device, or the server's. With a public key neither is believed
 * before its signature was checked (minnow-delivery.js).
 */
import { download, turnToNext } from './download.js';
import { MinnowError } from '../base/errors.js';
import { loadDelivery } from '../base/script_modules.js';
import { sha256Hex } from './sha256.js';

/** @typedef {import('../base/types.js').StoredPackage} StoredPackage */

/** What is worth another look. @type {readonly import('../base/errors.js').MinnowErrorCode[]} */
const DOUBTFUL = ['BAD_MANIFEST', 'SIGNATURE', 'ROLLBACK'];

/** A package that is used all day is not written all day. */
const USE_NOTED_FOR_MS = 3_600_000;

/**
 * @typedef {object} ManifestOptions
 * @property {string[]} places addresses of the manifest; see download()
 * @property {import('../base/types.js').Trust} [trust]
 */

export class ManifestSource {
  #url;
  #storage;
  #options;
  #text = '';
  /** What kept() found. @type {StoredPackage | undefined} */
  #stored;
  isOnTrial = false;
  /** @type {string | undefined} */
  #signature;

  /**
   * @param {string} url that the package is kept under
   * @param {import('../storage/lenient_storage.js').LenientStorage} storage
   * @param {ManifestOptions & import('./http.js').HttpOptions} options
   */
  constructor(url, storage, options) {
    this.#url = url;
    this.#storage = storage;
    this.#options = options;
  }

  /** Whether the manifest in use came from the server. */
  get isFresh() {
    return this.#text !== '';
  }

  /** The kept package, if all of it is here and it is to be trusted. @returns {Promise<StoredPackage | undefined>} */
  async kept() {
    let stored = await this.#storage.getPackage(this.#url);
    if (stored?.previous) stored = await this.#beginTrial(stored);
    this.isOnTrial = Boolean(stored?.previous);
    try {
      if (!stored || !(await this.#hasAll(stored.files))) return undefined;
      await this.#check(stored.manifest, stored.signature);
      this.#stored = stored;
      return stored;
    } catch {
      return undefined;
    }
  }

  /**
   * The server's manifest.
   * @template T
   * @param {(text: string) => Promise<T>} read
   * @returns {Promise<T>}
   */
  async fetch(read) {
    const { places, trust } = this.#options;
    for (let cache = /** @type {RequestCache} */ ('no-cache'); ; cache = 'reload') {
      const text = await this.#fetchText('', cache);
      const signature = trust && (await this.#fetchText('manifest.sig', cache).catch(missingIsNone));
      try {
        await this.#check(text, signature, (await this.#storage.getPackage(this.#url))?.manifest);
        const manifest = await read(text);
        this.#text = text;
        this.#signature = signature;
        return manifest;
      } catch (error) {
        // Damaged on the way, or a new version is being uploaded and one of the two is newer than the other.
        if (cache === 'reload' || !DOUBTFUL.includes(/** @type {MinnowError} */ (error).code)) throw error;
        turnToNext(places);
      }
    }
  }

  /** Whether the server's manifest is the one that is kept, or one that failed here. */
  async isUpToDate() {
    const stored = await this.#storage.getPackage(this.#url);
    if (!stored) return false;
    return stored.manifest === this.#text || stored.refused === (await sha256Hex(new TextEncoder().encode(this.#text)));
  }

  /**
   * Keeps the server's manifest as the mark of a complete package. The version it replaces stays until this one has
   * run. Of a manifest that was kept already the time of its use is noted.
   * @param {string} name
   * @param {readonly import('../base/types.js').PackageFile[]} files
   * @param {readonly import('../base/types.js').PackageFile[]} [parts] manifests of a split package's parts; of such a package
   *   the version it replaces goes at once
   */
  async keep(name, files, parts) {
    if (!this.isFresh) {
      const isNoted = !this.#stored || Date.now() - (this.#stored.usedAt ?? 0) < USE_NOTED_FOR_MS;
      if (!isNoted) await this.#storage.putPackage({ .../** @type {StoredPackage} */ (this.#stored), usedAt: Date.now() });
      return;
    }
    const replaced = await this.#storage.getPackage(this.#url);
    const previous = replaced?.previous ?? replaced;
    const isUpdate = !parts && replaced && replaced.manifest !== this.#text && (await this.#hasAll(previous?.files ?? []));
    this.isOnTrial = Boolean(isUpdate);
    await this.#storage.putPackage({
      url: this.#url,
      name,
      bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
      savedAt: Date.now(),
      usedAt: Date.now(),
      manifest: this.#text,
      signature: this.#signature,
      files: [...(parts ?? []), ...files].map(({ sha256 }) => sha256),
      previous: isUpdate ? previous : undefined,
    });
  }

  /** @param {StoredPackage} stored @returns {Promise<StoredPackage>} */
  async #beginTrial(stored) {
    try {
      return await (await loadDelivery()).beginTrial(this.#storage, stored);
    } catch {
      // The script cannot be had now, as without a network.
      return stored;
    }
  }

  /** @param {string} name @param {RequestCache} cache */
  async #fetchText(name, cache) {
    return new TextDecoder().decode(await download(name, this.#options.places, { ...this.#options, cache }));
  }

  /** @param {string} text @param {string} [signature] @param {string} [kept] manifest that a newer one follows */
  async #check(text, signature, kept) {
    const { trust } = this.#options;
    if (trust) await (await loadDelivery()).checkTrust({ url: this.#url, text, signature, kept, trust });
  }

  /** @param {readonly string[]} hashes */
  async #hasAll(hashes) {
    return (await Promise.all(hashes.map((sha256) => this.#storage.hasFile(sha256)))).every(Boolean);
  }
}

/** @param {unknown} error @returns {undefined} */
function missingIsNone(error) {
  if (!(error instanceof MinnowError) || error.code !== 'HTTP') throw error;
}
