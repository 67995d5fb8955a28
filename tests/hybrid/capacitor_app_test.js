/** A Capacitor app with the npm package as it is: `cap add`, `cap sync`, and recognition in both WebViews' servers. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launchEngine, missingEngine } from '../e2e/engines/browser_engine.js';
import { evaluateInApp, missingSchemes } from './app_scheme_page.js';
import { assertPlainRequests, recogniseSamples, useExample, waitForExample } from './app_session.js';
import { CapacitorApp, missingCapacitor, root, succeeding } from './hybrid_apps.js';
import { WebViewServer } from './webview_server.js';

const MODELS = ['sign_digits', 'intents'];

/** @param {string} folder @returns {Map<string, string>} contents by path */
function contentsOf(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name))).sort();
  return new Map(paths.map((file) => [file, readFileSync(path.join(folder, file), 'base64')]));
}

describe('Capacitor app', { skip: missingCapacitor || missingEngine('chromium') }, () => {
  const app = new CapacitorApp();

  before(async () => {
    await app.create();
    for (const platform of ['android', 'ios']) await succeeding(app.capacitor('add', platform));
  });
  after(() => app.remove());

  test('cap sync brings every file of the web folder, and later changes', async () => {
    writeFileSync(path.join(app.folder, 'dist/later.txt'), 'a file that came after cap add');
    await succeeding(app.capacitor('sync'));
    const built = contentsOf(path.join(app.folder, 'dist'));
    for (const name of ['minnow/minnow-worker.js', 'minnow/wasm/minnow-relaxed.wasm', 'models/intents/manifest.json', 'later.txt']) {
      assert.ok(built.has(name), name);
    }
    for (const file of readdirSync(path.join(root, 'wasm_glue/dist/wasm')).filter((name) => !name.includes('-threads'))) {
      assert.equal(built.get(`minnow/wasm/${file}`), readFileSync(path.join(root, 'wasm_glue/dist/wasm', file), 'base64'), file);
    }
    for (const platform of /** @type {const} */ (['android', 'ios'])) {
      const synced = contentsOf(app.www(platform));
      // Capacitor adds these, empty, for Cordova plugins.
      for (const own of ['cordova.js', 'cordova_plugins.js']) synced.delete(own);
      assert.deepEqual([...synced], [...built], platform);
    }
  });

  test('at capacitor://localhost, in WebKit: the page recognises', { skip: missingSchemes, timeout: 120_000 }, async () => {
    const shown = { www: app.www('ios'), address: 'capacitor://localhost/' };
    await recogniseSamples({ evaluate: (fn, ...args) => evaluateInApp(shown, fn, ...args) }, MODELS);
  });

  /** @type {[import('./webview_server.js').WebViewName, 'android' | 'ios', import('../e2e/engines/browser_engine.js').EngineName][]} */
  const runs = [
    ['capacitor-android', 'android', 'chromium'],
    ['capacitor-ios', 'ios', 'chromium'],
    ['capacitor-ios', 'ios', 'webkit'],
  ];
  for (const [webView, platform, engineName] of runs) {
    test(`as ${webView} serves it, in ${engineName}: the page recognises`, { skip: missingEngine(engineName), timeout: 120_000 }, async () => {
      const server = await new WebViewServer(webView, app.www(platform)).start();
      const engine = await launchEngine(engineName, { flags: server.chromiumFlags });
      try {
        const page = await engine.newPage();
        await page.goto(`${server.origin}/`);
        await waitForExample(page, MODELS);
        await useExample(page);
        await recogniseSamples(page, MODELS);
        assertPlainRequests(server.requests);
        // A route of a single-page app is the same page, and a missing model is still said to be missing.
        const answers = await page.evaluate(async () => {
          const route = await (await fetch('/some/route')).text();
          const { Model } = await import(new URL('minnow/minnow.js', document.baseURI).href);
          const missing = await Model.create('/models/nothing', { storage: 'none' }).then(() => 'none', (/** @type {any} */ error) => `${error.code} ${error.url}`);
          return { isPage: route.includes('<title>Minnow in a Capacitor app</title>'), missing };
        });
        assert.equal(answers.isPage, true);
        assert.match(answers.missing, /^(HTTP|NETWORK) .*\/models\/nothing\/manifest\.json$/);
      } finally {
        await engine.close();
        await server.close();
      }
    });
  }
});
