/// <reference path="../../cordova_plugin/types/minnow_plugin.d.ts" />
/** A Cordova app with the plugin, from `cordova create` to recognition in every WebView's server. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launchEngine, missingEngine } from '../e2e/engines/browser_engine.js';
import { waitUntilTrue } from '../e2e/engines/wait_until_true.js';
import { startTestServer } from '../e2e/test_server.js';
import { evaluateInApp, missingSchemes } from './app_scheme_page.js';
import { assertPlainRequests, recogniseSamples, useExample, waitForExample } from './app_session.js';
import { CordovaApp, missing, pluginSources, root, succeeding } from './hybrid_apps.js';
import { WEB_VIEWS, WebViewServer } from './webview_server.js';

/** @typedef {import('../e2e/engines/browser_engine.js').EngineName} EngineName */
/** @typedef {import('./hybrid_apps.js').Platform} Platform */

const PLATFORMS = /** @type {const} */ (['browser', 'android', 'ios']);
const MODELS = ['doodles', 'sign_digits', 'intents', 'wake_words'];
/** A page in a folder, without a Content-Security-Policy. */
const PAGE = '<!doctype html><html><head><title>page</title><script src="../cordova.js"></script></head><body></body></html>';

/** @param {string} file */
const sha256 = (file) => createHash('sha256').update(readFileSync(file)).digest('hex');

/** @param {string} folder @returns {string[]} */
const filesIn = (folder) => readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
  .sort();

describe('Cordova app', { skip: missing || missingEngine('chromium') }, () => {
  const app = new CordovaApp();

  before(async () => {
    await app.create(PLATFORMS);
    mkdirSync(path.join(app.folder, 'www/pages'));
    writeFileSync(path.join(app.folder, 'www/pages/page.html'), PAGE);
    await succeeding(app.cordova('prepare'));
  });
  after(() => app.remove());

  for (const platform of PLATFORMS) {
    test(`${platform} has every file at its served path`, () => {
      const www = app.www(platform);
      const runtime = filesIn(path.join(app.plugin, 'minnow'));
      assert.ok(runtime.length >= 12, String(runtime));
      for (const file of runtime) assert.equal(sha256(path.join(www, 'minnow', file)), sha256(path.join(root, 'wasm_glue/dist', file)), file);
      for (const file of filesIn(path.join(pluginSources, 'example/www'))) {
        // cordova-android and cordova-ios leave pages as they are.
        assert.equal(sha256(path.join(www, file)), sha256(path.join(pluginSources, 'example/www', file)), file);
      }
      for (const model of MODELS) assertPlainModel(path.join(root, 'models', model, 'package'), path.join(www, 'models', model));
      assert.deepEqual(filesIn(path.join(www, 'minnow')), [...runtime, 'models.json'].sort());
      const registry = JSON.parse(readFileSync(path.join(www, 'minnow/models.json'), 'utf8'));
      assert.deepEqual(registry.models.map((/** @type {any} */ { name }) => name), MODELS);
      assert.match(readFileSync(path.join(www, 'cordova_plugins.js'), 'utf8'), /"?clobbers"?: \[\s*"minnow"\s*\]/);
    });
  }

  test('cordova run browser: the page recognises', { timeout: 120_000 }, async () => {
    const { origin, stop } = await runBrowser(app);
    const engine = await launchEngine('chromium');
    try {
      const page = await engine.newPage();
      await page.goto(`${origin}/index.html`);
      await waitForExample(page, MODELS);
      await useExample(page);
      await recogniseSamples(page, MODELS);
    } finally {
      await engine.close();
      await stop();
    }
  });

  test('a page in a folder finds the runtime; models of another origin are kept, those of the app are not', { timeout: 120_000 }, async () => {
    const remote = await startTestServer({ '/elsewhere/': path.join(root, 'models/doodles/package') }, { headersFor: () => ({ 'Access-Control-Allow-Origin': '*' }) });
    try {
      await inWebView(app, 'cordova-android', 'chromium', '/pages/page.html', async (page, server) => {
        const kept = await page.evaluate(async (elsewhere) => {
          const [{ url }] = await window.minnow.models();
          const before = await window.minnow.storage.list();
          const found = [];
          for (const source of [url, elsewhere, elsewhere]) {
            const classifier = await window.minnow.ImageClassifier.create(source);
            found.push({ fromCache: classifier.info.fromCache, threads: classifier.threads });
            classifier.dispose();
          }
          return { url, before, found, after: await window.minnow.storage.list() };
        }, `${remote.origin}/elsewhere/`);
        assert.equal(kept.url, `${server.origin}/models/doodles/`);
        assert.deepEqual(kept.before, []);
        assert.deepEqual(kept.found, [false, false, true].map((fromCache) => ({ fromCache, threads: 1 })));
        assert.deepEqual(kept.after.map(({ url }) => url), [`${remote.origin}/elsewhere/manifest.json`]);
      });
    } finally {
      await remote.close();
    }
  });

  /** @type {[import('./webview_server.js').WebViewName, Platform, EngineName][]} */
  const runs = [
    ['cordova-android', 'android', 'chromium'],
    ['cordova-ios', 'ios', 'chromium'],
    ['cordova-ios', 'ios', 'webkit'],
  ];
  for (const [webView, , engineName] of runs) {
    test(`as ${webView} serves it, in ${engineName}: the page recognises`, { skip: missingEngine(engineName), timeout: 120_000 }, async () => {
      await inWebView(app, webView, engineName, '/index.html', async (page, server) => {
        await waitForExample(page, MODELS);
        await useExample(page);
        await recogniseSamples(page, MODELS);
        assertPlainRequests(server.requests);
        const missingModel = await page.evaluate(() => window.minnow.Model.create('models/nothing').then(() => 'none', (error) => `${error.code} ${error.url}`));
        assert.match(missingModel, /^(HTTP|NETWORK) .*\/models\/nothing\/manifest\.json$/);
      });
    });
  }

  test('at app://localhost, in WebKit: the page recognises', { skip: missingSchemes, timeout: 120_000 }, async () => {
    const shown = { www: app.www('ios'), address: 'app://localhost/', bridge: WEB_VIEWS['cordova-ios'].bridge };
    await recogniseSamples({ evaluate: (fn, ...args) => evaluateInApp(shown, fn, ...args) }, MODELS);
    const place = await evaluateInApp(shown, async () => ({
      origin: location.origin,
      models: (await window.minnow.models()).map(({ url }) => url),
      missing: await window.minnow.Model.create('models/nothing').then(() => 'none', (error) => `${error.code} ${error.url}`),
    }));
    assert.deepEqual(place, { origin: 'app://localhost', models: MODELS.map((name) => `app://localhost/models/${name}/`), missing: 'NETWORK app://localhost/models/nothing/manifest.json' });
  });

  test('a file that is not in the app, and a damaged one, are said by name', { timeout: 120_000 }, async () => {
    const www = path.join(app.folder, 'broken');
    cpSync(app.www('ios'), www, { recursive: true });
    const shard = filesIn(path.join(www, 'models/doodles')).find((file) => file.endsWith('.mnw')) ?? '';
    writeFileSync(path.join(www, 'models/doodles', shard), Buffer.alloc(35922));
    writeFileSync(path.join(www, 'minnow/vision.js'), 'this is no script');
    const failures = await inWebView(www, 'cordova-ios', 'chromium', '/pages/page.html', (page) => page.evaluate(async () => {
      const { minnow } = window;
      const failed = (/** @type {Promise<unknown>} */ promise) => promise.then(() => 'none', (error) => `${error.name} ${error.code}: ${error.message}`);
      return [
        await failed(minnow.ImageClassifier.create('../models/doodles')),
        await failed(minnow.ObjectDetector.create('../models/doodles')),
        await failed(minnow.TextClassifier.create('../models/doodles')),
      ];
    }));
    assert.match(failures[0], new RegExp(`^MinnowError INTEGRITY: .*${shard}`));
    assert.match(failures[1], /^MinnowError UNSUPPORTED_BROWSER: .*minnow\/vision\.js is not understood/);
    assert.match(failures[2], /^MinnowError INTEGRITY/);
  });

  describe('settings that keep models from running', () => {
    const config = () => path.join(app.folder, 'config.xml');
    /** @type {string} */
    let original;
    before(() => {
      original = readFileSync(config(), 'utf8');
    });
    after(() => writeFileSync(config(), original));

    /** @param {(xml: string) => string} change @param {string} [platform] */
    const prepareWith = async (change, platform = 'android') => {
      const xml = change(original);
      assert.notEqual(xml, original);
      writeFileSync(config(), xml);
      return app.cordova('prepare', platform);
    };
    /** @param {string} preference */
    const adding = (preference) => (/** @type {string} */ xml) => xml.replace('</widget>', `${preference}\n</widget>`);

    test('a missing folder and one that Android would drop', async () => {
      const { code, output } = await prepareWith((xml) => xml.replace('../../models/doodles', '../../models/no_such'));
      assert.equal(code, 1);
      assert.match(output, /cordova-plugin-minnow: The model's folder .*models\/no_such does not exist: give a folder that "minnow pack/);
      const dropped = await prepareWith((xml) => xml.replace('../../models/doodles', '_doodles=../../models/doodles'));
      assert.equal(dropped.code, 1);
      assert.match(dropped.output, /the name "_doodles" in an app, since Android leaves such folders out/);
    });

    test('file:// and http', async () => {
      const file = await prepareWith(adding('<preference name="AndroidInsecureFileModeEnabled" value="true" />'));
      assert.match(`${file.code} ${file.output}`, /^1 [\s\S]*AndroidInsecureFileModeEnabled opens the app from file:\/\//);
      const http = await prepareWith(adding('<preference name="Scheme" value="http" /><preference name="hostname" value="app.example" />'));
      assert.match(`${http.code} ${http.output}`, /^1 [\s\S]*http:\/\/app\.example, which is no secure context/);
      const ios = await prepareWith((xml) => xml.replace('name="scheme" value="app"', 'name="scheme" value="file"'), 'ios');
      assert.match(`${ios.code} ${ios.output}`, /^1 [\s\S]*cordova-ios opens the app from file:\/\//);
    });

    test('a Content-Security-Policy without WebAssembly', async () => {
      const index = path.join(app.folder, 'www/index.html');
      const html = readFileSync(index, 'utf8');
      writeFileSync(index, html.replace(" 'wasm-unsafe-eval'", ''));
      const { code, output } = await app.cordova('prepare', 'browser');
      writeFileSync(index, html);
      assert.equal(code, 1);
      assert.match(output, /The Content-Security-Policy of www\/index\.html forbids WebAssembly: add 'wasm-unsafe-eval' to its script-src/);
    });

    test('a model that config.xml no longer names leaves the app, for one platform alone if it says so', async () => {
      const only = '<platform name="android">\n<preference name="MinnowModels" value="sketches=../../models/doodles" />\n</platform>';
      const { code, output } = await prepareWith(adding(only));
      assert.equal(code, 0, output);
      assert.deepEqual(readdirSync(path.join(app.www('android'), 'models')), ['sketches']);
      const registry = JSON.parse(readFileSync(path.join(app.www('android'), 'minnow/models.json'), 'utf8'));
      assert.deepEqual(registry.models.map((/** @type {any} */ { url }) => url), ['models/sketches/']);
    });
  });
});

describe('the nested tests', { skip: missing || missingEngine('chromium') }, () => {
  const app = new CordovaApp();
  after(() => app.remove());

  test('pass in cordova-plugin-test-framework', { timeout: 120_000 }, async () => {
    await app.create(['ios']);
    await succeeding(app.cordova('plugin', 'add', path.join(root, 'tests/hybrid/node_modules/cordova-plugin-test-framework')));
    await succeeding(app.cordova('plugin', 'add', path.join(app.plugin, 'tests')));
    await succeeding(app.cordova('prepare'));
    await inWebView(app, 'cordova-ios', 'chromium', '/cdvtests/index.html', async (page) => {
      await page.waitFor(() => [...document.querySelectorAll('#buttons *')].some(({ textContent }) => textContent === 'Auto Tests'));
      await page.evaluate(() => localStorage.setItem('cdvtests-mode', 'auto'));
      await page.reload();
      await page.waitFor(() => document.querySelector('.jasmine-bar.jasmine-passed, .jasmine-bar.jasmine-failed'), 90_000);
      const { bar, failures } = await page.evaluate(() => ({
        bar: document.querySelector('.jasmine-bar.jasmine-passed, .jasmine-bar.jasmine-failed')?.textContent,
        failures: [...document.querySelectorAll('.jasmine-failures .jasmine-spec-detail')].map(({ textContent }) => textContent),
      }));
      assert.deepEqual(failures, []);
      assert.match(bar ?? '', /^7 specs, 0 failures/);
    });
  });
});

/**
 * `cordova run browser` opens a browser: this one writes down what it is to show, and ends.
 * @param {CordovaApp} app
 */
async function runBrowser(app) {
  const folder = path.join(app.home, 'programs');
  const opened = path.join(app.home, 'opened');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'chromium-browser'), `#!/bin/sh\necho "$@" > '${opened}'\n`);
  chmodSync(path.join(folder, 'chromium-browser'), 0o755);
  const { child, stop } = app.start(['run', 'browser', '--target=chromium', `--port=${await freePort()}`], [folder]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => (output += data));
  const url = () => /https?:\/\/\S+/.exec(readFileSync(opened, 'utf8'))?.[0];
  await waitUntilTrue(async () => url(), `cordova run browser:\n${output}`);
  return { origin: new URL(url() ?? '').origin, stop };
}

/** @returns {Promise<number>} */
async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * Opens a page of an app in a WebView's server.
 * @template T
 * @param {CordovaApp | string} app or its web folder
 * @param {import('./webview_server.js').WebViewName} webView
 * @param {EngineName} engineName
 * @param {string} pagePath
 * @param {(page: import('../e2e/engines/browser_engine.js').EnginePage, server: WebViewServer) => Promise<T>} use
 */
async function inWebView(app, webView, engineName, pagePath, use) {
  const www = typeof app === 'string' ? app : app.www(webView === 'cordova-ios' ? 'ios' : 'android');
  const server = await new WebViewServer(webView, www).start();
  const engine = await launchEngine(engineName, { flags: server.chromiumFlags });
  try {
    const page = await engine.newPage();
    await page.goto(server.origin + pagePath);
    await page.waitFor(() => /** @type {unknown} */ (window.minnow) !== undefined);
    return await use(page, server);
  } finally {
    await engine.close();
    await server.close();
  }
}

/**
 * The app's copy of a package: its plain files, and its manifest without encodings.
 * @param {string} source @param {string} copy
 */
function assertPlainModel(source, copy) {
  const plain = filesIn(source).filter((file) => !/\.(br|gz)$/.test(file));
  assert.deepEqual(filesIn(copy), plain);
  for (const file of plain.filter((name) => name !== 'manifest.json')) assert.equal(sha256(path.join(copy, file)), sha256(path.join(source, file)), file);
  const expected = JSON.parse(readFileSync(path.join(source, 'manifest.json'), 'utf8'));
  for (const entry of [...expected.shards, expected.labels, expected.vocabulary]) delete entry?.encodings;
  assert.deepEqual(JSON.parse(readFileSync(path.join(copy, 'manifest.json'), 'utf8')), expected);
}
