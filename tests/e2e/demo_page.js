/** The demo as a test sees it: what is done to the page, and what it shows. */
import assert from 'node:assert/strict';
import path from 'node:path';

/** @typedef {import('./engines/browser_engine.js').EnginePage} EnginePage */
/** @typedef {{ index: number, score: number, text: string, share: number }} ShownClass share: the bar's length, 0 … 1 */
/** @typedef {{ kind: string, code: string, text: string, retryLabel: string }} ShownError */

/** Machines that run tests may be slow and busy; nothing here waits for a time to pass. */
export const PATIENCE_MS = 60_000;

/** The tab of the default package, as an address that always loads the page: one that differs in its hash does not. */
export const MODEL_TAB = '/?model=';

/**
 * Loads the page, waits for the model and for the offline copy: Firefox complains of a page that is left while its
 * service worker still answers it.
 * @param {EnginePage} page
 * @param {string} origin
 */
export async function openDemo(page, origin) {
  await page.goto(origin + MODEL_TAB);
  await waitUntilReady(page);
  await waitUntilKept(page);
}

/** @param {EnginePage} page */
export async function waitUntilReady(page) {
  await page.waitFor(() => {
    const state = document.getElementById('status')?.dataset.state;
    if (state === 'failed') throw new Error(`the page says: ${document.getElementById('error')?.innerText}`);
    return ['ready', 'done', 'live'].includes(state ?? '');
  }, PATIENCE_MS);
}

/** Waits until everything is kept that the page needs without a network. @param {EnginePage} page */
export async function waitUntilKept(page) {
  await page.waitFor(() => document.getElementById('offline')?.dataset.state === 'ready', PATIENCE_MS);
}

/**
 * Chooses a photo with the file button.
 * @param {EnginePage} page
 * @param {string} photo its path
 * @returns {Promise<ShownClass[]>} what the page then shows
 */
export async function classifyPhoto(page, photo) {
  return resultsAfter(page, path.basename(photo), () => page.setInputFiles('#file', [photo]));
}

/**
 * @param {EnginePage} page
 * @param {string} source name of the picture, 'camera' for the camera
 * @param {() => Promise<void>} action that brings the picture
 * @returns {Promise<ShownClass[]>}
 */
export async function resultsAfter(page, source, action) {
  const before = await page.evaluate(() => Number(document.getElementById('results')?.dataset.run ?? 0));
  await action();
  await page.waitFor(
    (before, source) => {
      const error = /** @type {HTMLElement} */ (document.getElementById('error'));
      const { run, stale, source: shown } = /** @type {HTMLElement} */ (document.getElementById('results')).dataset;
      if (Number(run ?? 0) > before && shown === source && stale === 'false') return true;
      if (!error.hidden) throw new Error(`the page says: ${error.innerText}`);
      return false;
    },
    PATIENCE_MS,
    before,
    source,
  );
  return readResults(page);
}

/** @param {EnginePage} page @returns {Promise<ShownClass[]>} */
export function readResults(page) {
  return page.evaluate(() =>
    [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('#results > li'))].map((row) => ({
      index: Number(row.dataset.index),
      score: Number(row.dataset.score),
      // Not innerText, which the style sheet changes.
      text: [...row.children].map((part) => part.textContent).join(' ').trim(),
      share: Number(row.style.getPropertyValue('--share')),
    })),
  );
}

/**
 * Waits for the error panel.
 * @param {EnginePage} page
 * @returns {Promise<ShownError>}
 */
export async function waitForError(page) {
  await page.waitFor(() => document.getElementById('error')?.hidden === false, PATIENCE_MS);
  return page.evaluate(() => {
    const error = /** @type {HTMLElement} */ (document.getElementById('error'));
    const retry = /** @type {HTMLElement} */ (document.getElementById('retry'));
    const { kind = '', code = '' } = error.dataset;
    return { kind, code, text: error.innerText, retryLabel: retry.hidden ? '' : retry.innerText.trim() };
  });
}

/**
 * Nothing went wrong unnoticed: no console errors, no breach of the Content-Security-Policy.
 * @param {EnginePage} page
 * @param {{ violations: string[] }} site
 * @param {RegExp} [expected] messages of the browser's own that the test has provoked
 */
export async function assertQuiet(page, site, expected) {
  // WebKit hands its messages over with an answer.
  await page.evaluate(() => undefined);
  const complaints = page.consoleMessages.filter(
    ({ type, text }) => ['error', 'warn', 'warning', 'pageerror'].includes(type) && !expected?.test(text),
  );
  assert.deepEqual(complaints, []);
  assert.deepEqual(site.violations, []);
}
