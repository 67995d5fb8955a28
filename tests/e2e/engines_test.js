/// <reference path="./engine_probe/probe_window.d.ts" />
/** Proves that each browser engine can do here what the end-to-end tests rely on. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { inflateSync } from 'node:zlib';
import { ENGINE_NAMES, launchEngine, missingEngine } from './engines/browser_engine.js';
import { waitUntilTrue } from './engines/wait_until_true.js';
import { dropFiles, pasteFiles } from './page_gestures.js';
import { startTestServer } from './test_server.js';

/** @typedef {import('./engines/browser_engine.js').Engine} Engine */
/** @typedef {import('./engines/browser_engine.js').EnginePage} EnginePage */

const PROBE_DIR = fileURLToPath(new URL('engine_probe', import.meta.url));
const BACKGROUNDS = { light: [255, 255, 255], dark: [0x10, 0x20, 0x30] };

for (const name of ENGINE_NAMES) {
  describe(name, { skip: missingEngine(name) ?? false }, () => {
    /** @type {import('./test_server.js').TestServer} */
    let server;
    /** @type {Engine} */
    let engine;
    /** @type {EnginePage} */
    let page;
    const dir = mkdtempSync(path.join(tmpdir(), 'engines-test-'));
    const files = ['first.bin', 'second.bin'].map((file, index) => {
      writeFileSync(path.join(dir, file), Buffer.alloc(1000 + index, 200 + index));
      return path.join(dir, file);
    });

    before(async () => {
      server = await startTestServer({ '/': PROBE_DIR });
      engine = await launchEngine(name);
      page = await engine.newPage();
      await openProbe(page, server.origin);
    });
    after(async () => {
      await engine?.close();
      await server?.close();
      rmSync(dir, { recursive: true });
    });

    test('runs SIMD in a module worker', async () => {
      assert.equal(await page.evaluate(() => window.probe.addInWorker(100, 50)), -106);
    });

    test('takes files by input, drop and paste, and trusted clicks and keys', async () => {
      const expected = files.map((file, index) => ({
        name: path.basename(file),
        size: 1000 + index,
        firstByte: 200 + index,
      }));
      await page.setInputFiles('#file', files);
      await dropFiles(page, 'h1', files);
      await pasteFiles(page, 'body', files.slice(0, 1));
      await page.click('#button');
      await page.press('Enter');
      await page.waitFor(() => window.probe.received.length === 5);
      assert.deepEqual(await page.evaluate(() => window.probe.received), [
        { source: 'input', isTrusted: true, files: expected },
        { source: 'drop', isTrusted: false, files: expected },
        { source: 'paste', isTrusted: false, files: expected.slice(0, 1) },
        { source: 'click', isTrusted: true, files: [] },
        { source: 'click', isTrusted: true, files: [] },
      ]);
    });

    test('reports console messages and errors of the page', async () => {
      await page.evaluate(() => console.warn('a warning'));
      // WebKit hands its messages over with an answer, the others send them by themselves.
      const isReported = () => page.consoleMessages.some((message) => message.text === 'a warning');
      await waitUntilTrue(async () => isReported() || (await page.evaluate(() => false)), 'the warning');
      await assert.rejects(
        page.evaluate(async () => {
          throw new Error('thrown in the page');
        }),
        /thrown in the page/,
      );
    });

    test('serves the page from its service worker and IndexedDB with the server off', async () => {
      await page.evaluate(() => window.probe.store('bytes', [1, 2, 250]));
      await page.evaluate(() => window.probe.goOffline());
      server.off();
      server.clearLog();
      try {
        await page.reload();
        await page.waitFor(() => Boolean(window.probe));
        assert.deepEqual(await page.evaluate(() => window.probe.load('bytes')), [1, 2, 250]);
        assert.equal(await page.evaluate(() => window.probe.addInWorker(2, 3)), 5);
        assert.equal(server.pageRequests.length, 0);
        const failed = await page.evaluate(() =>
          fetch('not_cached.txt').then(
            () => 'answered',
            () => 'failed',
          ),
        );
        assert.equal(failed, 'failed');
        const seen = server.pageRequests.map((request) => request.path);
        assert.deepEqual([...new Set(seen)], ['/not_cached.txt'], 'a request that does leave the page is seen');
      } finally {
        server.on();
      }
    });

    test('takes screenshots for phone and desktop, light and dark', async () => {
      for (const scheme of /** @type {const} */ (['light', 'dark'])) {
        if (!(await page.setColorScheme(scheme))) {
          await engine.close();
          engine = await launchEngine(name, { colorScheme: scheme });
          page = await engine.newPage();
          await openProbe(page, server.origin);
          assert.equal(await page.setColorScheme(scheme), true);
        }
        for (const [width, height] of [
          [360, 740],
          [1280, 800],
        ]) {
          await page.setViewport(width, height);
          const file = path.join(dir, `${scheme}-${width}.png`);
          await page.screenshot(file);
          assert.deepEqual(readPng(file), { width, height, firstPixel: BACKGROUNDS[scheme] });
        }
      }
    });
  });
}

/** @param {EnginePage} page @param {string} origin */
async function openProbe(page, origin) {
  await page.goto(`${origin}/`);
  await page.waitFor(() => Boolean(window.probe));
}

/**
 * Size and first pixel; the latter is the same under every PNG filter, its neighbours being zero.
 * @param {string} file
 */
function readPng(file) {
  const png = readFileSync(file);
  const data = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    const length = png.readUInt32BE(at);
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') data.push(png.subarray(at + 8, at + 8 + length));
  }
  const firstPixel = [...inflateSync(Buffer.concat(data)).subarray(1, 4)];
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20), firstPixel };
}
