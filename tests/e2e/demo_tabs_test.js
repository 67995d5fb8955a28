/** The demo's tabs in every engine: each recognises the page's own samples, by mouse and keyboard, also without a network. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertQuiet, PATIENCE_MS, waitUntilKept } from './demo_page.js';
import { missingBundled, missingPage, samplesIn, startTabsSite } from './demo_site.js';
import { bestAfter, clickSample, labelOf, openTab, waitForTab } from './demo_tabs.js';
import { ENGINE_NAMES, launchEngine, missingEngine } from './engines/browser_engine.js';

/** Of a tab's samples, which were chosen to be clear, so many must be recognised. */
const MIN_RIGHT = 0.8;
const MODELS = { sign: 'sign_digits', listen: 'wake_words', read: 'intents', draw: 'doodles' };
const ENGLISH = { text: 'How much money is left in my checking account?', label: 'banking' };
const CHINESE = { text: '我想订一家有免费无线网的酒店', label: '酒店' };
const missingAny = [...Object.values(MODELS), 'intents_zh'].map(missingBundled).find(Boolean) || false;

for (const name of ENGINE_NAMES) {
  describe(`the demo's tabs in ${name}`, { skip: missingEngine(name) ?? missingPage() }, () => {
    /** @type {import('./engines/browser_engine.js').Engine} */
    let engine;
    /** @type {import('./engines/browser_engine.js').EnginePage} */
    let page;
    /** @type {Awaited<ReturnType<typeof startTabsSite>>} */
    let site;

    before(async () => {
      site = await startTabsSite();
      engine = await launchEngine(name, { fakeCamera: true });
      page = await engine.newPage();
    });
    after(async () => {
      await engine?.close();
      await site?.close();
    });

    for (const tab of /** @type {const} */ (['sign', 'draw', 'listen'])) {
      test(`${tab}: recognises its samples`, { skip: missingBundled(MODELS[tab]) }, async (t) => {
        await openTab(page, site.origin, tab);
        const samples = samplesIn(MODELS[tab]).map(labelOf);
        assert.ok(samples.length >= 5, `${samples.length} samples`);
        const wrong = [];
        for (const label of samples) {
          const best = await bestAfter(page, tab, label, () => clickSample(page, tab, label));
          if (best.label !== label) wrong.push(`${label}: ${best.label} ${best.score.toFixed(3)}`);
          assert.ok(best.medianMs >= 0);
        }
        t.diagnostic(`${name}, ${tab}: ${samples.length - wrong.length} of ${samples.length} ${wrong.join('; ')}`);
        assert.ok(samples.length - wrong.length >= MIN_RIGHT * samples.length, wrong.join('; '));
      });
    }

    test('sign: the camera is watched until it is stopped', { skip: missingBundled(MODELS.sign) }, async () => {
      await openTab(page, site.origin, 'sign');
      await bestAfter(page, 'sign', 'camera', () => page.click('#panel_sign [data-part=camera_start]'));
      const count = () => page.evaluate(() => Number(/** @type {HTMLElement} */ (document.querySelector('#panel_sign [data-part=latency]')).dataset.count));
      await page.waitFor(() => Number(/** @type {HTMLElement} */ (document.querySelector('#panel_sign [data-part=latency]')).dataset.count) >= 3, PATIENCE_MS);
      assert.ok((await count()) <= 60);
      // Another tab in front ends it.
      await page.click('#tab_draw');
      const video = await page.evaluate(() => /** @type {HTMLVideoElement} */ (document.querySelector('#panel_sign video')).srcObject);
      assert.equal(video, null);
    });

    test('listen: what was heard is logged with its time, and drawn', { skip: missingBundled(MODELS.listen) }, async () => {
      await openTab(page, site.origin, 'listen');
      const [word] = samplesIn(MODELS.listen).map(labelOf);
      await bestAfter(page, 'listen', word, () => clickSample(page, 'listen', word));
      const heard = await page.evaluate(() => ({
        rows: [...document.querySelectorAll('#panel_listen .heard_row')].map((row) => row.textContent),
        chips: [...document.querySelectorAll('#panel_listen .word')].map((chip) => chip.textContent),
        columns: [...document.querySelectorAll('#panel_listen canvas')].map((canvas) => Number(/** @type {HTMLElement} */ (canvas).dataset.columns)),
      }));
      assert.match(heard.rows.join('\n'), new RegExp(`^0:0\\d\\.\\d${word}\\d+\\.\\d %$`, 'm'));
      assert.ok(heard.chips.includes(word) && !heard.chips.includes('other'), heard.chips.join());
      // 1.2 s in columns of 20 ms, and silence.
      for (const columns of heard.columns) assert.ok(columns >= 55 && columns < 200, String(heard.columns));
      // The next one ends the one that plays.
      const other = samplesIn(MODELS.listen).map(labelOf)[1];
      await clickSample(page, 'listen', word);
      const best = await bestAfter(page, 'listen', other, () => clickSample(page, 'listen', other));
      assert.equal(best.label, other);
    });

    test('draw: a drawing is recognised while it is drawn, undone and cleared', { skip: missingBundled(MODELS.draw) }, async () => {
      await openTab(page, site.origin, 'draw');
      const best = await bestAfter(page, 'draw', 'drawing', () => page.drag('#panel_draw [data-part=pad]', rhombus()));
      assert.equal(best.label, 'diamond');
      const looks = await page.evaluate(() => Number(/** @type {HTMLElement} */ (document.querySelector('#panel_draw [data-part=latency]')).dataset.count));
      assert.ok(looks > 1, 'only looked at in the end');
      const state = () =>
        page.evaluate(() => ({
          rows: document.querySelectorAll('#panel_draw .result').length,
          undo: /** @type {HTMLButtonElement} */ (document.querySelector('#panel_draw [data-part=undo]')).disabled,
          seen: /** @type {HTMLElement} */ (document.querySelector('#panel_draw [data-part=seen_figure]')).hidden,
        }));
      assert.deepEqual(await state(), { rows: 5, undo: false, seen: false });
      await page.click('#panel_draw [data-part=undo]');
      await page.waitFor(() => document.querySelectorAll('#panel_draw .result').length === 0, PATIENCE_MS);
      assert.deepEqual(await state(), { rows: 0, undo: true, seen: true });
    });

    test('read: English and Chinese, the language chosen by the characters', { skip: missingBundled(MODELS.read) || missingBundled('intents_zh') }, async () => {
      await openTab(page, site.origin, 'read');
      await page.click('#panel_read textarea');
      await page.press('a');
      await page.waitFor(() => document.querySelectorAll('#panel_read .result').length > 0, PATIENCE_MS);
      for (const { text, label } of [ENGLISH, CHINESE, ENGLISH]) {
        const best = await bestAfter(page, 'read', text, () => page.evaluate(type, text));
        assert.equal(best.label, label);
        const language = await page.evaluate(() => /** @type {HTMLInputElement} */ (document.querySelector('#panel_read input:checked')).value);
        assert.equal(language, text === CHINESE.text ? 'zh' : 'en');
      }
      await page.click('#panel_read input[value=zh]');
      await bestAfter(page, 'read', CHINESE.text, () => clickSample(page, 'read', CHINESE.text));
    });

    test('an address that names no tab shows the first one', { skip: missingBundled(MODELS.sign) }, async () => {
      for (const hash of ['toString', 'nothing', '']) {
        await page.goto(`${site.origin}/?hash=${hash}#${hash}`);
        await waitForTab(page, 'sign');
      }
    });

    test('tabs answer to arrow keys, Home and End, and name themselves in the address', { skip: missingAny }, async () => {
      await openTab(page, site.origin, 'sign');
      await page.evaluate(() => document.getElementById('tab_sign')?.focus());
      /** @type {[string, string][]} */
      const steps = [['ArrowRight', 'listen'], ['ArrowRight', 'read'], ['ArrowLeft', 'listen'], ['Home', 'sign'], ['ArrowLeft', 'model'], ['ArrowRight', 'sign'], ['End', 'model'], ['Home', 'sign']];
      for (const [key, tab] of steps) {
        await page.press(key);
        const state = await page.evaluate(() => ({
          selected: [...document.querySelectorAll('[role=tab][aria-selected=true]')].map(({ id }) => id),
          focus: document.activeElement?.id,
          stops: [...document.querySelectorAll('[role=tab]')].filter((tab) => /** @type {HTMLElement} */ (tab).tabIndex === 0).map(({ id }) => id),
          panels: [...document.querySelectorAll('[role=tabpanel]')].filter((panel) => !(/** @type {HTMLElement} */ (panel).hidden)).map(({ id }) => id),
          hash: location.hash,
        }));
        const id = `tab_${tab}`;
        assert.deepEqual(state, { selected: [id], focus: id, stops: [id], panels: [`panel_${tab}`], hash: `#${tab}` }, key);
        if (tab !== 'model') await waitForTab(page, tab);
      }
    });

    test('About names every model with its accuracy and where its data came from', { skip: missingAny }, async () => {
      await openTab(page, site.origin, 'sign');
      await page.click('#about_open');
      const entries = await page.evaluate(() => {
        const dialog = /** @type {HTMLDialogElement} */ (document.getElementById('about'));
        return dialog.open ? [...dialog.querySelectorAll('.about_model')].map((entry) => /** @type {HTMLElement} */ (entry).innerText) : [];
      });
      assert.equal(entries.length, 5);
      for (const entry of entries) assert.match(entry, /\d+\.\d % right of \d+ test examples · \d+ KB · \S/);
      for (const word of ['Mavi', 'Picovoice', 'CLINC150', 'CrossWOZ', 'Quick, Draw!']) assert.ok(entries.some((entry) => entry.includes(word)), word);
      await page.press('Escape');
      await page.waitFor(() => !(/** @type {HTMLDialogElement} */ (document.getElementById('about')).open), PATIENCE_MS);
    });

    test('after one visit to one tab every tab works without a network', { skip: missingAny }, async (t) => {
      const fresh = await startTabsSite();
      try {
        await openTab(page, fresh.origin, 'sign');
        await waitUntilKept(page);
        await page.evaluate(keepOldDoodles);
        await openTab(page, fresh.origin, 'sign');
        await waitUntilKept(page);
        const kept = await page.evaluate(async () => {
          const { storage } = await import(/** @type {string} */ ('/minnow/minnow.js'));
          return (await storage.list()).map((/** @type {{ url: string }} */ { url }) => new URL(url).search);
        });
        assert.equal(kept.length, 5, 'one version of each model');
        assert.ok(!kept.includes('?v=old'), 'the old one has gone');
        fresh.server.off();
        fresh.server.clearLog();
        for (const [tab, model] of /** @type {[keyof typeof MODELS, string][]} */ (Object.entries(MODELS))) {
          await openTab(page, fresh.origin, tab);
          const sample = tab === 'read' ? ENGLISH.text : labelOf(samplesIn(model)[0]);
          await bestAfter(page, tab, sample, () => clickSample(page, tab, sample));
          if (tab === 'read') await bestAfter(page, tab, CHINESE.text, () => page.evaluate(type, CHINESE.text));
        }
        assert.deepEqual(fresh.server.pageRequests.map((request) => request.path), []);
        t.diagnostic(`${name}: four tabs, five models, no request`);
        await waitUntilKept(page);
      } finally {
        await fresh.close();
      }
    });

    test('without console errors or breaches of its Content-Security-Policy', () => assertQuiet(page, site));
  });
}

/** Runs in the page: as an earlier build of the page would have left it. */
async function keepOldDoodles() {
  const { Model, storage } = await import(/** @type {string} */ ('/minnow/minnow.js'));
  const model = await Model.create('models/doodles/?v=old');
  while (!(await storage.list()).some((/** @type {{ url: string }} */ { url }) => url.endsWith('?v=old'))) await new Promise((resolve) => setTimeout(resolve, 50));
  model.dispose();
}

/** Shares of the drawing pad, 4 : 3. @returns {[number, number][]} */
function rhombus() {
  const corners = [[0.5, 0.15], [0.7, 0.5], [0.5, 0.85], [0.3, 0.5], [0.5, 0.15]];
  return corners.slice(1).flatMap(([x, y], i) => {
    const [fromX, fromY] = corners[i];
    return Array.from({ length: 9 }, (_, step) => /** @type {[number, number]} */ ([fromX + ((x - fromX) * step) / 8, fromY + ((y - fromY) * step) / 8]));
  });
}

/** Runs in the page. @param {string} text */
function type(text) {
  const input = /** @type {HTMLTextAreaElement} */ (document.querySelector('#panel_read textarea'));
  input.value = text;
  input.dispatchEvent(new InputEvent('input', { bubbles: true }));
}
