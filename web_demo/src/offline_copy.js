/**
 * Is everything on this device that the page needs without a network? Three parts: the shell (service
 * worker), the WebAssembly file of this device, the model (IndexedDB, by the minnow package).
 */
import { storage } from 'minnow';
import { keepForOffline } from './wasm_cache.js';

/** The package writes a model's commit marker shortly after the model is ready. */
const STORED_WITHIN_MS = 5000;
const LOOK_EVERY_MS = 200;

/**
 * Keeps the WebAssembly file, then looks whether the model is kept as well.
 * @param {string} wasmUrl
 * @param {string} packageUrl
 * @returns {Promise<boolean>}
 */
export async function completeOfflineCopy(wasmUrl, packageUrl) {
  try {
    return (await keepForOffline(wasmUrl)) && (await isModelStored(packageUrl));
  } catch {
    // No storage in this window, or it is full: the page goes on without.
    return false;
  }
}

/** @param {string} packageUrl */
export async function deleteModel(packageUrl) {
  await storage.delete(packageUrl);
}

/** @param {string} packageUrl */
async function isModelStored(packageUrl) {
  const { origin, pathname } = new URL(packageUrl, document.baseURI);
  const folder = origin + pathname.replace(/\/(manifest\.json)?$/, '/');
  const endsAt = performance.now() + STORED_WITHIN_MS;
  do {
    const packages = await storage.list();
    if (packages.some(({ url }) => url.startsWith(folder))) return true;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  } while (performance.now() < endsAt);
  return false;
}
