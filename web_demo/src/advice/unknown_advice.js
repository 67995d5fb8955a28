/** @typedef {import('./error_advice.js').Failure} Failure */
/** @typedef {import('./error_advice.js').PlainAdvice} PlainAdvice */

/**
 * For what nobody foresaw.
 * @param {Failure} failure @param {string} title @returns {PlainAdvice}
 */
export function unknownAdvice(failure, title) {
  return { kind: 'unknown', title, message: failure.message, steps: ['Try again. If it stays, reload the page.'] };
}
