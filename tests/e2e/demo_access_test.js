/** The demo by keyboard and screen reader, on a phone's width, light and dark. Leaves screenshots in build/screenshots. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { listPhotos } from '../parity/native_minnow.js';
import { assertQuiet, classifyPhoto, openDemo, PATIENCE_MS, resultsAfter, waitForError } from './demo_page.js';
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
      const stops = await tabThrough();
      const ids = stops.map(({ id }) => id);
      assert.deepEqual(
        ['skip_link', 'sample', 'file', 'camera_start'].filter((id) => !ids.includes(id)),
        [],
        `Tab stops at ${ids}`,
      );
      assert.deepEqual([...ids].sort((a, b) => order(a) - order(b)), ids, 'in reading order');
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
      await page.waitFor(() => document.body.dataset.opened === 'yes');
      await openDemo(page, site.origin);
      await focusWithTab('sample');
      const [best] = await resultsAfter(page, 'our drawing', () => page.press('Enter'));
      assert.match(best.text, /^balloon/);
    });

    test('the error panel is announced, and its button answers to Enter', async () => {
      const broken = await startDemoSite();
      try {
        for (const address of addressesOf(broken.shards[2])) broken.server.fault(address, { status: 404 });
        await page.goto(`${broken.origin}/`);
        await waitForError(page);
        const role = await page.evaluate(() => document.getElementById('error')?.getAttribute('role'));
        assert.equal(role, 'alert');
        assert.deepEqual(await page.evaluate(auditStructure), []);
        broken.server.clearFaults();
        await focusWithTab('retry');
        await page.press('Enter');
        await page.waitFor(() => document.getElementById('status')?.dataset.state === 'ready', PATIENCE_MS);
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
      // Takes the focus back from the browser's own controls, which come after the page's last one.
      await page.click('h1');
      for (let i = 0; i < 30; i++) {
        await page.press('Tab');
        if (await page.evaluate((id) => document.activeElement?.id === id, id)) return;
      }
      assert.fail(`Tab never reaches #${id}`);
    }

    /** Presses Tab until the focus has left the page or begins anew. @returns {Promise<Focused[]>} */
    async function tabThrough() {
      /** @type {Focused[]} */
      const stops = [];
      for (let i = 0; i < 30; i++) {
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
        if (!stop || stops.some(({ id }) => id === stop.id)) {
          if (stops.length > 0) break;
          continue;
        }
        stops.push(stop);
      }
      return stops;
    }
  });
}

/** Where a control stands in index.html. @param {string} id */
function order(id) {
  return ['skip_link', 'sample', 'file', 'camera_start', 'capture', 'results_panel', 'error_details', 'retry', 'update_now', 'delete_model', 'install'].indexOf(id);
}
