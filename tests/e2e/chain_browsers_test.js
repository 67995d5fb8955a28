/// <reference path="./chain_page/chain_window.d.ts" />
/** Split packages in each browser engine, under a strict Content-Security-Policy. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { dataFile, distFolder, missing, packModel, root } from '../js/native_tool.js';
import { ENGINE_NAMES, launchEngine, missingEngine } from './engines/browser_engine.js';
import { startTestServer } from './test_server.js';

const PAGE_FOLDER = fileURLToPath(new URL('chain_page', import.meta.url));
const PICTURES = dataFile('photos');
const MODEL = 'coral/tf2_mobilenet_v2_1.0_224_ptq.tflite';
const LABELS = ['--labels', dataFile('labels/imagenet_labels.txt')];

for (const name of ENGINE_NAMES) {
  const skip = missing ?? missingEngine(name) ?? (!existsSync(path.join(PICTURES, 'grace_hopper.bmp')) && 'no picture');
  describe(`split packages in ${name}`, { skip }, () => {
    /** @type {import('./test_server.js').TestServer} */
    let server;
    /** @type {import('./engines/browser_engine.js').Engine} */
    let engine;
    /** @type {import('./engines/browser_engine.js').EnginePage} */
    let page;
    let whole = '';
    let split = '';

    before(async () => {
      whole = packModel(MODEL, LABELS);
      split = packModel(MODEL, ['--split', '4', ...LABELS]);
      server = await startTestServer({ '/': PAGE_FOLDER, '/minnow/': distFolder, '/pkg/': split, '/whole/': whole, '/pictures/': PICTURES });
      engine = await launchEngine(name);
      page = await engine.newPage();
      await page.goto(`${server.origin}/chain.html`);
      await page.waitFor(() => window.chainPage !== undefined);
    });
    after(async () => {
      await engine?.close();
      await server?.close();
    });
    beforeEach(async () => {
      server.clearFaults();
      await call('clearStorage');
      server.clearLog();
    });

    /** @type {(method: string, ...args: unknown[]) => Promise<any>} */
    const call = (method, ...args) => page.evaluate((m, a) => window.chainPage[m](...a), method, args);
    const packagePaths = () => server.requests.map((request) => request.path).filter((p) => p.startsWith('/pkg/'));
    /** Makes the second part's first shard fail. @param {import('./test_server.js').Fault} fault */
    const spoil = (fault) => {
      const { shards } = JSON.parse(readFileSync(path.join(split, 'part-1/manifest.json'), 'utf8'));
      for (const ending of ['', '.br', '.gz']) server.fault(`/pkg/part-1/${shards[0].file}${ending}`, fault);
      return `${server.origin}/pkg/part-1/${shards[0].file}`;
    };

    test('a picture gives what the native tool gives, and a second visit makes no request', async () => {
      const args = ['run', whole, path.join(PICTURES, 'grace_hopper.bmp'), '--json'];
      const { top } = JSON.parse(execFileSync(path.join(root, 'build/native/minnow'), args, { encoding: 'utf8' }));
      const first = await call('classify');
      assert.deepEqual(first.results, [top, top]);
      assert.equal(first.partCount, 4);
      const paths = packagePaths();
      assert.equal(new Set(paths).size, paths.length, 'each file once, also of parts that took turns');
      assert.deepEqual((await call('storedPackages')).map((/** @type {any} */ { url }) => url), [`${server.origin}/pkg/manifest.json`]);
      server.clearLog();
      const second = await call('classify', { partsInMemory: 4 });
      assert.deepEqual([second.results, second.info.fromCache], [first.results, true]);
      assert.deepEqual(packagePaths(), []);
    });

    test('whole and parts give the same bytes; one part at a time takes less than half of the memory', async () => {
      const { outputs, memory } = await call('compare');
      assert.ok(new Set(outputs[0]).size > 2);
      assert.deepEqual(outputs[1], outputs[0]);
      assert.deepEqual(outputs[2], outputs[0]);
      const { peakMemory } = await call('classify', { storage: 'none' });
      assert.ok(2 * (peakMemory.weights + peakMemory.activations) < memory.weights + memory.activations);
      assert.ok(2 * peakMemory.total < memory.total);
      console.log(`${name}: ${JSON.stringify({ parts: peakMemory, whole: memory })}`);
    });

    test('after preload() parts come from the device', async () => {
      await call('preload');
      server.clearLog();
      assert.equal((await call('classify')).results.length, 2);
      assert.deepEqual(packagePaths(), []);
    });

    test('aborting, a missing part, disposing and the wrong class are typed errors', async () => {
      spoil({ hold: new Promise(() => {}) });
      assert.equal((await call('abortRun')).name, 'AbortError');
      server.clearFaults();
      const url = spoil({ status: 404 });
      const failure = await call('missingPart');
      assert.deepEqual([failure.code, failure.url, failure.isMinnowError], ['HTTP', url, true]);
      server.clearFaults();
      assert.equal((await call('disposeDuringRun')).code, 'DISPOSED');
      const wrong = await call('wholeModel');
      assert.deepEqual([wrong.code, wrong.isMinnowError], ['WRONG_TASK', true]);
      assert.match(wrong.message, /ModelChain/);
    });
  });
}
