/**
 * The worker's script. Started by the page under its own name it serves a host; imported by anything else, as
 * for `worker: false` or to manage the storage, it only gives out what it has.
 */
import { expose, transfer } from 'comlink';
import { Host } from './worker/host.js';
import { WORKER_NAME, sendErrorsWithCodes } from './worker/worker_protocol.js';

export { IdbStorage } from './storage/idb_storage.js';
export { PackageLoader, filesOf } from './delivery/loader.js';
export { openStorage } from './storage/open_storage.js';

/** @returns {Host} */
export function createHost() {
  return new Host();
}

/** The host as Comlink calls it: functions only travel as arguments of their own, results without a copy. */
class ServedHost extends Host {
  /**
   * @param {import('./base/types.js').LoadRequest} request
   * @param {import('./base/types.js').LoadHooks['startHelpers']} startHelpers not there for one thread
   * @param {import('./base/types.js').LoadHooks['onProgress']} [onProgress]
   * @param {import('./base/types.js').LoadHooks['readFile']} [readFile]
   * @param {import('./base/types.js').PackageStorage} [storage]
   */
  loadWith(request, startHelpers, onProgress, readFile, storage) {
    return this.load(request, { startHelpers, onProgress, readFile, storage });
  }

  /** @override @param {import('./base/types.js').TensorData[]} inputs */
  async run(inputs) {
    const result = await super.run(inputs);
    return transfer(result, buffersOf(result.outputs));
  }

  /** @override */
  async infer() {
    const result = await super.infer();
    return transfer(result, buffersOf(result.outputs.map(({ data }) => data)));
  }
}

/** @param {readonly import('./base/types.js').TensorData[]} arrays */
function buffersOf(arrays) {
  return arrays.map(({ buffer }) => /** @type {ArrayBuffer} */ (buffer));
}

const scope = /** @type {{ name?: unknown, WorkerGlobalScope?: unknown }} */ (/** @type {unknown} */ (globalThis));
if (scope.WorkerGlobalScope && scope.name === WORKER_NAME) {
  sendErrorsWithCodes();
  expose(new ServedHost());
}
