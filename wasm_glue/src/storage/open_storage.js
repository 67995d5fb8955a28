/** Storages by their names. */
import { IdbStorage } from './idb_storage.js';
import { loadDelivery } from '../base/script_modules.js';

/**
 * @param {import('../base/types.js').StorageKind} kind
 * @returns {Promise<import('../base/types.js').PackageStorage & { close?: () => Promise<void> } | undefined>} nothing for
 *   'none', and where there is no IndexedDB
 * @throws {import('../base/errors.js').MinnowError} INVALID_ARGUMENT for other names
 */
export async function openStorage(kind) {
  if (kind === 'none') return undefined;
  if (kind === 'indexeddb') return globalThis.indexedDB && new IdbStorage();
  return (await loadDelivery()).createStorage(kind);
}
