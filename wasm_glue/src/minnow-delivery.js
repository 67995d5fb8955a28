/**
 * What only some packages and devices need on their way: signatures, updates on trial, other storages, room in a full
 * one. A script of its own, fetched by minnow-worker.js when it is asked for, so that most pages never load it.
 */
export { CacheApiStorage } from './storage/cache_api_storage.js';
export { evictOldest } from './delivery/eviction.js';
export { checkTrust } from './delivery/manifest_trust.js';
export { OpfsStorage } from './storage/opfs_storage.js';
export { beginTrial, failTrial, passTrial } from './delivery/update_trial.js';
