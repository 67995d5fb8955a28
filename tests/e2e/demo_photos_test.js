/** All photos through the page of each engine: the same classes as the native tool and as LiteRT.js. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { DATA, listPhotos, runPhotos } from '../parity/native_minnow.js';
import { topClass } from '../parity/output_comparison.js';
import { LiteRtReference } from '../reference/litert_reference.js';
import { assertQuiet, classifyPhoto, openDemo } from './demo_page.js';
import { DEMO_MODEL, hasRelaxedModule, missingDemo, packDemoModel, startDemoSite } from './demo_site.js';
import { ENGINE_NAMES, launchEngine, missingEngine } from './engines/browser_engine.js';

/** @typedef {import('../parity/native_minnow.js').PhotoAnswer} PhotoAnswer */
/** @typedef {import('./demo_page.js').ShownClass} ShownClass */

const MIN_SAME_TOP = 0.99;
const MAX_SCORE_DIFFERENCE = 0.05;
/** The fastest variant that each engine runs; WebKitGTK has no relaxed SIMD. */
const BEST_VARIANT = { chromium: 'relaxed', firefox: 'relaxed', webkit: 'simd128' };

describe('the demo on 100 photos', { skip: missingDemo() || missingEngine('chromium') || false }, () => {
  const photos = listPhotos();
  /** @type {PhotoAnswer[]} */
  let native;
  /** Best class of each photo. @type {number[]} */
  let litert;

  before(async () => {
    const { answers, inputs } = await runPhotos(await packDemoModel(), photos);
    native = answers;
    const reference = await LiteRtReference.open();
    try {
      await reference.load(path.join(DATA, DEMO_MODEL));
      const outputs = await reference.run(inputs, photos.length);
      litert = photos.map((_, run) => topClass(outputs, run, outputs.length / photos.length));
    } finally {
      await reference.close();
    }
  });

  for (const name of ENGINE_NAMES) {
    describe(name, { skip: missingEngine(name) ?? false }, () => {
      /** @type {import('./engines/browser_engine.js').Engine} */
      let engine;
      /** @type {import('./engines/browser_engine.js').EnginePage} */
      let page;
      /** @type {import('./demo_site.js').DemoSite} */
      let site;
      /** @type {ShownClass[][]} */
      const shown = [];

      before(async () => {
        site = await startDemoSite();
        engine = await launchEngine(name);
        page = await engine.newPage();
        await openDemo(page, site.origin);
      });
      after(async () => {
        await engine?.close();
        await site?.close();
      });

      test('runs the best variant', async (t) => {
        const variant = await page.evaluate(() => document.getElementById('fact_variant')?.dataset.value);
        t.diagnostic(`${name} ${engine.version} runs ${variant}`);
        assert.equal(variant, hasRelaxedModule() ? BEST_VARIANT[name] : 'simd128');
      });

      test('names the same class as native and LiteRT.js for at least 99 of 100', async (t) => {
        const begunAt = performance.now();
        for (const photo of photos) shown.push(await classifyPhoto(page, photo));
        const seconds = (performance.now() - begunAt) / 1000;

        const sameAsNative = shown.filter(([best], i) => best.index === native[i].top[0].index).length;
        const sameAsLitert = shown.filter(([best], i) => best.index === litert[i]).length;
        t.diagnostic(
          `${name}: top-1 as native ${sameAsNative} of ${photos.length}, as LiteRT.js ${sameAsLitert}; ${seconds.toFixed(1)} s`,
        );
        assert.ok(sameAsNative >= MIN_SAME_TOP * photos.length, differingPhotos(shown, photos, native));
        assert.ok(sameAsLitert >= MIN_SAME_TOP * photos.length);
        for (const classes of shown) assert.equal(classes.length, 5);
      });

      test('gives the native scores, exactly where the photo has no colour profile', (t) => {
        const differences = shown.map((classes, i) => largestDifference(classes, native[i]));
        const different = photos.filter((_, i) => differences[i] > 0);
        t.diagnostic(
          `${name}: all scores equal for ${photos.length - different.length} of ${photos.length} photos, ` +
            `largest difference ${Math.max(...differences)}`,
        );
        assert.ok(Math.max(...differences) <= MAX_SCORE_DIFFERENCE);
        // WebKit converts the colours of a photo with a profile, the others and the native tool take them as they are.
        const unexplained = different.filter((photo) => !readFileSync(photo).includes('ICC_PROFILE'));
        assert.deepEqual(unexplained, [], 'JPEG decoding or preprocessing is not what it was');
      });

      test('without console errors or breaches of its Content-Security-Policy', () => assertQuiet(page, site));
    });
  }
});

/**
 * Of the scores of the classes that both list among their five best.
 * @param {ShownClass[]} shown
 * @param {PhotoAnswer} native
 * @returns {number}
 */
function largestDifference(shown, { top }) {
  const theirs = new Map(top.map(({ index, score }) => [index, score]));
  return Math.max(...shown.map(({ index, score }) => Math.abs(score - (theirs.get(index) ?? score))));
}

/** @param {ShownClass[][]} shown @param {string[]} photos @param {PhotoAnswer[]} native @returns {string} */
function differingPhotos(shown, photos, native) {
  return shown
    .flatMap(([best], i) => {
      const wanted = native[i].top[0];
      return best.index === wanted.index ? [] : [`${path.basename(photos[i])}: ${best.text}, native: ${wanted.label} ${wanted.score}`];
    })
    .join('\n');
}
