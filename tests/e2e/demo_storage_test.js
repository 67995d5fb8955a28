/** The dialog of what is kept on this device, in each engine: lists, deletes, renews. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { assertQuiet, waitUntilKept } from './demo_page.js';
import { missingBundled, missingPage, startTabsSite } from './demo_site.js';
import { openStorage, openTab, storageSays } from './demo_tabs.js';
import { ENGINE_NAMES, launchEngine, missingEngine } from './engines/browser_engine.js';

const MODELS = ['sign_digits', 'wake_words', 'intents', 'intents_zh', 'doodles'];
const missingAny = MODELS.map(missingBundled).find(Boolean);
const MANIFEST = fileURLToPath(new URL('../../models/doodles/package/manifest.json', import.meta.url));

for (const name of ENGINE_NAMES) {
  describe(`storage of the demo in ${name}`, { skip: missingEngine(name) ?? (missingPage() || missingAny || false) }, () => {
    /** @type {import('./engines/browser_engine.js').Engine} */
    let engine;
    /** @type {import('./engines/browser_engine.js').EnginePage} */
    let page;
    /** @type {Awaited<ReturnType<typeof startTabsSite>>} */
    let site;

    before(async () => {
      site = await startTabsSite();
      engine = await launchEngine(name);
      page = await engine.newPage();
      await openTab(page, site.origin, 'draw');
      await waitUntilKept(page);
    });
    after(async () => {
      await engine?.close();
      await site?.close();
    });

    const fetched = () => site.server.requests.map(({ path: asked }) => asked).filter((asked) => /\/models\//.test(asked));

    test('lists every model with its size', async () => {
      await openStorage(page);
      const { total, models } = await storageSays(page, '');
      assert.equal(models.length, MODELS.length);
      assert.match(total, /^5 models, \d+ KB\./);
      const doodles = models.find((text) => text.startsWith('Drawings'));
      const { shards, labels } = JSON.parse(readFileSync(MANIFEST, 'utf8'));
      const bytes = [...shards, labels].reduce((sum, file) => sum + file.bytes, 0);
      assert.equal(doodles, `Drawings ${Math.round(bytes / 1000)} KB · used today`);
    });

    test('a deleted model is fetched again by the next visit, and nothing else', async () => {
      await page.click('#storage_models > li[data-url*="doodles"] button');
      const { models } = await storageSays(page, 'Drawings is deleted.');
      assert.equal(models.length, MODELS.length - 1);
      site.server.clearLog();
      await openTab(page, site.origin, 'draw');
      await waitUntilKept(page);
      assert.ok(fetched().length > 1 && fetched().every((asked) => asked.includes('/doodles/')), String(fetched()));
    });

    test('looks for newer versions, and the next visit uses them', async () => {
      await openStorage(page);
      await page.click('#storage_update');
      await storageSays(page, 'All models are the newest.');
      const newer = readFileSync(MANIFEST, 'utf8').replace(/"name":\s*"[^"]*"/, '"name": "doodles, renewed"');
      site.server.fault('/models/doodles/manifest.json', { body: newer, contentType: 'application/json' });
      site.server.clearLog();
      await page.click('#storage_update');
      await storageSays(page, 'Newer: Drawings. Used from the next visit on.');
      assert.ok(fetched().every((asked) => asked.endsWith('manifest.json')), 'no file has changed');
      site.server.clearLog();
      await openTab(page, site.origin, 'draw');
      assert.deepEqual(fetched(), []);
      site.server.fault('/models/wake_words/manifest.json', { body: '<!doctype html><title>Home</title>', contentType: 'text/html' });
      await openStorage(page);
      await page.click('#storage_update');
      await storageSays(page, 'No answer about Wake words. Check the connection and try again.');
    });

    test('deletes all', async () => {
      await page.click('#storage_clear');
      const { total, models } = await storageSays(page, 'All models are deleted.');
      assert.deepEqual(models, []);
      assert.match(total, /^No model is kept on this device\./);
      assert.equal(await page.evaluate(() => document.getElementById('offline')?.dataset.state), 'unavailable');
    });

    test('without console errors or breaches of its Content-Security-Policy', () => assertQuiet(page, site));
  });
}
