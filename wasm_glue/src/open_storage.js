/** Storages by their names. */
import { IdbStorage } from './idb_storage.js';
import { loadDelivery } from './script_modules.js';

/**
 * @param {import('./types.js').StorageKind} kind
 * @returns {Promise<import('./types.js').PackageStorage & { close?: () => Promise<void> } | undefined>} nothing for
 *   'none', and where there is no IndexedDB
 */
export async function openStorage(kind) {
  if (kind === 'none') return undefined;
  if (kind === 'indexeddb') return globalThis.indexedDB && new IdbStorage();
  const { CacheApiStorage, OpfsStorage } = await loadDelivery();
  return kind === 'opfs' ? new OpfsStorage() : new CacheApiStorage();
}
