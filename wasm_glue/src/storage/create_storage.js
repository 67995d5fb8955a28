/** Storages that few pages use, by their names. */
import { MinnowError } from '../base/errors.js';
import { CacheApiStorage } from './cache_api_storage.js';
import { OpfsStorage } from './opfs_storage.js';

/** @param {string} kind @throws {MinnowError} INVALID_ARGUMENT */
export function createStorage(kind) {
  if (kind === 'cache') return new CacheApiStorage();
  if (kind === 'opfs') return new OpfsStorage();
  const message = `storage: there is no "${kind}"; give "indexeddb", "cache", "opfs", "none", or an object with the methods of PackageStorage`;
  throw new MinnowError('INVALID_ARGUMENT', message);
}
