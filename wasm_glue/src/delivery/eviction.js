/** Making room in a full storage. */
import { described } from '../storage/stored_files.js';

/**
 * Deletes the package that has not been used for longest.
 * @param {import('../base/types.js').PackageStorage} storage
 * @param {string} url of the package that room is made for: it stays
 * @returns {Promise<boolean>} false: there was none to delete
 */
export async function evictOldest(storage, url) {
  const others = (await storage.listPackages()).map(described).filter((other) => other.url !== url);
  if (others.length === 0) return false;
  const oldest = others.reduce((best, other) => (other.usedAt < best.usedAt ? other : best));
  return storage.deletePackage(oldest.url);
}
