/** Files that are no picture, or only a part of one: a clear message, and the next picture works. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { listPhotos } from '../parity/native_minnow.js';
import { assertQuiet, classifyPhoto, openDemo, readResults, waitForError } from './demo_page.js';
import { missingDemo, startDemoSite } from './demo_site.js';
import { ENGINE_NAMES, launchEngine, missingEngine } from './engines/browser_engine.js';
import { makeTempDir } from './engines/owned_process.js';
import { dropFiles } from './page_gestures.js';

const NO_PICTURE = /The browser cannot read this picture[^]*Choose a JPEG, PNG or WebP file/;
const INCOMPLETE = /A part of the picture is missing[^]*Copy or download it again/;

for (const name of ENGINE_NAMES) {
  describe(`wrong pictures in ${name}`, { skip: missingEngine(name) ?? missingDemo() }, () => {
    /** @type {import('./engines/browser_engine.js').Engine} */
    let engine;
    /** @type {import('./engines/browser_engine.js').EnginePage} */
    let page;
    /** @type {import('./demo_site.js').DemoSite} */
    let site;
    const { dir, remove } = makeTempDir('e2e-pictures-');
    const [tench] = missingDemo() ? [] : listPhotos();

    before(async () => {
      site = await startDemoSite();
      engine = await launchEngine(name);
      page = await engine.newPage();
      await openDemo(page, site.origin);
    });
    after(async () => {
      await engine?.close();
      await site?.close();
      remove();
    });

    const jpeg = () => readFileSync(tench);
    const png = () => readFileSync(new URL('../../web_demo/art/icon_192.png', import.meta.url));
    /** @type {[string, string, () => Uint8Array | string, RegExp][]} */
    const cases = [
      ['text under a picture’s name', 'text.jpg', () => 'This is a shopping list.\n'.repeat(100), NO_PICTURE],
      ['an empty file', 'empty.jpg', () => '', NO_PICTURE],
      ['a film', 'film.mp4', () => Buffer.from('000000186674797069736f6d', 'hex'), NO_PICTURE],
      ['a JPEG cut in its header', 'header.jpg', () => jpeg().subarray(0, 100), INCOMPLETE],
      ['half a JPEG', 'half.jpg', () => jpeg().subarray(0, jpeg().length >> 1), INCOMPLETE],
      ['half a PNG', 'half.png', () => png().subarray(0, png().length >> 1), INCOMPLETE],
      ['a JPEG of noise', 'noise.jpg', () => Buffer.concat([jpeg().subarray(0, 20), Buffer.alloc(5000, 0x5a), Buffer.of(0xff, 0xd9)]), NO_PICTURE],
    ];
    for (const [what, file, bytes, says] of cases) {
      test(what, async () => {
        writeFileSync(path.join(dir, file), bytes());
        await page.setInputFiles('#file', [path.join(dir, file)]);
        const error = await waitForError(page);
        assert.equal(error.kind, 'wrong_image');
        assert.match(error.text, says);
        assert.ok(error.text.includes(`“${file}”`), 'the file is named');
        assert.equal(error.retryLabel, 'Choose another');
        assert.deepEqual(await readResults(page), [], 'no classes of another picture stay');
        const [best] = await classifyPhoto(page, tench);
        assert.match(best.text, /^tench/);
        assert.equal(await page.evaluate(() => document.getElementById('error')?.hidden), true);
      });
    }

    test('the panel’s button opens the choice of another picture', async () => {
      await page.setInputFiles('#file', [path.join(dir, 'text.jpg')]);
      await waitForError(page);
      // No driver can close a file dialog.
      await page.evaluate(() => {
        document.getElementById('file')?.addEventListener('click', (event) => {
          event.preventDefault();
          document.body.dataset.asked = 'yes';
        });
      });
      await page.click('#retry');
      await page.waitFor(() => document.body.dataset.asked === 'yes');
    });

    test('a drop that holds no file is explained', async () => {
      await dropFiles(page, '#stage', []);
      await page.waitFor(() => document.getElementById('status')?.textContent === 'That was no file. Drop a photo.');
    });

    test('without console errors or breaches of its Content-Security-Policy', async () => {
      // Firefox notes each damaged picture that is shown.
      await assertQuiet(page, site, /^Error: Image corrupt or truncated/);
    });
  });
}
