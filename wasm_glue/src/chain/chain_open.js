/** How a chain comes to be: its manifests, labels and first part. */
import { throwIfAborted } from '../base/abort.js';
import { ChainFiles } from './chain_files.js';
import { ChainParts } from './chain_parts.js';
import { MinnowError, storage as storageTools, tell } from '../minnow.js';
import { ProgressReporter } from '../base/progress.js';
import { deliveryOf, placeOf } from '../base/source.js';

/** @typedef {import('./model_chain.js').ChainOptions} ChainOptions */
/** @typedef {import('../base/types.js').PackageSource} PackageSource */

/**
 * @typedef {object} OpenedChain
 * @property {ChainFiles} files
 * @property {ChainParts} parts
 * @property {import('./chain_manifest.js').ChainManifest} chain
 * @property {readonly string[]} labels
 * @property {AbortController} disposal
 * @property {() => void} closeStorage
 */

/**
 * @param {PackageSource} source
 * @param {ChainOptions} options
 * @param {AbortSignal} signal
 * @returns {Promise<OpenedChain>}
 */
export async function openChain(source, options, signal) {
  throwIfAborted(signal);
  const { partsInMemory = 1, onProgress, persist, storage: kind, signal: _, mirrors, publicKey, minRelease, rollback, ...partOptions } = options;
  if (!(partsInMemory >= 1 && Number.isInteger(partsInMemory))) {
    throw new MinnowError('INVALID_ARGUMENT', 'partsInMemory: give a whole number from 1 to the number of parts');
  }
  const { manifestUrl: url, ...place } = placeOf(source);
  const { storage, closeStorage } = await openStorage(url ? kind : 'none');
  const disposal = new AbortController();
  const progress = new ProgressReporter((report) => {
    if (!signal.aborted && !disposal.signal.aborted) tell(onProgress, report);
  });
  try {
    const files = new ChainFiles({ url, ...place, ...deliveryOf(options), storage, progress, fetch: options.fetch });
    progress.enter('manifest');
    const { chain, manifests } = await files.open(signal);
    const labels = linesOf(await files.labels(signal));
    const parts = new ChainParts(files, manifests.length, partsInMemory, partOptions);
    await parts.open(0, signal);
    progress.enter('prepare');
    if (persist && storage) storageTools.persist().catch(() => undefined);
    return { files, parts, chain, labels, disposal, closeStorage };
  } catch (error) {
    closeStorage();
    throw error;
  }
}

/** @param {OpenedChain} chain */
export function closeChain({ disposal, parts, closeStorage }) {
  disposal.abort();
  parts.dispose();
  closeStorage();
}

/** One of the page's own is the page's to close. @param {ChainOptions['storage']} kind */
async function openStorage(kind = 'indexeddb') {
  if (typeof kind === 'object') return { storage: kind, closeStorage: () => {} };
  // The worker's script has the code, and is on its way or here already.
  const storage = await (await import('../minnow-worker.js')).openStorage(kind);
  return { storage, closeStorage: () => void storage?.close?.() };
}

/** @param {string} text one label a line */
function linesOf(text) {
  return text.split(/\r?\n/).filter((line, i, lines) => line || i < lines.length - 1);
}
