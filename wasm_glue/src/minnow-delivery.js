/**
 * What only some packages and devices need on their way: signatures, updates on trial, other storages, room in a full
 * one. A script of its own, fetched by minnow-worker.js when it is asked for, so that most pages never load it.
 */
export { CacheApiStorage } from './cache_api_storage.js';
export { evictOldest } from './eviction.js';
export { checkTrust } from './manifest_trust.js';
export { OpfsStorage } from './opfs_storage.js';
export { beginTrial, failTrial, passTrial } from './update_trial.js';
