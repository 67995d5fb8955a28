/** The model's copy on this device (IndexedDB), which the minnow package keeps. */
import { storage } from 'minnow';

/** The package writes a model's commit marker shortly after the model is ready. */
const STORED_WITHIN_MS = 5000;
const LOOK_EVERY_MS = 200;

/** @param {string} packageUrl */
export async function deleteModel(packageUrl) {
  await storage.delete(packageUrl);
}

/** @param {string} packageUrl @returns {Promise<boolean>} whether the model is there without a network */
export async function isModelStored(packageUrl) {
  const { origin, pathname } = new URL(packageUrl, document.baseURI);
  const folder = origin + pathname.replace(/\/(manifest\.json)?$/, '/');
  const endsAt = performance.now() + STORED_WITHIN_MS;
  try {
    do {
      const packages = await storage.list();
      if (packages.some(({ url }) => url.startsWith(folder))) return true;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    } while (performance.now() < endsAt);
  } catch {
    // No storage in this window, or it is full: the page goes on without.
  }
  return false;
}
