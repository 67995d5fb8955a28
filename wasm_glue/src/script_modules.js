/** The package's scripts that are fetched where a package, a call or a browser needs them. */
import { MinnowError } from './errors.js';

/** @typedef {typeof import('./minnow-tasks.js')} TaskModule */
/** @typedef {typeof import('./minnow-delivery.js')} DeliveryModule */
/** @typedef {typeof import('./minnow-crypto.js')} CryptoModule */

/** @returns {Promise<TaskModule>} the same one each time @throws {MinnowError} WORKER */
export function loadTaskModule() {
  return explained('tasks', import('./minnow-tasks.js'));
}

/** @returns {Promise<DeliveryModule>} @throws {MinnowError} WORKER */
export function loadDelivery() {
  return explained('delivery', import('./minnow-delivery.js'));
}

/** @returns {Promise<CryptoModule>} @throws {MinnowError} WORKER */
export function loadCrypto() {
  return explained('crypto', import('./minnow-crypto.js'));
}

/** @template T @param {string} name @param {Promise<T>} loading @returns {Promise<T>} */
async function explained(name, loading) {
  try {
    return await loading;
  } catch (cause) {
    const message = `minnow-${name}.js does not load (${cause}): serve it beside minnow-worker.js, from the same folder of the package`;
    throw new MinnowError('WORKER', message, { cause });
  }
}
