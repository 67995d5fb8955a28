/// <reference path="./npm_package_page/npm_package_window.d.ts" />
/** The npm package by itself in each browser engine, under a strict Content-Security-Policy. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { dataFile, distFolder, missing, packModel, root } from '../js/native_tool.js';
import { ENGINE_NAMES, launchEngine, missingEngine } from './engines/browser_engine.js';
import { startTestServer } from './test_server.js';

const PAGE_FOLDER = fileURLToPath(new URL('npm_package_page', import.meta.url));
const PICTURES = dataFile('photos');
const HTML = '<!DOCTYPE html><title>a single-page app</title>';

for (const name of ENGINE_NAMES) {
  const skip = missing ?? missingEngine(name) ?? (!existsSync(path.join(PICTURES, 'grace_hopper.bmp')) && 'no picture');
  describe(`npm package in ${name}`, { skip }, () => {
    /** @type {import('./test_server.js').TestServer} */
    let server;
    /** @type {import('./engines/browser_engine.js').Engine} */
    let engine;
    /** @type {import('./engines/browser_engine.js').EnginePage} */
    let page;
    let folder = '';

    before(async () => {
      const labels = dataFile('labels/imagenet_labels.txt');
      folder = packModel('coral/mobilenet_v1_0.25_128_quant.tflite', ['--labels', labels]);
      server = await startTestServer({ '/': PAGE_FOLDER, '/minnow/': distFolder, '/pkg/': folder, '/pictures/': PICTURES });
      engine = await launchEngine(name);
      page = await engine.newPage();
      await page.goto(`${server.origin}/npm_package.html`);
      await page.waitFor(() => window.npmPackage !== undefined);
    });
    after(async () => {
      await engine?.close();
      await server?.close();
    });

    /** @type {(method: string, ...args: unknown[]) => Promise<any>} */
    const call = (method, ...args) => page.evaluate((m, a) => window.npmPackage[m](...a), method, args);
    const packageRequests = () => server.requests.filter(({ path: p }) => p.startsWith('/pkg/'));

    test('the first load fetches each file once, the second none, and progress is right in both', async () => {
      const first = await call('load');
      assert.deepEqual(first.phases, ['runtime', 'manifest', 'download', 'prepare']);
      assert.ok(first.isRising && first.last.loaded === first.last.total && first.last.total === first.info.packageBytes);
      assert.equal(first.info.fromCache, false);
      assert.ok(first.info.labels.length >= 1000);
      const paths = packageRequests().map(({ path: p }) => p);
      assert.ok(paths.length >= 3 && new Set(paths).size === paths.length, String(paths));
      assert.deepEqual((await call('storedPackages')).map((/** @type {any} */ { url }) => url), [`${server.origin}/pkg/manifest.json`]);
      server.clearLog();
      const second = await call('load');
      assert.deepEqual(packageRequests(), []);
      assert.deepEqual(second.phases, ['runtime', 'manifest', 'cache', 'prepare']);
      assert.ok(second.isRising && second.last.loaded === second.last.total);
      assert.equal(second.info.fromCache, true);
      await call('clearStorage');
      assert.deepEqual(await call('storedPackages'), []);
    });

    test('the variant is one that works here', async () => {
      const report = await call('supported');
      assert.equal(report.ok, true);
      assert.deepEqual([report.worker, report.indexedDb, report.wasm.simd128], [true, true, true]);
      if (name !== 'webkit') assert.equal(report.decompression.gzip, true);
      console.log(`${name}: ${JSON.stringify(report)}`);
    });

    test('every variant gives the same bytes', async () => {
      const { scalar, ...others } = await call('runEveryVariant');
      assert.ok(scalar.length >= 1000 && new Set(scalar).size > 2);
      assert.ok(Object.keys(others).length >= 1);
      for (const [variant, output] of Object.entries(others)) assert.deepEqual(output, scalar, variant);
    });

    test('a picture in every form gives what the native tool gives, in a worker and without', async () => {
      const picture = path.join(PICTURES, 'grace_hopper.bmp');
      const { top } = JSON.parse(execFileSync(path.join(root, 'build/native/minnow'), ['run', folder, picture, '--json'], { encoding: 'utf8' }));
      for (const worker of [true, false]) {
        const { results, stillUsable } = await call('classifyEveryForm', worker);
        assert.ok(Object.keys(results).length >= 6, Object.keys(results).join());
        for (const [form, result] of Object.entries(results)) assert.deepEqual(result, top, `${form}, worker: ${worker}`);
        assert.ok(stillUsable, 'an ImageBitmap stays the caller’s');
      }
    });

    test('what is no picture is BAD_IMAGE with its name, and the classifier goes on', async () => {
      const { failures, after: results } = await call('wrongPictures');
      for (const { code, message, isMinnowError } of failures) {
        assert.deepEqual([code, isMinnowError], ['BAD_IMAGE', true], message);
        assert.match(message, /give a File or Blob/);
      }
      assert.match(failures[0].message, /^notes\.txt \(text\/plain, 18 bytes\) is no picture/);
      assert.equal(results.length, 5);
    });

    test('wrong addresses are explained', async () => {
      for (const variant of ['scalar', 'simd128', 'relaxed']) {
        server.fault(`/app/minnow-${variant}.wasm`, { body: HTML, contentType: 'text/html' });
      }
      const wasm = await call('wrongWasmUrl');
      assert.equal(wasm.code, 'HTTP');
      assert.match(wasm.message, /answered with an HTML page for .*\.wasm.*check the wasmUrl option/);
      const worker = await call('wrongWorkerUrl');
      assert.equal(worker.code, 'WORKER');
      assert.match(worker.message, /check the workerUrl option/);
      const missingPackage = await call('wrongPackage');
      assert.deepEqual([missingPackage.code, missingPackage.url], ['HTTP', `${server.origin}/nothing/here/manifest.json`]);
    });

    test('limits, aborting and disposing are typed errors', async () => {
      assert.equal((await call('tooLittleMemory')).code, 'OUT_OF_MEMORY');
      assert.equal((await call('abort')).name, 'AbortError');
      assert.equal((await call('disposeDuringRun')).code, 'DISPOSED');
    });
  });
}
