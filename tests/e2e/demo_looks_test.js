/** The tabs on a phone's width and a desktop's, light and dark: structure, names, contrast. Leaves screenshots in build/screenshots. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { assertQuiet } from './demo_page.js';
import { missingBundled, missingPage, samplesIn, startTabsSite } from './demo_site.js';
import { bestAfter, clickSample, labelOf, openStorage, openTab } from './demo_tabs.js';
import { ENGINE_NAMES, launchEngine, missingEngine } from './engines/browser_engine.js';
import { auditContrast, auditStructure } from './page_audit.js';

const SCREENSHOTS = fileURLToPath(new URL('../../build/screenshots', import.meta.url));
const SIZES = /** @type {const} */ ([
  [360, 740],
  [1280, 800],
]);
const MODELS = { sign: 'sign_digits', listen: 'wake_words', read: 'intents', draw: 'doodles' };
const missingAny = Object.values(MODELS).map(missingBundled).find(Boolean);

for (const name of ENGINE_NAMES) {
  describe(`the looks of the tabs in ${name}`, { skip: missingEngine(name) ?? (missingPage() || missingAny || false) }, () => {
    /** @type {import('./engines/browser_engine.js').Engine} */
    let engine;
    /** @type {import('./engines/browser_engine.js').EnginePage} */
    let page;
    /** @type {Awaited<ReturnType<typeof startTabsSite>>} */
    let site;

    before(async () => {
      mkdirSync(SCREENSHOTS, { recursive: true });
      site = await startTabsSite();
      engine = await launchEngine(name);
      page = await engine.newPage();
    });
    after(async () => {
      await engine?.close();
      await site?.close();
    });

    for (const scheme of /** @type {const} */ (['light', 'dark'])) {
      test(`${scheme}: every tab fits, with names and enough contrast`, async () => {
        if (!(await page.setColorScheme(scheme))) {
          await engine.close();
          engine = await launchEngine(name, { colorScheme: scheme });
          page = await engine.newPage();
        }
        for (const [width, height] of SIZES) {
          await page.setViewport(width, height);
          for (const [tab, model] of /** @type {[string, string][]} */ (Object.entries(MODELS))) {
            await openTab(page, site.origin, tab);
            await look(`${tab}_empty`, width, scheme);
            const sample = tab === 'read' ? 'Find me a flight to Lisbon next Friday' : labelOf(samplesIn(model)[2]);
            await bestAfter(page, tab, sample, () => clickSample(page, tab, sample));
            await look(tab, width, scheme);
          }
          await page.click('#about_open');
          await look('about', width, scheme);
          await page.press('Escape');
          await openStorage(page);
          await look('storage', width, scheme);
          await page.press('Escape');
        }
      });
    }

    test('without console errors or breaches of its Content-Security-Policy', () => assertQuiet(page, site));

    /** @param {string} state @param {number} width @param {string} scheme */
    async function look(state, width, scheme) {
      // The bars glide, colours fade: what is measured and shown is the end of it.
      await page.evaluate(async () => {
        const ending = document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity);
        await Promise.all(ending.map(({ finished }) => finished.catch(() => undefined)));
        scrollTo(0, 0);
      });
      const what = `${name}, ${state}, ${width} px, ${scheme}`;
      const needed = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(needed <= width, `${what}: the page is ${needed} px wide`);
      const isWide = await page.evaluate(() => [...document.querySelectorAll('dialog[open]')].some((dialog) => dialog.scrollWidth > dialog.clientWidth));
      assert.ok(!isWide, `${what}: the dialog's content stands out of it`);
      const cut = await page.evaluate(() => {
        const tabs = /** @type {HTMLElement} */ (document.getElementById('tabs'));
        return [...tabs.children].filter((tab) => tab.getBoundingClientRect().right > tabs.getBoundingClientRect().right).map(({ id }) => id);
      });
      assert.deepEqual(cut, [], `${what}: tabs stand out of their row`);
      assert.deepEqual(await page.evaluate(auditStructure), [], what);
      assert.deepEqual(await page.evaluate(auditContrast), [], what);
      await page.screenshot(path.join(SCREENSHOTS, `${name}_${state}_${width}_${scheme}.png`));
    }
  });
}
