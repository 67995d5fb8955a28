/** Making room in a full storage. */

/**
 * Deletes the package that has not been used for longest.
 * @param {import('./types.js').PackageStorage} storage
 * @param {string} url of the package that room is made for: it stays
 * @returns {Promise<boolean>} false: there was none to delete
 */
export async function evictOldest(storage, url) {
  const others = (await storage.listPackages()).filter((other) => other.url !== url);
  if (others.length === 0) return false;
  const lastUse = (/** @type {import('./types.js').CachedPackage} */ { usedAt, savedAt }) => usedAt ?? savedAt;
  const oldest = others.reduce((best, other) => (lastUse(other) < lastUse(best) ? other : best));
  return storage.deletePackage(oldest.url);
}
