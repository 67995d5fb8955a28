/**
 * Brings a package's files in, in order: from the cache, else from the network. Nothing is handed on or kept before
 * its length and SHA-256 were verified, also when it comes from the cache.
 *
 * A cached package that is complete is used without any request. Files are kept as they arrive, so a download
 * that was broken off goes on where it stopped; the manifest is kept last and says that all is there.
 *
 * The next file is asked for when what is left of the one before takes about as long as an answer takes to begin. So
 * the connection is never idle, and the first layers come first. Of a file that comes slowly the first half is kept by
 * itself: a page that is killed has to fetch again half a file and what came of the next one while the rest was being written,
 * which is less than a file unless the storage takes as long to write one as the network takes to bring half of it.
 */
import { throwIfAborted } from '../base/abort.js';
import { LenientStorage } from '../storage/lenient_storage.js';
import { withLock } from './lock.js';
import { readManifest } from '../manifest/manifest.js';
import { ManifestSource } from './manifest_source.js';
import { fetchPackageFile, isIntact, readVerified } from './package_file.js';
import { loadDelivery } from '../base/script_modules.js';

/** @typedef {import('../base/types.js').Manifest} Manifest */
/** @typedef {import('../base/types.js').PackageFile} PackageFile */

/** Half a file is kept where it took so long: what comes faster is not worth another write. */
const SLOW_MS = 75;

/** Files that are on their way, or have not been taken or written yet. */
const PARALLEL_FILES = 3;

/**
 * @typedef {object} LoaderOptions
 * @property {import('../base/types.js').PackageStorage} [storage]
 * @property {import('../base/progress.js').ProgressReporter} progress
 * @property {AbortSignal} [signal]
 * @property {typeof fetch} [fetch]
 * @property {(file: string) => Promise<BufferSource>} [readFile] of a package that has no address
 * @property {readonly string[]} [mirrors] addresses of the same manifest elsewhere
 * @property {number} [stallMs]
 * @property {RequestPriority} [priority]
 * @property {import('../base/types.js').Trust} [trust]
 */

export class PackageLoader {
  #url;
  #storage;
  #options;
  #manifests;
  /** @type {Set<import('./decompress.js').Encoding>} */
  #absent = new Set();
  #fetchedAny = false;
  #unwritten = 0;
  /** What the connection carries in the time that an answer takes to begin, as last seen. */
  #bytesOnTheirWay = 0;
  /** Files being brought in or kept. @type {Set<Promise<unknown>>} */
  #underWay = new Set();

  /** @param {string | undefined} manifestUrl @param {LoaderOptions} options */
  constructor(manifestUrl, options) {
    this.#url = manifestUrl ?? '';
    this.#options = { ...options, places: [this.#url, ...(options.mirrors ?? [])], patience: {} };
    this.#storage = new LenientStorage(manifestUrl ? options.storage : undefined, this.#url);
    this.#manifests = new ManifestSource(this.#url, this.#storage, this.#options);
  }

  /** Whether nothing came from the network so far. */
  get isFromCache() {
    return !this.#fetchedAny;
  }

  /** Whether the package has a version before it, which stays until passTrial() or comes back by failTrial(). */
  get isOnTrial() {
    return this.#manifests.isOnTrial;
  }

  /** The manifest: the cached one if all its files are there, else the server's. @returns {Promise<Manifest>} */
  async loadManifest() {
    const stored = await this.#manifests.kept();
    if (stored) {
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
    return this.#manifests.fetch((text) => readManifest(text, this.#url));
  }

  /** Whether the server's manifest is the one that is kept, or one that failed here. */
  isUpToDate() {
    return this.#manifests.isUpToDate();
  }

  /**
   * Yields the files' verified bytes in the given order. The first of them are asked for at once, not when they are taken.
   * @param {readonly PackageFile[]} files
   * @returns {AsyncGenerator<Uint8Array<ArrayBuffer>, void>}
   */
  loadFiles(files) {
    /** @type {Promise<Uint8Array<ArrayBuffer>>[]} */
    const loading = [];
    let next = 0;
    let mayGoOn = true;
    const goOn = () => {
      while (mayGoOn && next < files.length && Math.max(loading.length, this.#unwritten) < PARALLEL_FILES) {
        mayGoOn = false;
        const turn = next++;
        const onNearEnd = () => {
          mayGoOn ||= turn === next - 1;
          goOn();
        };
        const file = this.#loadFile(files[turn], onNearEnd);
        // Its failure is reported when its turn comes, or not at all if an earlier one fails.
        this.#hold(file);
        loading.push(file);
      }
    };
    const underWay = this.#underWay;
    async function* inOrder() {
      try {
        for (; loading.length > 0 || next < files.length; goOn()) {
          const bytes = await loading[0];
          // Without one all wait for the storage.
          if (bytes) {
            loading.shift();
            yield bytes;
          } else await Promise.race(underWay);
        }
      } finally {
        next = files.length;
      }
    }
    goOn();
    return inOrder();
  }

  /**
   * Waits, after an abort too, until the last file is either kept or given up.
   * @returns {Promise<void>}
   */
  async settled() {
    // The end of one file may be the beginning of the next.
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }

  /** Keeps the server's manifest as the mark of a complete package. @param {Manifest} manifest */
  async commit(manifest) {
    const keeping = Promise.allSettled(this.#underWay).then(() => (this.#storage.isWorking ? this.#manifests.keep(manifest.name, filesOf(manifest)) : undefined));
    this.#hold(keeping);
    // What is kept already is only noted to be in use: nobody waits for that.
    if (this.#manifests.isFresh) await keeping;
  }

  /** The version in use has run. */
  async passTrial() {
    await this.#endTrial(({ passTrial }, stored) => passTrial(this.#storage, stored));
  }

  /**
   * The version in use does not work.
   * @param {unknown} error
   * @returns {Promise<boolean>} whether the one before it is back
   */
  async failTrial(error) {
    await this.settled();
    return Boolean(await this.#endTrial(({ failTrial }, stored) => failTrial(this.#storage, stored, error)));
  }

  /**
   * @template T
   * @param {(delivery: import('../base/script_modules.js').DeliveryModule, stored: import('../base/types.js').StoredPackage) => Promise<T>} end
   * @returns {Promise<T | undefined>}
   */
  async #endTrial(end) {
    const stored = await this.#storage.getPackage(this.#url);
    try {
      return stored?.previous && (await end(await loadDelivery(), stored));
    } catch {
      // The script cannot be had now, as without a network: the trial goes on.
      return undefined;
    }
  }

  /** @param {Promise<unknown>} work */
  #hold(work) {
    /** @type {Promise<unknown>} */
    const held = work.catch(() => undefined).then(() => this.#underWay.delete(held));
    this.#underWay.add(held);
  }

  /** @param {PackageFile} file @param {() => void} onNearEnd @returns {Promise<Uint8Array<ArrayBuffer>>} */
  async #loadFile(file, onNearEnd) {
    const { readFile, signal } = this.#options;
    throwIfAborted(signal);
    const here = readFile ? await readVerified(file, readFile) : await this.#keptFile(file);
    if (here) {
      onNearEnd();
      return here;
    }
    if (!this.#storage.isWorking) return this.#fetchFile(file, onNearEnd);
    return new Promise((resolve, reject) => {
      const work = withLock(`minnow ${file.sha256}`, signal, async () => {
        this.#unwritten++;
        // An answer begins later by the time that looking for the file here takes.
        const begunAt = performance.now();
        try {
          // Another tab may have fetched it meanwhile.
          const [fetchedElsewhere, half] = await Promise.all([this.#keptFile(file), this.#storage.getHalf(file.sha256)]);
          const bytes = fetchedElsewhere ?? (await this.#fetchFile(file, onNearEnd, begunAt, half));
          resolve(bytes);
          if (!fetchedElsewhere) await this.#storage.putFile(file.sha256, bytes.buffer);
        } finally {
          this.#unwritten--;
        }
        onNearEnd();
      });
      this.#hold(work);
      work.catch(reject);
    });
  }

  /** @param {PackageFile} file */
  async #keptFile(file) {
    const kept = await this.#storage.getFile(file.sha256);
    if (!kept || !(await isIntact(new Uint8Array(kept), file))) return undefined;
    this.#options.progress.advance('cache', file.file, file.bytes);
    return new Uint8Array(kept);
  }

  /**
   * @param {PackageFile} file
   * @param {() => void} onNearEnd
   * @param {number} [begunAt]
   * @param {import('../base/types.js').FileHalf} [half] of it, from an earlier load
   */
  async #fetchFile(file, onNearEnd, begunAt = performance.now(), half = undefined) {
    const { progress } = this.#options;
    this.#fetchedAny = true;
    let answeredAt = 0;
    let before = 0;
    let left = file.bytes;
    let isKeeping = false;
    const lookAhead = () => {
      if (!isKeeping && left <= this.#bytesOnTheirWay) onNearEnd();
    };
    /** @param {number} loaded */
    const onBytes = (loaded) => {
      const now = performance.now();
      if (!answeredAt) {
        [answeredAt, before] = [now, loaded];
        // What a link of the page asked for beforehand seems to be answered at once: the manifest, if one did, tells more.
        const [of] = /** @type {PerformanceResourceTiming[]} */ (performance.getEntriesByName(this.#url));
        if (of?.initiatorType === 'link') begunAt = now - of.duration;
      }
      const latency = answeredAt - begunAt;
      // The first bytes come at once, and say little of the connection's rate.
      this.#bytesOnTheirWay = ((loaded - before) * latency) / Math.max(now - answeredAt, latency / 2);
      left = file.bytes - loaded;
      lookAhead();
      progress.advance('download', file.file, loaded);
    };
    lookAhead();
    /** @param {import('../base/types.js').FileHalf} [got] */
    const onHalf = (got) => {
      if (got && performance.now() - begunAt < SLOW_MS) return;
      // Where the storage is slow now a kill throws less away if the next file waits.
      isKeeping = true;
      const keeping = this.#storage.putHalf(file.sha256, got).then(() => {
        isKeeping = false;
        lookAhead();
      });
      this.#hold(keeping);
    };
    const onOffline = this.#manifests.isFresh ? () => progress.enter('waiting') : undefined;
    const bytes = await fetchPackageFile(file, { ...this.#options, absent: this.#absent, half, onBytes, onHalf, onOffline });
    left = 0;
    lookAhead();
    progress.advance('download', file.file, file.bytes);
    return bytes;
  }
}

/** @param {Manifest} manifest @returns {PackageFile[]} shards in order, then labels and vocabulary */
export function filesOf({ shards, labels, vocabulary }) {
  return [...shards, ...[labels, vocabulary].filter((file) => file !== undefined)];
}
