/** AbortSignal, on browsers that lack its newer methods too. */

/** @param {AbortSignal | undefined} signal @returns {unknown} what a promise is to be rejected with */
export function abortReason(signal) {
  return signal?.reason ?? new DOMException('The operation was aborted', 'AbortError');
}

/** @param {AbortSignal | undefined} signal */
export function throwIfAborted(signal) {
  if (signal?.aborted) throw abortReason(signal);
}

/**
 * Settles like `promise`, or rejects as soon as the signal aborts.
 * @template T
 * @param {Promise<T>} promise
 * @param {AbortSignal | undefined} signal
 * @param {() => void} [onAbort]
 * @returns {Promise<T>}
 */
export function abortable(promise, signal, onAbort) {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => {
      reject(abortReason(signal));
      onAbort?.();
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/**
 * A controller that aborts with the signal, and can be aborted by itself.
 * @param {AbortSignal | undefined} signal
 * @returns {AbortController & { unlink: () => void }}
 */
export function linkedController(signal) {
  const controller = new AbortController();
  const abort = () => controller.abort(abortReason(signal));
  if (signal?.aborted) abort();
  else signal?.addEventListener('abort', abort, { once: true });
  return Object.assign(controller, { unlink: () => signal?.removeEventListener('abort', abort) });
}

/** @param {number} ms @param {AbortSignal | undefined} signal @returns {Promise<void>} */
export function delay(ms, signal) {
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;
  const wait = new Promise((/** @type {(value: void) => void} */ resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return abortable(wait, signal, () => clearTimeout(timer));
}
