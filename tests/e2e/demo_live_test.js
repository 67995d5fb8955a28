/** Chromium's camera and microphone play files: the tabs recognise what is live in front of them. And a page without models. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { guideSquare } from '../../web_demo/src/inputs/guide_square.js';
import { assertQuiet, PATIENCE_MS } from './demo_page.js';
import { missingBundled, missingPage, samplesIn, startTabsSite } from './demo_site.js';
import { labelOf, openTab } from './demo_tabs.js';
import { launchEngine, missingEngine } from './engines/browser_engine.js';
import { makeTempDir } from './engines/owned_process.js';

const BUILD = fileURLToPath(new URL('../../web_demo/build_demo.mjs', import.meta.url));
/** Of the camera's frames. */
const [WIDTH, HEIGHT] = [640, 480];

describe('the demo’s tabs with a camera and a microphone', { skip: missingEngine('chromium') ?? missingPage() }, () => {
  /** @type {import('./engines/browser_engine.js').Engine} */
  let engine;
  /** @type {import('./engines/browser_engine.js').EnginePage} */
  let page;
  /** @type {Awaited<ReturnType<typeof startTabsSite>>} */
  let site;
  const { dir, remove } = makeTempDir('e2e-live-');
  const [sign] = samplesIn('sign_digits').filter((file) => labelOf(file) === '5');
  const [word] = samplesIn('wake_words');

  before(async () => {
    site = await startTabsSite();
    /** @type {string[]} */
    const flags = [];
    if (word) {
      // Played over and over: without a pause it would be one long word.
      const sound = path.join(dir, 'word.wav');
      writeFileSync(sound, withSilence(readFileSync(word), 2.5));
      flags.push(`--use-file-for-fake-audio-capture=${sound}`);
    }
    if (sign) {
      const film = path.join(dir, 'sign.y4m');
      await writeFilm(film, sign);
      flags.push(`--use-file-for-fake-video-capture=${film}`);
    }
    engine = await launchEngine('chromium', { fakeCamera: true, flags });
    page = await engine.newPage();
  });
  after(async () => {
    await engine?.close();
    await site?.close();
    remove();
  });

  test('sign: the sign in the guide square stands large over the camera’s picture', { skip: missingBundled('sign_digits') }, async () => {
    await openTab(page, site.origin, 'sign');
    await page.click('#panel_sign [data-part=camera_start]');
    await page.waitFor(() => document.querySelector('#panel_sign [data-part=verdict]:not([hidden])')?.textContent === '5', PATIENCE_MS);
    const live = await page.evaluate(() => {
      const results = /** @type {HTMLElement} */ (document.querySelector('#panel_sign [data-part=results]'));
      return { source: results.dataset.source, best: /** @type {HTMLElement} */ (results.firstElementChild).dataset.label };
    });
    assert.deepEqual(live, { source: 'camera', best: '5' });
    await page.click('#panel_sign [data-part=camera_stop]');
    await page.waitFor(() => document.querySelector('#panel_sign [data-part=verdict]')?.hasAttribute('hidden') === true, PATIENCE_MS);
  });

  test('listen: a word from the microphone lights up, is logged once each time, and is drawn', { skip: missingBundled('wake_words') }, async () => {
    const label = labelOf(word);
    await openTab(page, site.origin, 'listen');
    await page.click('#panel_listen [data-part=listen_start]');
    await page.waitFor((label) => document.querySelector('#panel_listen .word.is_lit')?.textContent === label, PATIENCE_MS, label);
    await page.waitFor(() => document.querySelectorAll('#panel_listen .heard_row').length >= 3, PATIENCE_MS);
    await page.click('#panel_listen [data-part=listen_stop]');
    const { words, times, columns, status } = await page.evaluate(() => ({
      words: [...document.querySelectorAll('#panel_listen .heard_word')].map((row) => row.textContent),
      times: [...document.querySelectorAll('#panel_listen .heard_time')].map((row) => Number(row.textContent?.replace(/^\d+:/, ''))),
      columns: Number(/** @type {HTMLElement} */ (document.querySelector('#panel_listen [data-part=spectrogram]')).dataset.columns),
      status: /** @type {HTMLElement} */ (document.querySelector('#panel_listen [data-part=status]')).dataset.state,
    }));
    assert.ok(words.filter((heard) => heard === label).length >= 2, words.join());
    for (let i = 1; i < times.length; i++) assert.ok(times[i] < times[i - 1], `the latest first: ${times}`);
    assert.ok(columns > 50, `${columns} columns`);
    assert.equal(status, 'done');
  });

  test('a page that was built without models says in each tab how to train its model', async () => {
    const bare = path.join(dir, 'bare');
    execFileSync(process.execPath, [BUILD, '--models', path.join(dir, 'no_models'), '--output', bare], { stdio: 'pipe' });
    const bareSite = await startTabsSite(bare);
    try {
      for (const [tab, model] of Object.entries({ sign: 'sign_digits', listen: 'wake_words', read: 'intents', draw: 'doodles' })) {
        await page.goto(`${bareSite.origin}/?bare=${tab}#${tab}`);
        const notice = await page.evaluate((tab) => {
          const error = /** @type {HTMLElement} */ (document.querySelector(`#panel_${tab} [data-part=error]`));
          const retry = /** @type {HTMLElement} */ (error.querySelector('[data-part=retry]'));
          return { text: error.hidden ? '' : error.innerText, kind: error.dataset.kind, canRetry: !retry.hidden };
        }, tab);
        assert.match(notice.text, new RegExp(`build/native/minnow train models/${model}\\s`));
        assert.deepEqual([notice.kind, notice.canRetry], ['no_model', false]);
      }
      assert.equal(bareSite.server.pageRequests.filter(({ path: urlPath }) => urlPath.startsWith('/models/')).length, 0, 'nothing is asked for that is not there');
      // What the page still fetches when the server ends would be an error of the page's.
      await page.goto('about:blank');
    } finally {
      await bareSite.close();
    }
  });

  // Chromium complains of an icon where a page was left, and its server ended, while it fetched it.
  test('without console errors or breaches of its Content-Security-Policy', () => assertQuiet(page, site, /icon from the Manifest/));
});

/**
 * @param {Buffer} wav PCM of 16 bit, mono, with a header of 44 bytes
 * @param {number} seconds
 * @returns {Buffer}
 */
function withSilence(wav, seconds) {
  const silence = Buffer.alloc(2 * Math.round(seconds * wav.readUInt32LE(24)));
  const longer = Buffer.concat([wav, silence]);
  longer.writeUInt32LE(longer.length - 8, 4);
  longer.writeUInt32LE(longer.length - 44, 40);
  return longer;
}

/**
 * A film of one picture, in the guide square of a grey frame (YUV4MPEG2, 4:2:0, BT.601).
 * @param {string} film
 * @param {string} picture
 */
async function writeFilm(film, picture) {
  const engine = await launchEngine('chromium');
  try {
    const page = await engine.newPage();
    const source = `data:image/jpeg;base64,${readFileSync(picture).toString('base64')}`;
    const pixels = await page.evaluate(
      async (source, width, height, square) => {
        const image = new Image();
        image.src = source;
        await image.decode();
        const canvas = Object.assign(document.createElement('canvas'), { width, height });
        const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
        context.fillStyle = '#999';
        context.fillRect(0, 0, width, height);
        context.drawImage(image, square.x, square.y, square.side, square.side);
        return [...context.getImageData(0, 0, width, height).data];
      },
      source,
      WIDTH,
      HEIGHT,
      guideSquare(WIDTH, HEIGHT),
    );
    const frame = Buffer.concat([Buffer.from('FRAME\n'), toYuv(pixels)]);
    writeFileSync(film, Buffer.concat([Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F30:1 Ip A1:1 C420jpeg\n`), ...Array.from({ length: 10 }, () => frame)]));
  } finally {
    await engine.close();
  }
}

/** @param {number[]} rgba @returns {Buffer} planes Y, U, V, the latter two of half the size */
function toYuv(rgba) {
  const luma = Buffer.alloc(WIDTH * HEIGHT);
  for (let i = 0; i < luma.length; i++) luma[i] = 0.299 * rgba[4 * i] + 0.587 * rgba[4 * i + 1] + 0.114 * rgba[4 * i + 2];
  const chroma = (/** @type {[number, number, number]} */ [r, g, b]) => {
    const plane = Buffer.alloc(luma.length / 4);
    for (let y = 0, i = 0; y < HEIGHT; y += 2) {
      for (let x = 0; x < WIDTH; x += 2, i++) {
        const at = 4 * (y * WIDTH + x);
        plane[i] = 128 + r * rgba[at] + g * rgba[at + 1] + b * rgba[at + 2];
      }
    }
    return plane;
  };
  return Buffer.concat([luma, chroma([-0.169, -0.331, 0.5]), chroma([0.5, -0.419, -0.081])]);
}
