/** The demo's tabs as a test sees them. */
import path from 'node:path';
import { PATIENCE_MS } from './demo_page.js';

/** @typedef {import('./engines/browser_engine.js').EnginePage} EnginePage */

let visits = 0;

/**
 * Loads the page with a tab in front and waits for its model.
 * @param {EnginePage} page
 * @param {string} origin
 * @param {string} tab
 */
export async function openTab(page, origin, tab) {
  // Firefox reports pictures and scripts of a page that is left before its service worker has handed them over.
  await waitForPictures(page);
  await page.waitFor(() => !document.querySelector('[data-part=status][data-state=loading]'), PATIENCE_MS);
  // An address that differs in its hash alone would not load the page.
  await page.goto(`${origin}/?visit=${++visits}#${tab}`);
  await waitForTab(page, tab);
  // A click goes to a place, and pictures that come move what stands below them.
  await waitForPictures(page);
}

/** @param {EnginePage} page */
async function waitForPictures(page) {
  await page.waitFor(() => [...document.images].every((image) => image.complete), PATIENCE_MS);
}

/** @param {EnginePage} page @param {string} tab */
export async function waitForTab(page, tab) {
  await page.waitFor(
    (tab) => {
      const card = document.querySelector(`#panel_${tab}:not([hidden]) .results_panel`);
      const state = /** @type {HTMLElement | null | undefined} */ (card?.querySelector('[data-part=status]'))?.dataset.state;
      if (state === 'failed') throw new Error(`the ${tab} tab says: ${/** @type {HTMLElement} */ (card?.querySelector('[data-part=error]')).innerText}`);
      return state === 'ready' || state === 'done';
    },
    PATIENCE_MS,
    tab,
  );
}

/**
 * What a tab shows, once it has looked at something.
 * @param {EnginePage} page
 * @param {string} tab
 * @param {string} source the name of what it is to have looked at
 * @param {() => Promise<void>} action
 * @returns {Promise<{ label: string, score: number, medianMs: number }>} the best class
 */
export async function bestAfter(page, tab, source, action) {
  const before = await page.evaluate(runsOf, tab);
  await action();
  await page.waitFor(
    (tab, source, before) => {
      const results = /** @type {HTMLElement} */ (document.querySelector(`#panel_${tab} [data-part=results]`));
      const status = /** @type {HTMLElement} */ (document.querySelector(`#panel_${tab} [data-part=status]`)).dataset.state;
      if (status === 'failed') throw new Error(/** @type {HTMLElement} */ (document.querySelector(`#panel_${tab} [data-part=error]`)).innerText);
      return Number(results.dataset.run ?? 0) > before && results.dataset.source === source && (status === 'done' || source === 'camera');
    },
    PATIENCE_MS,
    tab,
    source,
    before,
  );
  return page.evaluate((tab) => {
    const { label = '', score } = /** @type {HTMLElement} */ (document.querySelector(`#panel_${tab} .result`)).dataset;
    const { median } = /** @type {HTMLElement} */ (document.querySelector(`#panel_${tab} [data-part=latency]`)).dataset;
    return { label, score: Number(score), medianMs: Number(median) };
  }, tab);
}

/** Runs in the page. @param {string} tab */
function runsOf(tab) {
  return Number(/** @type {HTMLElement} */ (document.querySelector(`#panel_${tab} [data-part=results]`)).dataset.run ?? 0);
}

/** What a sample file is of: its name says it. @param {string} file */
export function labelOf(file) {
  return path.basename(file).replace(/\.\w+$/, '').replaceAll('_', ' ');
}

/** @param {EnginePage} page @param {string} tab @param {string} label */
export async function clickSample(page, tab, label) {
  await clickSteady(page, `#panel_${tab} [data-sample="${label}"]`);
}

/** @param {EnginePage} page @param {string} selector */
export async function clickSteady(page, selector) {
  // The page may still be scrolling to the result before: a click would land where the button was.
  await page.evaluate((selector) => document.querySelector(selector)?.scrollIntoView({ block: 'center', behavior: 'instant' }), selector);
  await page.click(selector);
}

/** Opens the dialog of what is kept on this device. @param {EnginePage} page */
export async function openStorage(page) {
  await page.click('#storage_open');
  await storageSays(page, '');
}

/**
 * Waits until the dialog has done what it was asked.
 * @param {EnginePage} page @param {string} start of what it says then
 * @returns {Promise<{ total: string, models: string[], status: string }>} models: as "Doodles 33 KB · used today"
 */
export async function storageSays(page, start) {
  await page.waitFor(
    (start) => {
      const status = document.getElementById('storage_status')?.textContent ?? '';
      return (start ? status.startsWith(start) : status === '') && document.getElementById('storage_total')?.textContent !== '';
    },
    PATIENCE_MS,
    start,
  );
  return page.evaluate(() => ({
    total: document.getElementById('storage_total')?.textContent ?? '',
    models: [...document.querySelectorAll('#storage_models > li')].map((entry) => /** @type {HTMLElement} */ (entry.firstElementChild).innerText.replace(/\s+/g, ' ').trim()),
    status: document.getElementById('storage_status')?.textContent ?? '',
  }));
}
