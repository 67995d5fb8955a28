/** What the minnow package keeps on this device, as the storage dialog manages it. */
import { storage } from 'minnow';

/** @typedef {import('minnow').CachedPackage} CachedPackage */

/**
 * @typedef {object} KeptModels
 * @property {CachedPackage[]} models the one used last first
 * @property {number} usage bytes of all that this site keeps, the page's own files too; 0: unknown
 * @property {number} quota bytes that the browser grants; 0: unknown
 * @property {boolean} isPersistent the browser does not clear it by itself
 */

/** @returns {Promise<KeptModels>} */
export async function readKeptModels() {
  const [models, { usage, quota }, isPersistent] = await Promise.all([storage.list(), storage.estimate(), navigator.storage?.persisted?.() ?? false]);
  return { models: models.sort((a, b) => b.usedAt - a.usedAt), usage, quota, isPersistent };
}

/** @param {CachedPackage} model */
export async function deleteKept({ url }) {
  await storage.delete(url);
}

export async function deleteAllKept() {
  await storage.clear();
}

/** @returns {Promise<boolean>} whether the browser now keeps this site's files until the user deletes them */
export async function keepForGood() {
  return storage.persist();
}

/**
 * Fetches newer versions of what is kept; they are used from the next load on.
 * @param {readonly CachedPackage[]} models
 * @returns {Promise<{ updated: CachedPackage[], failed: CachedPackage[] }>}
 */
export async function updateKept(models) {
  const { checkForUpdate } = await import('minnow/storage');
  /** @type {Awaited<ReturnType<typeof updateKept>>} */
  const outcome = { updated: [], failed: [] };
  for (const model of models) {
    try {
      const update = await checkForUpdate(model.url);
      await update?.download();
      if (update) outcome.updated.push(model);
    } catch {
      outcome.failed.push(model);
    }
  }
  return outcome;
}
