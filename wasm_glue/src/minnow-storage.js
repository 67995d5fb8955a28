/**
 * Minnow's packages on this device: bringing them there beforehand, newer versions of them, and where they are kept.
 *
 *     import { prefetch } from 'minnow/storage';
 *     await prefetch('models/next/');
 *
 * Nothing here starts the engine. Split packages are brought by ModelChain.preload().
 */
import { tell } from './base/callbacks.js';
import { MinnowError } from './base/errors.js';
import { ProgressReporter } from './base/progress.js';
import { deliveryOf, manifestUrlOf } from './base/source.js';

export { CacheApiStorage } from './storage/cache_api_storage.js';
export { MemoryStorage } from './storage/memory_storage.js';
export { OpfsStorage } from './storage/opfs_storage.js';

/** @typedef {import('./base/types.js').CreateOptions} CreateOptions */
/** @typedef {import('./base/types.js').Progress} Progress */
/** @typedef {Pick<CreateOptions, 'storage' | 'mirrors' | 'stallMs' | 'publicKey' | 'minRelease' | 'rollback' | 'fetch' | 'signal' | 'onProgress'>} DeliveryOptions as for create() */

/**
 * A newer version of a package, which is not on this device.
 * @typedef {object} PackageUpdate
 * @property {string} name
 * @property {number} release 0 where the package was not signed with one
 * @property {number} bytes decoded, of all files
 * @property {number} downloadBytes of them: of the files that are not on the device
 * @property {(options?: { signal?: AbortSignal, onProgress?: (progress: Progress) => void }) => Promise<void>} download
 *   brings it here. The next create() takes it; the version before it stays until the new one has run once, and comes
 *   back if it does not work
 */

/**
 * Brings a package onto this device, if it is not there yet.
 * @param {string | URL} source as for create()
 * @param {DeliveryOptions} [options]
 * @returns {Promise<void>}
 * @throws {MinnowError} OUT_OF_MEMORY where the storage is full
 */
export async function prefetch(source, options = {}) {
  await withLoader(source, options, async (opened) => bring(opened, await opened.loader.loadManifest()));
}

/**
 * Asks the server for a newer version of a package.
 * @param {string | URL} source as for create()
 * @param {DeliveryOptions} [options]
 * @returns {Promise<PackageUpdate | undefined>} nothing where the device has the server's version, or one that failed here
 */
export async function checkForUpdate(source, options = {}) {
  return withLoader(source, { ...options, onProgress: undefined }, async ({ loader, storage, filesOf }) => {
    const manifest = await loader.fetchManifest();
    if (await loader.isUpToDate()) return undefined;
    const files = filesOf(manifest);
    const isHere = await Promise.all(files.map(({ sha256 }) => storage.hasFile(sha256)));
    const sum = (/** @type {readonly { bytes: number }[]} */ some) => some.reduce((total, { bytes }) => total + bytes, 0);
    return {
      name: manifest.name,
      release: manifest.release,
      bytes: sum(files),
      downloadBytes: sum(files.filter((_, i) => !isHere[i])),
      // Asked anew: the server may have a still newer one by now.
      download: ({ signal, onProgress } = {}) =>
        withLoader(source, { ...options, signal, onProgress }, async (later) => bring(later, await later.loader.fetchManifest())),
    };
  });
}

/**
 * Fetches a newer version where there is one. Failures do not matter: the kept package goes on working, and the next
 * call tries again. On a connection that is to be spared nothing is asked.
 * @param {string | URL} source as for create()
 * @param {DeliveryOptions} options
 */
export async function updateInBackground(source, options) {
  const { connection } = /** @type {{ connection?: { saveData?: boolean } }} */ (globalThis.navigator ?? {});
  if (connection?.saveData) return;
  try {
    const { signal } = options;
    await (await checkForUpdate(source, options))?.download({ signal });
  } catch {
    // See above.
  }
}

/**
 * @typedef {object} OpenedLoader
 * @property {import('./delivery/loader.js').PackageLoader} loader
 * @property {import('./base/types.js').PackageStorage} storage
 * @property {ProgressReporter} progress
 * @property {typeof import('./delivery/loader.js').filesOf} filesOf
 * @property {string} url of the manifest
 */

/**
 * Opens a loader for some work, and closes its storage afterwards, unless that is the page's own.
 * @template T
 * @param {string | URL} source
 * @param {DeliveryOptions} options
 * @param {(opened: OpenedLoader) => Promise<T>} work
 * @returns {Promise<T>}
 */
async function withLoader(source, { storage: kind = 'indexeddb', onProgress, signal, fetch, ...options }, work) {
  const url = manifestUrlOf(source);
  const { PackageLoader, filesOf, openStorage } = await import('./minnow-worker.js');
  const isOurs = typeof kind !== 'object';
  /** @type {import('./base/types.js').PackageStorage & { close?: () => Promise<void> } | undefined} */
  const storage = isOurs ? await openStorage(kind) : kind;
  if (!storage) throw new MinnowError('INVALID_ARGUMENT', 'storage: there is none to bring a package to: give "indexeddb", "cache" or "opfs"');
  const progress = new ProgressReporter((report) => {
    if (!signal?.aborted) tell(onProgress, report);
  });
  const loader = new PackageLoader(url, { ...deliveryOf(options), storage, progress, signal, fetch, priority: 'low' });
  try {
    return await work({ loader, storage, progress, filesOf, url });
  } finally {
    // What was broken off may still be writing.
    await loader.settled();
    if (isOurs) await storage.close?.();
  }
}

/** @param {OpenedLoader} opened @param {import('./base/types.js').Manifest} manifest */
async function bring({ loader, storage, progress, filesOf, url }, manifest) {
  const files = filesOf(manifest);
  progress.expect(files);
  for await (const _ of loader.loadFiles(files));
  await loader.commit(manifest);
  if ((await storage.getPackage(url)) === undefined) {
    throw new MinnowError('OUT_OF_MEMORY', `${manifest.name} cannot be kept on this device, its storage is full or closed: delete other models (storage.delete)`, { url });
  }
}
