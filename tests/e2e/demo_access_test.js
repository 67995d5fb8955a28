/** The demo by keyboard and screen reader, on a phone's width, light and dark. Leaves screenshots in build/screenshots. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { listPhotos } from '../parity/native_minnow.js';
import { assertQuiet, classifyPhoto, MODEL_TAB, openDemo, PATIENCE_MS, resultsAfter, waitForError, waitUntilKept, waitUntilReady } from './demo_page.js';
import { addressesOf, missingDemo, startDemoSite } from './demo_site.js';
import { ENGINE_NAMES, launchEngine, missingEngine } from './engines/browser_engine.js';
import { makeTempDir } from './engines/owned_process.js';
import { auditContrast, auditStructure } from './page_audit.js';

/** @typedef {{ id: string, outline: boolean, inView: boolean }} Focused */

const SCREENSHOTS = fileURLToPath(new URL('../../build/screenshots', import.meta.url));
const SIZES = /** @type {const} */ ([
  [360, 740],
  [1280, 800],
]);

for (const name of ENGINE_NAMES) {
  describe(`access to the demo in ${name}`, { skip: missingEngine(name) ?? missingDemo() }, () => {
    /** @type {import('./engines/browser_engine.js').Engine} */
    let engine;
    /** @type {import('./engines/browser_engine.js').EnginePage} */
    let page;
    /** @type {import('./demo_site.js').DemoSite} */
    let site;
    const { dir, remove } = makeTempDir('e2e-access-');
    const [tench] = missingDemo() ? [] : listPhotos();
    const noPicture = path.join(dir, 'shopping_list.jpg');

    before(async () => {
      mkdirSync(SCREENSHOTS, { recursive: true });
      writeFileSync(noPicture, 'bread, milk');
      site = await startDemoSite();
      engine = await launchEngine(name);
      page = await engine.newPage();
      await openDemo(page, site.origin);
    });
    after(async () => {
      await engine?.close();
      await site?.close();
      remove();
    });

    test('every control is reached with Tab, in reading order, and shows the focus', async (t) => {
      const hasFocus = await page.evaluate(() => document.hasFocus());
      const controls = await page.evaluate(listControls);
      for (const id of ['skip_link', 'sample', 'file', 'camera_start']) assert.ok(controls.includes(id), `${id} of ${controls}`);
      const stops = await tabTo(controls[controls.length - 1]);
      assert.deepEqual(stops.map(({ id }) => id), controls, 'in reading order');
      if (!hasFocus) {
        assert.equal(name, 'webkit');
        t.diagnostic(`${name}: without a window manager the window has no focus to show`);
        return;
      }
      for (const { id, outline, inView } of stops) {
        assert.ok(outline, `${id} does not show that it has the focus: ${JSON.stringify(stops)}`);
        assert.ok(inView, `${id} has the focus out of sight`);
      }
    });

    test('the file button answers to Enter or Space, the drawing to Enter', async () => {
      await focusWithTab('file');
      await page.evaluate(() => {
        // No driver can close a file dialog: the click that would open it is noted and stopped.
        document.getElementById('file')?.addEventListener('click', (event) => {
          event.preventDefault();
          document.body.dataset.opened = 'yes';
        });
      });
      await page.press('Enter');
      await page.press('Space');
      await page.waitFor(() => document.body.dataset.opened === 'yes', PATIENCE_MS);
      await openDemo(page, site.origin);
      await focusWithTab('sample');
      const [best] = await resultsAfter(page, 'our drawing', () => page.press('Enter'));
      assert.match(best.text, /^balloon/);
    });

    test('the error panel is announced, and its button answers to Enter', async () => {
      const broken = await startDemoSite();
      try {
        for (const address of addressesOf(broken.shards[2])) broken.server.fault(address, { status: 404 });
        await page.goto(broken.origin + MODEL_TAB);
        await waitForError(page);
        const role = await page.evaluate(() => document.getElementById('error')?.getAttribute('role'));
        assert.equal(role, 'alert');
        assert.deepEqual(await page.evaluate(auditStructure), []);
        broken.server.clearFaults();
        await focusWithTab('retry');
        await page.press('Enter');
        await waitUntilReady(page);
        // Firefox complains of a page that is left while its service worker still answers it.
        await waitUntilKept(page);
      } finally {
        await broken.close();
      }
      await openDemo(page, site.origin);
    });

    test('names, roles and structure are in order', async () => {
      assert.deepEqual(await page.evaluate(auditStructure), []);
      await classifyPhoto(page, tench);
      assert.deepEqual(await page.evaluate(auditStructure), []);
    });

    test('fits a phone’s width and a desktop’s, with enough contrast, light and dark', async () => {
      for (const scheme of /** @type {const} */ (['light', 'dark'])) {
        if (!(await page.setColorScheme(scheme))) {
          await engine.close();
          engine = await launchEngine(name, { colorScheme: scheme });
          page = await engine.newPage();
        }
        for (const [width, height] of SIZES) {
          await page.setViewport(width, height);
          await openDemo(page, site.origin);
          await look('empty', width, scheme);
          await classifyPhoto(page, tench);
          await look('results', width, scheme);
          await page.setInputFiles('#file', [noPicture]);
          await waitForError(page);
          await look('error', width, scheme);
        }
      }
    });

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
      assert.deepEqual(await page.evaluate(auditContrast), [], what);
      await page.screenshot(path.join(SCREENSHOTS, `${name}_${state}_${width}_${scheme}.png`));
    }

    /** @param {string} id */
    async function focusWithTab(id) {
      // From the top of the page on: behind its last control Firefox's own buttons have their turn.
      await page.click('#panel_model h1');
      for (let i = 0; i < 30; i++) {
        await page.press('Tab');
        if (await page.evaluate((id) => document.activeElement?.id === id, id)) return;
      }
      assert.fail(`Tab never reaches #${id}`);
    }

    /**
     * Presses Tab up to the last control. Not further: in Firefox the focus would go on to the browser's own
     * buttons, and no command brings it back.
     * @param {string} last
     * @returns {Promise<Focused[]>}
     */
    async function tabTo(last) {
      /** @type {Focused[]} */
      const stops = [];
      for (let i = 0; i < 30 && stops.at(-1)?.id !== last; i++) {
        await page.press('Tab');
        const stop = await page.evaluate(() => {
          const element = document.activeElement;
          if (!element || element === document.body || element === document.documentElement) return undefined;
          // The file buttons are labels around an invisible input.
          const shown = element.matches('.file_input') ? /** @type {Element} */ (element.closest('label')) : element;
          const { outlineStyle, outlineWidth } = getComputedStyle(shown);
          const { left, right, bottom, top } = shown.getBoundingClientRect();
          return {
            id: element.id || element.className,
            outline: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2,
            inView: left >= 0 && right <= innerWidth && bottom > 0 && top < innerHeight,
          };
        });
        if (stop) stops.push(stop);
      }
      return stops;
    }
  });
}

/** Runs in the page: what a keyboard must reach, in the order of the document. @returns {string[]} */
function listControls() {
  // Tabs other than the chosen one are reached with the arrow keys (demo_tabs_test.js).
  return [...document.querySelectorAll('a[href], button, input, summary, textarea')]
    .filter((element) => /** @type {HTMLElement} */ (element).tabIndex >= 0)
    .filter((element) => element.checkVisibility?.() ?? element.getClientRects().length > 0)
    .map((element) => element.id || element.className);
}
