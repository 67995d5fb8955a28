/** The models' copies on this device (IndexedDB), which the minnow package keeps. */
import { Model, storage } from 'minnow';
import { wasmFolder } from '../models/recognizer.js';

/** The package writes a model's commit marker shortly after the model is ready. */
const STORED_WITHIN_MS = 5000;
const LOOK_EVERY_MS = 200;

/** @param {string} packageUrl */
export async function deleteModel(packageUrl) {
  await storage.delete(packageUrl);
}

/** @param {string} packageUrl @returns {Promise<boolean>} whether the model is there without a network */
export async function isModelStored(packageUrl) {
  const wanted = manifestUrl(packageUrl);
  const endsAt = performance.now() + STORED_WITHIN_MS;
  try {
    do {
      if ((await storedUrls()).has(wanted)) return true;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    } while (performance.now() < endsAt);
  } catch {
    // No storage in this window, or it is full: the page goes on without.
  }
  return false;
}

/**
 * Brings models onto this device that no tab has needed yet, and drops those of the same address whose version is
 * another one.
 * @param {readonly string[]} packageUrls
 * @returns {Promise<boolean>} whether all of them are there
 */
export async function storeModels(packageUrls) {
  const wanted = packageUrls.map(manifestUrl);
  try {
    const stored = await storedUrls();
    for (const [i, url] of wanted.entries()) {
      if (stored.has(url)) continue;
      const model = await Model.create(packageUrls[i], { wasmUrl: wasmFolder() });
      const isStored = await isModelStored(packageUrls[i]);
      model.dispose();
      if (!isStored) return false;
    }
    await Promise.all([...stored].filter((url) => isOutdated(url, wanted)).map((url) => storage.delete(url)));
    return true;
  } catch {
    // The network went away, or there is no storage: the tab that needs the model says so.
    return false;
  }
}

async function storedUrls() {
  return new Set((await storage.list()).map(({ url }) => url));
}

/** @param {string} stored @param {readonly string[]} wanted */
function isOutdated(stored, wanted) {
  const withoutQuery = (/** @type {string} */ url) => url.replace(/\?.*$/, '');
  return !wanted.includes(stored) && wanted.some((url) => withoutQuery(url) === withoutQuery(stored));
}

/** As the minnow package names what it keeps. @param {string} packageUrl @returns {string} */
function manifestUrl(packageUrl) {
  const url = new URL(packageUrl, document.baseURI);
  if (!url.pathname.endsWith('.json')) url.pathname = `${url.pathname.replace(/\/$/, '')}/manifest.json`;
  url.hash = '';
  return url.href;
}
