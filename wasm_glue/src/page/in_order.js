/** Many pictures, sounds or texts, one after the other. */
import { throwIfAborted } from '../base/abort.js';

/**
 * Yields a result for each item, in order. The next item is asked for while one is worked at, so a source that
 * waits for the network or a disk keeps the model busy.
 * @template T, R
 * @param {Iterable<T> | AsyncIterable<T>} items
 * @param {(item: T) => Promise<R>} work
 * @param {AbortSignal} [signal]
 * @returns {AsyncGenerator<R, void>}
 */
export async function* inOrder(items, work, signal) {
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  /** @type {Promise<IteratorResult<T>> | undefined} */
  let next;
  try {
    for (;;) {
      throwIfAborted(signal);
      const { done, value } = await (next ?? iterator.next());
      if (done) return;
      const result = work(value);
      next = Promise.resolve(iterator.next());
      // Its failure counts when its turn comes.
      next.catch(() => undefined);
      yield await result;
    }
  } finally {
    await iterator.return?.();
  }
}
