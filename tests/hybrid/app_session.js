/** What every app has to do, in whichever WebView: recognise samples of the repository's models, from its own files. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { root } from './hybrid_apps.js';

/** @typedef {import('../e2e/engines/browser_engine.js').EnginePage} EnginePage */
/** @typedef {{ model: string, part: string, task: string, expected: string, text?: string, base64?: string, type?: string }} Sample */

const SENTENCES = { 'what is the exchange rate of the dollar': 'travel', 'how do i bake a cake': 'kitchen and dining', 'book a flight to paris': 'travel' };

/** @param {string} model @param {string} part @param {string} task @param {string} type @returns {Sample[]} one a file; its name is its label */
function fileSamples(model, part, task, type) {
  const folder = path.join(root, 'models', model, 'samples');
  return readdirSync(folder).sort().map((file) => ({
    model,
    part,
    task,
    type,
    expected: path.parse(file).name.replaceAll('_', ' '),
    base64: readFileSync(path.join(folder, file)).toString('base64'),
  }));
}

/** @type {Sample[]} */
export const SAMPLES = [
  ...fileSamples('doodles', 'minnow', 'ImageClassifier', 'image/png'),
  ...fileSamples('sign_digits', 'minnow', 'ImageClassifier', 'image/jpeg'),
  ...fileSamples('wake_words', 'audio', 'AudioClassifier', 'audio/wav'),
  ...Object.entries(SENTENCES).map(([text, expected]) => ({ model: 'intents', part: 'text', task: 'TextClassifier', text, expected })),
];

/**
 * Recognises the samples of the models that the app has, through window.minnow or, where that is not there, through the npm
 * package's modules as they stand in the app.
 * @param {Pick<EnginePage, 'evaluate'>} page
 * @param {readonly string[]} models
 */
export async function recogniseSamples(page, models) {
  const samples = SAMPLES.filter(({ model }) => models.includes(model));
  const { results, stored, seen } = await page.evaluate(async (samples) => {
    const plugin = /** @type {any} */ (window).minnow;
    /** @param {string} part */
    const load = (part) => plugin?.load(part) ?? import(new URL(`minnow/${part}.js`, document.baseURI).href);
    /** @type {Map<string, any>} */
    const open = new Map();
    const results = [];
    for (const { model, part, task, text, base64, type } of samples) {
      if (!open.has(model)) {
        // The plugin knows by itself what the npm package has to be told.
        open.set(model, await (await load(part))[task].create(`models/${model}`, plugin ? undefined : { storage: 'none' }));
      }
      const input = text ?? new Blob([Uint8Array.from(atob(/** @type {string} */ (base64)), (c) => c.charCodeAt(0))], { type });
      const [best] = await open.get(model).classify(input);
      results.push(best);
    }
    const seen = [...open.values()].map(({ info, variant }) => ({ name: info.name, variant }));
    for (const classifier of open.values()) classifier.dispose();
    return { results, stored: await (await load('minnow')).storage.list(), seen };
  }, samples);
  assert.deepEqual(results.map(({ label }) => label), samples.map(({ expected }) => expected));
  for (const { score } of results) assert.ok(score > 0.5, `${score}`);
  assert.deepEqual(stored, [], 'models of the app are not copied into IndexedDB');
  assert.deepEqual(seen.map(({ name }) => name).sort(), [...models].sort());
  assert.ok(seen.every(({ variant }) => variant !== 'scalar'), 'the module with SIMD runs');
}

/**
 * The plain files of the app and nothing else: no encoded copies, no ranges, nothing that is missing.
 * @param {readonly { path: string, status: number, range?: string }[]} requests
 */
export function assertPlainRequests(requests) {
  assert.ok(requests.some(({ path: p }) => p.endsWith('.mnw')) && requests.some(({ path: p }) => p.endsWith('.wasm')));
  const wrong = requests.filter(({ path: p, status, range }) => status !== 200 || range || /\.(br|gz)$/.test(p));
  assert.deepEqual(wrong.filter(({ path: p }) => p !== '/favicon.ico'), []);
}

/**
 * As a user: a photo of a hand that shows three, and where there is a canvas, a drawing of a diamond.
 * @param {EnginePage} page
 */
export async function useExample(page) {
  await page.setInputFiles('#photo', [path.join(root, 'models/sign_digits/samples/3.jpg')]);
  await page.waitFor(() => /^3 \d+ %$/.test(document.querySelector('output#sign')?.textContent ?? ''));
  if (!(await page.evaluate(() => Boolean(document.querySelector('canvas#drawing'))))) return;
  await page.drag('#drawing', [[0.3, 0.18], [0.7, 0.18], [0.92, 0.42], [0.5, 0.92], [0.08, 0.42], [0.3, 0.18], [0.36, 0.42], [0.5, 0.92], [0.64, 0.42], [0.7, 0.18]]);
  await page.waitFor(() => document.querySelector('output#drawn')?.textContent);
  assert.match(await page.evaluate(() => document.querySelector('output#drawn')?.textContent ?? ''), /^diamond \d+ %$/);
}

/** The example's own page. @param {EnginePage} page @param {readonly string[]} models */
export async function waitForExample(page, models) {
  await page.waitFor(() => /\d %$/.test(document.querySelector('output#topic')?.textContent ?? '') || /forbid|cannot|error/i.test(document.body.innerText));
  const shown = await page.evaluate(() => ({
    status: document.querySelector('#status')?.textContent,
    topic: document.querySelector('output#topic')?.textContent,
  }));
  assert.match(shown.topic ?? '', /^travel \d+ %$/);
  // Capacitor's example has no such line.
  if (typeof shown.status === 'string') assert.match(shown.status, new RegExp(`^${models.length} models in the app, \\d+ kB$`));
}
