/** For inputs that change faster than they are looked at: never two looks at once, and always one at the latest. */

/**
 * @template T
 * @param {(input: T) => Promise<void>} look it handles its own errors
 * @returns {(input: T) => Promise<void>} resolves when nothing newer is left to look at
 */
export function latestOnly(look) {
  /** @type {{ input: T } | null} */
  let waiting = null;
  /** @type {Promise<void> | null} */
  let running = null;
  const run = async () => {
    try {
      for (let next = waiting; next; next = waiting) {
        waiting = null;
        await look(next.input);
      }
    } finally {
      running = null;
    }
  };
  return (input) => {
    waiting = { input };
    running ??= run();
    return running;
  };
}
