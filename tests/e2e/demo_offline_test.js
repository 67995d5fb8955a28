/** The second visit with the network off: no request leaves the page, and the answers are the same. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { listPhotos } from '../parity/native_minnow.js';
import { assertQuiet, classifyPhoto, MODEL_TAB, openDemo, waitUntilKept, waitUntilReady } from './demo_page.js';
import { missingDemo, startDemoSite } from './demo_site.js';
import { ENGINE_NAMES, launchEngine, missingEngine } from './engines/browser_engine.js';
import { makeTempDir } from './engines/owned_process.js';

const PHOTOS = 10;

for (const name of ENGINE_NAMES) {
  describe(`the demo without a network in ${name}`, { skip: missingEngine(name) ?? missingDemo() }, () => {
    /** @type {import('./engines/browser_engine.js').Engine} */
    let engine;
    /** @type {import('./engines/browser_engine.js').EnginePage} */
    let page;
    /** @type {import('./demo_site.js').DemoSite} */
    let site;
    const profile = makeTempDir(`e2e-offline-${name}-`);
    const photos = missingDemo() ? [] : listPhotos().slice(0, PHOTOS);
    /** What the first visit answered. @type {import('./demo_page.js').ShownClass[][]} */
    const firstAnswers = [];

    before(async () => {
      site = await startDemoSite();
      engine = await launchEngine(name, { profileDir: profile.dir });
      page = await engine.newPage();
    });
    after(async () => {
      await engine?.close();
      await site?.close();
      profile.remove();
    });

    test('keeps all it needs on the first visit', async (t) => {
      await openDemo(page, site.origin);
      for (const photo of photos) firstAnswers.push(await classifyPhoto(page, photo));
      await waitUntilKept(page);
      const fetched = site.server.pageRequests.map((request) => request.path);
      t.diagnostic(`${name}: ${fetched.length} requests on the first visit`);
      const shards = fetched.filter((urlPath) => urlPath.endsWith('.mnw'));
      assert.equal(new Set(shards).size, shards.length, 'no shard is fetched twice');
      const badge = await page.evaluate(() => document.getElementById('offline')?.textContent?.trim());
      assert.equal(badge, 'Works offline');
    });

    test('reloaded with the network off: zero requests, same answers', async (t) => {
      await visitOffline(t, () => page.reload());
    });

    test('reloaded again, still with nothing but what is kept', async (t) => {
      await visitOffline(t, () => page.reload());
    });

    test('after a restart of the browser with the network off: zero requests, same answers', async (t) => {
      if (!engine.keepsProfile) {
        t.skip(`${name} is driven in a private session here, which ends with the browser`);
        return;
      }
      await assertQuiet(page, site);
      await engine.close();
      engine = await launchEngine(name, { profileDir: profile.dir });
      page = await engine.newPage();
      await visitOffline(t, () => page.goto(site.origin + MODEL_TAB));
    });

    test('without console errors or breaches of its Content-Security-Policy', () => assertQuiet(page, site));

    test('a deleted model is fetched again, once the network is back', async () => {
      await page.click('#delete_model');
      await page.waitFor(() => document.getElementById('status')?.dataset.state === 'ready');
      await waitUntilKept(page);
      const again = site.server.pageRequests.filter((request) => /\.mnw(\.br|\.gz)?$/.test(request.path));
      assert.ok(again.length >= site.shards.length);
    });

    /** @param {import('node:test').TestContext} t @param {() => Promise<void>} load */
    async function visitOffline(t, load) {
      site.server.off();
      site.server.clearLog();
      try {
        await load();
        await waitUntilReady(page);
        const answers = [];
        for (const photo of photos) answers.push(await classifyPhoto(page, photo));
        await waitUntilKept(page);
        t.diagnostic(`${name}: ${site.server.pageRequests.length} requests left the page, ${answers.length} photos classified`);
        assert.deepEqual(site.server.pageRequests.map((request) => request.path), []);
        assert.deepEqual(answers, firstAnswers);
      } finally {
        site.server.on();
      }
    }
  });
}
