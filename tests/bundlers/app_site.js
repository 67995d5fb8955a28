/** Serves an app under a sub-path and a strict Content-Security-Policy, opens it in Chromium, and tells what happened. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { launchEngine } from '../e2e/engines/browser_engine.js';
import { startTestServer } from '../e2e/test_server.js';

const MODELS = fileURLToPath(new URL('../../models/', import.meta.url));
export const BASE = '/some/app/';

/** What the app fetches beside itself. */
export const APP_FILES = {
  ...Object.fromEntries(['doodles', 'intents', 'wake_words'].map((name) => [`models/${name}/`, path.join(MODELS, name, 'package')])),
  'drawings/': path.join(MODELS, 'doodles/samples'),
  'sounds/': path.join(MODELS, 'wake_words/samples'),
};

/** What recognising rightly is. */
const RIGHT = { drawing: 'cat', topic: 'utility', word: 'computer' };

/** Documents and workers have it each for themselves, so every answer carries it. @param {string} scripts more sources */
export function policy(scripts = '') {
  const sources = `default-src 'self'; script-src 'self' 'wasm-unsafe-eval'${scripts}; worker-src 'self'; object-src 'none'`;
  return { 'Content-Security-Policy': `${sources}; report-uri ${BASE}violations` };
}

/** Starts Chromium, which may play sound without being clicked. */
export function launchChromium() {
  return launchEngine('chromium', { flags: ['--autoplay-policy=no-user-gesture-required'] });
}

/**
 * @param {string} folder of the built app
 * @param {string} [scriptSources] that the policy allows beyond its own
 */
export async function serveApp(folder, scriptSources) {
  const mounts = Object.entries(APP_FILES).map(([prefix, files]) => [BASE + prefix, files]);
  const server = await startTestServer(
    { [BASE]: folder, ...Object.fromEntries(mounts) },
    { isolate: true, headersFor: () => policy(scriptSources) },
  );
  /** @type {string[]} */
  const violations = [];
  server.handle(`${BASE}violations`, (_request, response, body) => {
    violations.push(body.toString());
    response.writeHead(204).end();
  });
  server.handle('/favicon.ico', (_request, response) => void response.writeHead(204).end());
  return { server, violations };
}

/**
 * Opens the page and waits for its answers.
 * @param {import('../e2e/engines/browser_engine.js').Engine} engine
 * @param {string} address
 */
export async function answersAt(engine, address) {
  const page = await engine.newPage();
  try {
    await page.goto(address);
    await page.waitFor(() => document.querySelector('output')?.textContent, 20_000);
    const text = await page.evaluate(() => document.querySelector('output')?.textContent ?? '');
    assert.ok(text.startsWith('{'), `${text}\n${JSON.stringify(page.consoleMessages)}`);
    return { answers: JSON.parse(text), problems: page.consoleMessages.filter(({ type }) => type === 'error' || type === 'pageerror') };
  } finally {
    await page.close();
  }
}

/** @param {any} answers of doodles_app.js */
export function assertRight({ inWorker, inPage, topic, word }) {
  assert.deepEqual({ drawing: inWorker.label, topic, word }, RIGHT);
  assert.deepEqual([inPage.label, inWorker.threads, inPage.threads], [RIGHT.drawing, 2, 1]);
}

/**
 * @param {string} folder of the built app
 * @param {import('../e2e/engines/browser_engine.js').Engine} engine
 * @param {string} [scriptSources]
 * @returns {Promise<string[]>} the addresses that were asked for, relative to the app; all of them are there
 */
export async function assertWorks(folder, engine, scriptSources) {
  const { server, violations } = await serveApp(folder, scriptSources);
  try {
    const { answers, problems } = await answersAt(engine, server.origin + BASE);
    assertRight(answers);
    const asked = server.requests.filter(({ path: asked }) => asked !== '/favicon.ico');
    assert.deepEqual(asked.filter(({ path: asked, status }) => status !== 200 || !asked.startsWith(BASE)), []);
    assert.deepEqual([problems, violations], [[], []]);
    const workers = asked.filter(({ headers }) => headers['sec-fetch-dest'] === 'worker');
    assert.ok(workers.length >= 4, `three models in workers, one of them with a helper: ${workers.map(({ path: asked }) => asked)}`);
    return [...new Set(asked.map(({ path: asked }) => asked.slice(BASE.length)))];
  } finally {
    await server.close();
  }
}
