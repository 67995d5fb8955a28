/// <reference path="./tasks_page/tasks_window.d.ts" />
/** Detection, segmentation and sound in each browser engine, under a strict Content-Security-Policy. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { dataFile, distFolder, missing } from '../js/native_tool.js';
import { asKeywords, asSegmenter, asUltraFace, folderWithManifest, packDeepLab, packKeywords, packUltraFace } from '../js/task_packages.js';
import { ENGINE_NAMES, launchEngine, missingEngine } from './engines/browser_engine.js';
import { startTestServer } from './test_server.js';

const PAGE_FOLDER = fileURLToPath(new URL('tasks_page', import.meta.url));
const PHOTOS = dataFile('photos');
const SOUNDS = dataFile('models/micro_speech/testdata');
/** Photos and how many faces one counts on them. */
const FACES = { 'faces_5.jpg': 1, 'faces_23.jpg': 3, 'faces_2.jpg': 4, 'faces_19.jpg': 5 };

for (const name of ENGINE_NAMES) {
  const skip = missing ?? missingEngine(name) ?? (!existsSync(path.join(PHOTOS, 'faces_5.jpg')) && 'no pictures');
  describe(`tasks in ${name}`, { skip }, () => {
    /** @type {import('./test_server.js').TestServer} */
    let server;
    /** @type {import('./engines/browser_engine.js').Engine} */
    let engine;
    /** @type {import('./engines/browser_engine.js').EnginePage} */
    let page;

    before(async () => {
      server = await startTestServer({
        '/': PAGE_FOLDER,
        '/minnow/': distFolder,
        '/faces/': folderWithManifest(packUltraFace(), 'faces', asUltraFace),
        '/pixels/': folderWithManifest(packDeepLab(), 'pixels', asSegmenter),
        '/words/': folderWithManifest(packKeywords(), 'words', asKeywords),
        '/photos/': PHOTOS,
        '/sounds/': SOUNDS,
      });
      // Chromium's microphone plays the file over and over.
      const flags = [`--use-file-for-fake-audio-capture=${path.join(SOUNDS, 'yes_1000ms.wav')}`];
      engine = await launchEngine(name, /** @type {any} */ ({ fakeCamera: name === 'chromium', flags }));
      page = await engine.newPage();
      await page.goto(`${server.origin}/tasks.html`);
      await page.waitFor(() => window.tasksPage !== undefined);
    });
    after(async () => {
      await engine?.close();
      await server?.close();
    });

    /** @type {(method: string, ...args: unknown[]) => Promise<any>} */
    const call = (method, ...args) => page.evaluate((m, a) => window.tasksPage[m](...a), method, args);

    test('UltraFace finds the faces on photos, in a worker and without', async () => {
      const urls = Object.keys(FACES).map((photo) => `/photos/${photo}`);
      const results = await call('detect', '/faces/', urls, true);
      Object.entries(FACES).forEach(([photo, count], i) => {
        const { detections, width, height } = results[i];
        assert.equal(detections.length, count, photo);
        assert.equal(width, 1024);
        for (const { index, score, box } of detections) {
          assert.ok(index === 1 && score > 0.7 && score <= 1);
          assert.ok(box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height);
          assert.ok(box.width > 15 && box.height > box.width * 0.8, JSON.stringify(box));
        }
      });
      assert.deepEqual(await call('detect', '/faces/', urls.slice(0, 1), false), results.slice(0, 1));
    });

    test('DeepLab sees the person', async () => {
      const { share, middle, source, large } = await call('segment', '/pixels/', '/photos/grace_hopper.bmp');
      assert.equal(middle, 'person');
      assert.ok(share > 0.3 && share < 0.95, String(share));
      assert.deepEqual(large, [source.width, source.height, source.width * source.height]);
    });

    test('a video is watched: no oftener than asked, frames in between are left out', async (t) => {
      const result = await call('watch', '/faces/', ['/photos/faces_5.jpg', '/photos/faces_5.jpg']);
      if (!result) return t.skip('no captureStream()');
      const { seen, shown } = result;
      assert.equal(seen.length, 12);
      assert.ok(seen.every((/** @type {any} */ { faces }) => faces === 1), JSON.stringify(seen));
      assert.ok(seen.every((/** @type {any} */ { time }, /** @type {number} */ i) => i === 0 || time >= seen[i - 1].time));
      assert.ok(shown > 20, `${shown} frames were shown meanwhile`);
    });

    test('a sound is recognised from a file and from an AudioBuffer of another rate', async (t) => {
      const { file, buffer, rate, failure } = await call('classifySound', '/words/', '/sounds/yes_1000ms.wav');
      assert.deepEqual([file[0].label, buffer[0].label, rate], ['Yes', 'Yes', 44100]);
      assert.ok(file[0].score > 0.9 && buffer[0].score > 0.9);
      assert.deepEqual([failure.code, failure.isMinnowError], ['BAD_AUDIO', true]);
      assert.match(failure.message, /^notes\.txt .* is no sound this browser can decode/);
      t.diagnostic(`${name}: ${JSON.stringify(buffer[0])}`);
    });

    test('a word is heard through the AudioWorklet', async (t) => {
      await call('prepareListening', '/words/', name === 'chromium' ? undefined : '/sounds/yes_1000ms.wav');
      await page.click('#listen');
      await page.waitFor(() => window.tasksPage.listening().ended !== undefined, 30_000);
      const { heard, ended, isMute, seconds, peak } = await call('listening');
      assert.equal(ended.code, 'none', ended.message);
      // Firefox leaves every AudioContext suspended where there is no sound device; aborting then still ends the listening.
      if (isMute && name === 'firefox') return t.skip('no sound device');
      assert.equal(heard.length, 60);
      assert.ok(heard.filter((/** @type {any} */ { label }) => label === 'Yes').length > 10, JSON.stringify(heard));
      assert.ok(heard.some((/** @type {any} */ { label, isNew }) => label === 'Yes' && isNew));
      for (let i = 1; i < heard.length; i++) assert.ok(heard[i].time > heard[i - 1].time);
      // The samples were handed out before the model heard them, all of them.
      assert.ok(seconds >= heard[heard.length - 1].time - 0.01 && seconds < 60, `${seconds} s of samples`);
      assert.ok(peak > 0.01 && peak <= 1.5, `loudest sample ${peak}`);
    });

    test('a worklet that is not there is a typed error that says what to do', async () => {
      const failure = await call('wrongWorklet', '/words/');
      assert.deepEqual([failure.code, failure.isMinnowError], ['WORKER', true]);
      assert.match(failure.message, /check the workletUrl option/);
    });
  });
}
