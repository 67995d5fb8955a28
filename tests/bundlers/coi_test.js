/** A page on a host without headers becomes cross-origin isolated by a service worker: the package's, or the site's own. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { startTestServer } from '../e2e/test_server.js';
import { runIn } from './app_project.js';
import { APP_FILES, policy } from './app_site.js';
import { describeApps } from './app_suite.js';

const README = readFileSync(new URL('../../wasm_glue/README.md', import.meta.url), 'utf8');
const COPY = 'cp node_modules/minnow/dist/coi_service_worker.js site';
const IMPORT = "import { isolated } from './minnow/coi.js';";
const ANSWER = "addEventListener('fetch', (event) => event.respondWith(fetch(event.request).then(isolated)));";

const FILES = {
  'site/index.html': '<!doctype html><html lang="en"><title>An app</title><output></output><script type="module" src="app.js"></script></html>',
  'site/app.js': `
import { isolatePage } from './minnow/coi.js';
const show = (text) => (document.querySelector('output').textContent = text);
const worker = new URLSearchParams(location.search).get('worker');
if (worker) isolatePage(worker).then(show, (error) => show(\`\${error.name} \${error.code}: \${error.message}\`));`,
  'site/own_worker.js': `${IMPORT}\n${ANSWER}`,
  'site/other_worker.js': "addEventListener('fetch', () => {});",
};

/** In the page: the outputs of a model for the same noise, on as many threads. @param {number} threads */
async function outputsOn(threads) {
  const { Model } = await import(new URL('minnow/minnow.js', document.baseURI).href);
  const model = await Model.create('models/doodles/', { threads, storage: 'none' });
  const [{ shape }] = model.info.inputs;
  const input = new Float32Array(shape.reduce((/** @type {number} */ product, /** @type {number} */ size) => product * size, 1));
  const outputs = [];
  for (let run = 0, state = 1; run < 10; run++) {
    for (let i = 0; i < input.length; i++) input[i] = (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
    const [{ data }] = await model.run(input);
    outputs.push(Array.from(data).join());
  }
  const result = { threads: model.threads, outputs };
  model.dispose();
  return result;
}

/** In the page: the site's own service worker, active. @param {string} script */
async function registerOwn(script) {
  await navigator.serviceWorker.register(script, { type: 'module' });
  await navigator.serviceWorker.ready;
}

describeApps('isolation by a service worker', (tools) => {
  /** @type {import('../e2e/test_server.js').TestServer} */
  let server;
  let folder = '';
  before(async () => {
    folder = await tools.projects.create('isolation', FILES);
    await runIn(folder, 'sh', ['-ec', `${COPY}\ncp -r node_modules/minnow/dist site/minnow`]);
    server = await startTestServer({}, { headersFor: () => policy() });
    // Also an answer without a body has to pass.
    server.handle('/favicon.ico', (_request, response) => void response.writeHead(204).end());
  });
  after(() => server?.close());

  /** A site of its own, opened without isolation. @param {string} name */
  async function openSite(name) {
    const address = `/${name}/`;
    server.mount(address, path.join(folder, 'site'));
    for (const [prefix, files] of Object.entries(APP_FILES)) server.mount(address + prefix, files);
    const page = await tools.engine.newPage();
    await page.goto(server.origin + address);
    assert.equal(await page.evaluate(() => crossOriginIsolated), false);
    server.clearLog();
    /** What isolatePage() ends with, at last. @param {string} worker */
    const isolate = async (worker) => {
      await page.goto(`${server.origin}${address}?worker=${encodeURIComponent(worker)}`);
      await page.waitFor(() => document.querySelector('output')?.textContent);
      const text = await page.evaluate(() => document.querySelector('output')?.textContent);
      return { text, loads: server.requests.filter(({ path: asked }) => asked === address).length };
    };
    return { page, isolate };
  }

  test('the package’s: one reload, then threads that give the same bytes', async () => {
    const { page, isolate } = await openSite('hosted');
    const alone = await page.evaluate(outputsOn, 2);
    assert.equal(alone.threads, 1);
    assert.deepEqual(await isolate('coi_service_worker.js'), { text: 'true', loads: 2 });
    const together = await page.evaluate(outputsOn, 2);
    assert.equal(together.threads, 2);
    assert.deepEqual(together.outputs, alone.outputs);
    assert.ok(new Set(alone.outputs).size > 1, 'other inputs, other outputs');
    assert.ok(server.requests.some(({ path: asked }) => asked.endsWith('-threads.wasm')));
    server.clearLog();
    assert.deepEqual(await isolate('coi_service_worker.js'), { text: 'true', loads: 1 }, 'the next visit needs no reload');
    assert.deepEqual(page.consoleMessages.filter(({ type }) => type === 'error' || type === 'pageerror'), []);
    assert.ok(README.includes(COPY));
  });

  test('the site’s own, by the function for it', async () => {
    const { page, isolate } = await openSite('own');
    await page.evaluate(registerOwn, 'own_worker.js');
    assert.deepEqual(await isolate('coi_service_worker.js'), { text: 'true', loads: 1 });
    assert.equal((await page.evaluate(outputsOn, 2)).threads, 2);
    for (const line of [IMPORT.replace('./minnow/coi.js', 'minnow/coi'), ANSWER]) assert.ok(README.includes(line), line);
  });

  test('another one stays, and the page as it is', async () => {
    const { page, isolate } = await openSite('other');
    await page.evaluate(registerOwn, 'other_worker.js');
    assert.deepEqual(await isolate('coi_service_worker.js'), { text: 'false', loads: 1 });
    const script = await page.evaluate(async () => (await navigator.serviceWorker.ready).active?.scriptURL);
    assert.ok(script?.endsWith('/other_worker.js'));
  });

  test('one that is not there, or serves other pages, is a typed error', async () => {
    const { isolate } = await openSite('faulty');
    for (const [worker, why] of [['nothing.js', /404/], ['below/coi_service_worker.js', /it serves \S+\/below\/ only/]]) {
      const { text, loads } = await isolate(String(worker));
      assert.match(String(text), /^MinnowError WORKER: .*serve coi_service_worker\.js/);
      assert.match(String(text), /** @type {RegExp} */ (why));
      assert.ok(loads <= 2, 'no reload');
    }
  });

  test('one that does not install is a typed error, and nothing is waited for', async () => {
    const { isolate } = await openSite('failing');
    const body = "addEventListener('install', (event) => event.waitUntil(Promise.reject(new Error('no'))));";
    server.fault('/failing/coi_service_worker.js', { body, contentType: 'text/javascript' });
    const { text, loads } = await isolate('coi_service_worker.js');
    assert.match(String(text), /^MinnowError WORKER: .*it does not install.*serve coi_service_worker\.js/);
    assert.equal(loads, 1);
  });

  test('where the service worker is gone after the reload there is no second one', async () => {
    const { page, isolate } = await openSite('gone');
    const body = "addEventListener('install', () => skipWaiting()); addEventListener('activate', (event) => event.waitUntil(registration.unregister()));";
    server.fault('/gone/coi_service_worker.js', { body, contentType: 'text/javascript' });
    assert.deepEqual(await isolate('coi_service_worker.js'), { text: 'false', loads: 2 });
    const state = await page.evaluate(() => [crossOriginIsolated, navigator.serviceWorker.controller]);
    assert.deepEqual(state, [false, null]);
  });
});
