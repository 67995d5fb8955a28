/** The demo's Content-Security-Policy: strict, and breaches of it are seen by the tests that say there is none. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertQuiet, openDemo } from './demo_page.js';
import { missingDemo, startDemoSite } from './demo_site.js';
import { ENGINE_NAMES, launchEngine, missingEngine } from './engines/browser_engine.js';
import { waitUntilTrue } from './engines/wait_until_true.js';

for (const name of ENGINE_NAMES) {
  describe(`the demo's Content-Security-Policy in ${name}`, { skip: missingEngine(name) ?? missingDemo() }, () => {
    /** @type {import('./engines/browser_engine.js').Engine} */
    let engine;
    /** @type {import('./engines/browser_engine.js').EnginePage} */
    let page;
    /** @type {import('./demo_site.js').DemoSite} */
    let site;

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

    test('stands in the page and allows no scripts but the page’s own files', async () => {
      const policy = await page.evaluate(
        () => document.querySelector('meta[http-equiv="Content-Security-Policy"]')?.getAttribute('content') ?? '',
      );
      const directives = new Map(policy.split(';').map((directive) => directive.trim().split(/\s+/)).map(([key, ...values]) => [key, values]));
      assert.deepEqual(directives.get('default-src'), ["'none'"]);
      assert.deepEqual(directives.get('script-src'), ["'self'", "'wasm-unsafe-eval'"]);
      assert.deepEqual(directives.get('style-src'), ["'self'"]);
      assert.deepEqual(directives.get('worker-src'), ["'self'"]);
      assert.ok(!/unsafe-inline|'unsafe-eval'|\*(?!\s|;|$|:)/.test(policy.replaceAll(':*', '')), policy);
    });

    test('is kept by the page', () => assertQuiet(page, site));

    test('blocks and reports what the page does not need', async () => {
      await page.evaluate(() => {
        const script = document.createElement('script');
        script.textContent = 'document.body.dataset.injected = "yes"';
        document.body.append(script);
        document.body.append(Object.assign(new Image(), { src: 'data:image/gif;base64,R0lGODlhAQABAAAAACw=' }));
      });
      for (const directive of ['script-src', 'img-src']) {
        const isReported = async () => site.violations.some((report) => report.includes(directive));
        await waitUntilTrue(isReported, `a report about ${directive}`);
      }
      assert.equal(await page.evaluate(() => document.body.dataset.injected ?? 'no'), 'no');
    });
  });
}
