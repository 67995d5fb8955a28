/** Pictures by drop, paste, button and camera, and what the page shows and says meanwhile. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { listPhotos } from '../parity/native_minnow.js';
import { assertQuiet, classifyPhoto, MODEL_TAB, openDemo, PATIENCE_MS, readResults, resultsAfter, waitUntilKept, waitUntilReady } from './demo_page.js';
import { addressesOf, missingDemo, startDemoSite } from './demo_site.js';
import { ENGINE_NAMES, launchEngine, missingEngine } from './engines/browser_engine.js';
import { dropFiles, pasteFiles } from './page_gestures.js';

/** @typedef {{ phases: string[], values: number[] }} Observed what the progress bar showed */

const SHARD_DELAY_MS = 60;
const WORKER_PATH = '/minnow/minnow-worker.js';
const TENCH = { index: 1, name: 'tench' };

for (const name of ENGINE_NAMES) {
  describe(`the demo's gestures in ${name}`, { skip: missingEngine(name) ?? missingDemo() }, () => {
    /** @type {import('./engines/browser_engine.js').Engine} */
    let engine;
    /** @type {import('./engines/browser_engine.js').EnginePage} */
    let page;
    /** @type {import('./demo_site.js').DemoSite} */
    let site;
    const [tench, brambling] = missingDemo() ? [] : listPhotos();

    before(async () => {
      site = await startDemoSite();
      engine = await launchEngine(name, { fakeCamera: true });
      page = await engine.newPage();
    });
    after(async () => {
      await engine?.close();
      await site?.close();
    });

    test('moves the progress bar while the model loads', async () => {
      // The worker starts when the observer is there to see it all, the shards come one by one.
      const releaseWorker = holdWorker(site);
      for (const address of site.shards.flatMap(addressesOf)) site.server.fault(address, { delayMs: SHARD_DELAY_MS });
      const { phases, values } = await observeLoading(releaseWorker);
      site.server.clearFaults();
      assert.deepEqual(phases, ['runtime', 'manifest', 'download', 'prepare']);
      assert.deepEqual(values, [...values].sort((a, b) => a - b), 'the bar never goes back');
      assert.ok(values.length >= site.shards.length, `only ${values.length} steps`);
      assert.ok(values[0] < 20 && values[values.length - 1] === 100, `from ${values[0]} to ${values.at(-1)}`);
      assert.equal(await page.evaluate(() => document.getElementById('loading')?.hidden), true);
      await waitUntilKept(page);
    });

    test('loads from this device the second time, and says so', async () => {
      // The worker comes from the service worker now: too fast for the first phases to be seen.
      const { phases, values } = await observeLoading();
      assert.deepEqual(phases.slice(-2), ['cache', 'prepare']);
      assert.ok(!phases.includes('download'));
      assert.equal(values.at(-1), 100);
      await waitUntilKept(page);
    });

    test('shows five classes with bars, and announces the best one', async () => {
      const shown = await classifyPhoto(page, tench);
      assertTench(shown);
      assert.deepEqual([...shown].sort((a, b) => b.score - a.score), shown, 'best first');
      const bars = await page.evaluate(() =>
        [...document.querySelectorAll('#results .result_bar')].map((bar) => {
          const fill = /** @type {HTMLElement} */ (bar.firstElementChild);
          return { track: bar.clientWidth, filled: fill.getBoundingClientRect().width };
        }),
      );
      assert.equal(bars.length, 5);
      for (const { track } of bars) assert.ok(track > 100);
      assert.ok(bars[0].filled > bars[4].filled, `bars of ${bars.map(({ filled }) => filled)} px`);
      shown.forEach(({ score, share, text }) => {
        assert.equal(share, score, 'the bar is as long as the score');
        assert.ok(text.includes(score === 0 ? '0.0 %' : `${(100 * score).toFixed(1)} %`), text);
      });
      const announced = await page.evaluate(() => {
        const spoken = /** @type {HTMLElement} */ (document.getElementById('spoken_result'));
        const { display, visibility } = getComputedStyle(spoken);
        return { role: spoken.getAttribute('role'), text: spoken.textContent, display, visibility };
      });
      assert.equal(announced.role, 'status');
      assert.ok(announced.display !== 'none' && announced.visibility === 'visible', 'hidden ones are not read out');
      assert.match(announced.text ?? '', /^Most likely: tench, Tinca tinca, \d+\.\d %$/);
      const status = await page.evaluate(() => document.getElementById('status')?.textContent);
      assert.equal(status, `In ${path.basename(tench)}:`);
    });

    test('takes dropped and pasted photos', async () => {
      const [dropped] = await resultsAfter(page, path.basename(brambling), () => dropFiles(page, '#stage', [brambling]));
      assert.match(dropped.text, /^brambling/);
      assertTench(await resultsAfter(page, path.basename(tench), () => pasteFiles(page, 'body', [tench])));
      const elsewhere = await resultsAfter(page, path.basename(brambling), () => dropFiles(page, 'footer', [brambling]));
      assert.match(elsewhere[0].text, /^brambling/, 'a drop counts anywhere on the page');
    });

    test('takes the same photo again, and the page’s own drawing', async () => {
      assertTench(await classifyPhoto(page, tench));
      assertTench(await classifyPhoto(page, tench));
      await page.reload();
      await waitUntilReady(page);
      const [drawing] = await resultsAfter(page, 'our drawing', () => page.click('#sample'));
      assert.match(drawing.text, /^balloon/);
      await waitUntilKept(page);
    });

    test('classifies a photo that was chosen before the model was there', async () => {
      const slow = await startDemoSite();
      try {
        const releaseWorker = holdWorker(slow);
        await page.goto(slow.origin + MODEL_TAB, { waitsForWorkers: false });
        const shown = await resultsAfter(page, path.basename(tench), async () => {
          await page.setInputFiles('#file', [tench]);
          await page.waitFor(() => document.getElementById('photo')?.hidden === false, PATIENCE_MS);
          assert.equal(await page.evaluate(() => document.getElementById('status')?.dataset.state), 'loading');
          releaseWorker();
        });
        assertTench(shown);
        await waitUntilKept(page);
      } finally {
        await slow.close();
      }
      await openDemo(page, site.origin);
    });

    test('watches the camera until it is stopped', async () => {
      await resultsAfter(page, 'camera', () => page.click('#camera_start'));
      const runs = () => page.evaluate(() => Number(document.getElementById('results')?.dataset.run));
      const first = await runs();
      await page.waitFor((first) => Number(document.getElementById('results')?.dataset.run) >= first + 3, PATIENCE_MS, first);
      assert.equal((await readResults(page)).length, 5);
      assert.deepEqual(await cameraState(), { video: true, playing: true, start: false, stop: true, status: 'live' });
      await page.click('#camera_stop');
      assert.deepEqual(await cameraState(), { video: false, playing: false, start: true, stop: false, status: 'done' });
      const last = await runs();
      await new Promise((resolve) => setTimeout(resolve, 500));
      assert.equal(await runs(), last, 'nothing is looked at any more');
    });

    test('a photo ends the camera', async () => {
      await resultsAfter(page, 'camera', () => page.click('#camera_start'));
      assertTench(await classifyPhoto(page, tench));
      assert.deepEqual(await cameraState(), { video: false, playing: false, start: true, stop: false, status: 'done' });
    });

    test('without console errors or breaches of its Content-Security-Policy', () => assertQuiet(page, site));

    /**
     * Loads the page and notes each phase and each value of the bar.
     * @param {() => void} [begin] called when all is noted from now on
     * @returns {Promise<Observed>}
     */
    async function observeLoading(begin) {
      try {
        await page.goto(site.origin + MODEL_TAB, { waitsForWorkers: !begin });
        await page.evaluate(() => {
          const loading = /** @type {HTMLElement} */ (document.getElementById('loading'));
          const bar = /** @type {HTMLProgressElement} */ (document.getElementById('progress'));
          /** @type {Observed} */
          const observed = { phases: [], values: [] };
          Object.assign(window, { observed });
          new MutationObserver(() => {
            const phase = loading.dataset.phase;
            if (phase && phase !== observed.phases.at(-1)) observed.phases.push(phase);
            if (bar.hasAttribute('value') && bar.value !== observed.values.at(-1)) observed.values.push(bar.value);
          }).observe(loading, { attributes: true, childList: true, characterData: true, subtree: true });
        });
      } finally {
        begin?.();
      }
      await waitUntilReady(page);
      return page.evaluate(() => /** @type {any} */ (window).observed);
    }

    function cameraState() {
      return page.evaluate(() => {
        const [video, start, stop, status] = ['video', 'camera_start', 'camera_stop', 'status'].map(
          (id) => /** @type {HTMLElement} */ (document.getElementById(id)),
        );
        const playing = /** @type {MediaStream | null} */ (/** @type {HTMLVideoElement} */ (video).srcObject)?.active ?? false;
        return { video: !video.hidden, playing, start: !start.hidden, stop: !stop.hidden, status: status.dataset.state };
      });
    }
  });
}

/**
 * The recogniser's worker does not start before the returned function is called.
 * @param {import('./demo_site.js').DemoSite} site
 * @returns {() => void}
 */
function holdWorker(site) {
  let release = () => {};
  site.server.fault(WORKER_PATH, { hold: new Promise((resolve) => (release = () => resolve(undefined))) });
  return release;
}

/** @param {import('./demo_page.js').ShownClass[]} shown */
function assertTench(shown) {
  assert.equal(shown.length, 5);
  assert.equal(shown[0].index, TENCH.index);
  assert.ok(shown[0].text.startsWith(TENCH.name), shown[0].text);
}
