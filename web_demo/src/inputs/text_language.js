/** In which of the page's languages a text is. */

/** @typedef {'en' | 'zh'} Language */

/**
 * @param {string} text
 * @param {Language} before of what was typed so far: a text without any letter stays in its language
 * @returns {Language}
 */
export function languageOf(text, before) {
  if (/\p{Script=Han}/u.test(text)) return 'zh';
  return /\p{Script=Latin}/u.test(text) ? 'en' : before;
}
