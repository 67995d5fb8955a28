/** Callbacks of the page. */

/**
 * Calls one. An error in it is the page's, as in an event listener: it does not end what is under way.
 * @template {unknown[]} A
 * @param {((...args: A) => void) | undefined} callback
 * @param {A} args
 */
export function tell(callback, ...args) {
  try {
    callback?.(...args);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
