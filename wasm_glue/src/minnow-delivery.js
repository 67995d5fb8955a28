/**
 * What only some packages and devices need on their way: signatures, updates on trial, other storages, room in a full
 * one. A script of its own, fetched by minnow-worker.js when it is asked for, so that most pages never load it.
 */
export { evictOldest } from './delivery/eviction.js';
export { checkTrust } from './delivery/manifest_trust.js';
export { beginTrial, failTrial, passTrial } from './delivery/update_trial.js';
export { createStorage } from './storage/create_storage.js';
