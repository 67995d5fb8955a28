/** The "Your model" tab with packages of every task: by address, from chosen files, and dropped. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { assertQuiet, PATIENCE_MS, waitForError } from './demo_page.js';
import { bundledFolder, missingBundled, missingPage, samplesIn, startTabsSite } from './demo_site.js';
import { bestAfter, clickSteady, labelOf, waitForTab } from './demo_tabs.js';
import { ENGINE_NAMES, launchEngine, missingEngine } from './engines/browser_engine.js';
import { dropFiles } from './page_gestures.js';

const SENTENCE = 'How much money is left in my checking account?';
const missingAny = ['sign_digits', 'wake_words', 'intents', 'doodles'].map(missingBundled).find(Boolean);

for (const name of ENGINE_NAMES) {
  describe(`packages of one's own in ${name}`, { skip: missingEngine(name) ?? (missingPage() || missingAny || false) }, () => {
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
    });
    after(async () => {
      await engine?.close();
      await site?.close();
    });

    test('?model= names a package that reads: the tab takes text', async () => {
      await page.goto(`${site.origin}/?model=models/intents/`);
      await waitForTab(page, 'model');
      assert.deepEqual(await shownInputs(), ['text_input']);
      const best = await bestAfter(page, 'model', SENTENCE, () =>
        page.evaluate((text) => {
          const input = /** @type {HTMLTextAreaElement} */ (document.getElementById('text'));
          input.value = text;
          input.dispatchEvent(new InputEvent('input', { bubbles: true }));
        }, SENTENCE),
      );
      assert.equal(best.label, 'banking');
    });

    test('the files of a package are chosen: it looks at photos', async () => {
      await clickSteady(page, '#panel_model summary');
      await whenOpened(() => page.setInputFiles('#package_files', filesOf('doodles')), 'doodles');
      assert.deepEqual(await shownInputs(), ['picture_input']);
      const [sample] = samplesIn('doodles');
      const best = await bestAfter(page, 'model', path.basename(sample), () => page.setInputFiles('#file', [sample]));
      assert.equal(best.label, labelOf(sample));
      const isOffered = await page.evaluate(() => document.getElementById('delete_model')?.hidden === false);
      assert.equal(isOffered, false, 'nothing of it is kept');
    });

    test('an address is typed: it hears', async () => {
      await page.evaluate((address) => {
        /** @type {HTMLInputElement} */ (document.getElementById('package_url')).value = address;
      }, `${site.origin}/models/wake_words/`);
      await whenOpened(() => clickSteady(page, '#package_open'), 'wake_words');
      assert.deepEqual(await shownInputs(), ['sound_input']);
      const [sample] = samplesIn('wake_words');
      const best = await bestAfter(page, 'model', path.basename(sample), () => page.setInputFiles('#sound_file', [sample]));
      assert.equal(best.label, labelOf(sample));
    });

    test('of two packages opened at once the later one stays', async () => {
      await page.evaluate((origin) => {
        for (const model of ['intents', 'doodles']) {
          /** @type {HTMLInputElement} */ (document.getElementById('package_url')).value = `${origin}/models/${model}/`;
          document.getElementById('package_open')?.click();
        }
      }, site.origin);
      await page.waitFor(() => document.getElementById('model_name')?.textContent === 'doodles', PATIENCE_MS);
      await waitForTab(page, 'model');
      const [sample] = samplesIn('doodles');
      const best = await bestAfter(page, 'model', path.basename(sample), () => page.setInputFiles('#file', [sample]));
      assert.equal(best.label, labelOf(sample));
    });

    test('a package is dropped', async () => {
      await whenOpened(() => dropFiles(page, 'footer', filesOf('sign_digits')), 'sign_digits');
      const [sample] = samplesIn('sign_digits');
      const best = await bestAfter(page, 'model', path.basename(sample), () => dropFiles(page, 'footer', [sample]));
      assert.equal(best.label, labelOf(sample));
    });

    test('files that are no package, or only a part of one, are named', async () => {
      await page.setInputFiles('#package_files', [samplesIn('doodles')[0]]);
      await page.waitFor(() => /No manifest\.json is among the files/.test(document.getElementById('status')?.textContent ?? ''), PATIENCE_MS);
      const [shard] = filesOf('doodles').filter((file) => file.endsWith('.mnw'));
      await page.setInputFiles('#package_files', filesOf('doodles').filter((file) => file !== shard));
      const error = await waitForError(page);
      assert.equal(error.kind, 'missing_file');
      assert.ok(error.text.includes(path.basename(shard)), error.text);
      assert.match(error.text, /Choose all files of the package at once/);
    });

    test('without console errors or breaches of its Content-Security-Policy', () => assertQuiet(page, site));

    /** Of the three, those that are shown. */
    function shownInputs() {
      return page.evaluate(() => ['picture_input', 'sound_input', 'text_input'].filter((id) => document.getElementById(id)?.hidden === false));
    }

    /** @param {() => Promise<void>} action @param {string} model */
    async function whenOpened(action, model) {
      await action();
      await page.waitFor((model) => document.getElementById('model_name')?.textContent === model, PATIENCE_MS, model);
      await waitForTab(page, 'model');
    }
  });
}

/** The package's files, without their compressed copies for servers. @param {string} model */
function filesOf(model) {
  const folder = bundledFolder(model);
  return readdirSync(folder).filter((file) => !/\.(br|gz)$/.test(file)).map((file) => path.join(folder, file));
}
