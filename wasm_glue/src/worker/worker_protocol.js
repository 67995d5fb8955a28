/** How page and worker talk: Comlink, with errors that keep their code. */
import { transferHandlers } from 'comlink';
import { errorFromWire, errorToWire } from '../base/errors.js';

/** Tells the worker's script that it was started to serve. worker_client.js has it spelt out for bundlers. */
export const WORKER_NAME = 'minnow';

/** @typedef {import('comlink').TransferHandler<{ value: unknown }, import('../base/errors.js').ErrorOnWire>} ThrowHandler */

/**
 * Replaces Comlink's handler of thrown values, which keeps message and stack only. To be called on both
 * sides, any number of times.
 */
export function sendErrorsWithCodes() {
  const { canHandle } = /** @type {ThrowHandler} */ (transferHandlers.get('throw'));
  /** @type {ThrowHandler} */
  const handler = {
    canHandle,
    serialize: ({ value }) => [errorToWire(value), []],
    deserialize(wire) {
      throw errorFromWire(wire);
    },
  };
  transferHandlers.set('throw', handler);
}
