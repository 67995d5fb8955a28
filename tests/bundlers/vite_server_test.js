/** Vite's development server, with the package pre-bundled (its default) and without. */
import assert from 'node:assert/strict';
import { cpSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { answersAt, APP_FILES, assertRight, BASE, policy } from './app_site.js';
import { describeApps } from './app_suite.js';

const APP = readFileSync(new URL('doodles_app.js', import.meta.url), 'utf8');
const PAGE = `<!doctype html><html lang="en"><title>An app</title><link rel="icon" href="${BASE}drawings/cat.png">
<script type="module" src="./src/index.js"></script><output></output></html>`;

/**
 * Vite's server as `vite` starts it, but for a log of what it answers, and the headers of the other tests.
 * @param {string} folder
 * @param {import('vite').InlineConfig} config
 */
async function serve(folder, config) {
  /** @type {string[]} */
  const problems = [];
  /** @type {import('vite').Plugin} */
  const log = {
    name: 'log',
    configureServer({ middlewares }) {
      middlewares.use((request, response, next) => {
        response.on('finish', () => {
          if (response.statusCode >= 400 || request.headers['sec-fetch-dest'] === 'report') problems.push(`${response.statusCode} ${request.url}`);
        });
        next();
      });
    },
  };
  const isolating = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
  const { createServer } = await import('vite');
  const server = await createServer({
    ...config,
    root: folder,
    base: BASE,
    logLevel: 'error',
    plugins: [log],
    server: { host: '127.0.0.1', headers: { ...policy(), ...isolating } },
  });
  await server.listen();
  return { server, problems, address: server.resolvedUrls?.local[0] ?? '' };
}

describeApps('Vite', (tools) => {
  /** @type {Record<string, import('vite').InlineConfig>} */
  const configs = { 'by default': {}, 'with minnow left out of the optimiser': { optimizeDeps: { exclude: ['minnow'] } } };
  for (const [name, config] of Object.entries(configs)) {
    test(`its development server, ${name}`, async () => {
      const folder = await tools.projects.create(name.replaceAll(' ', '_'), { 'src/index.js': APP, 'index.html': PAGE });
      for (const [prefix, files] of Object.entries(APP_FILES)) cpSync(files, path.join(folder, 'public', prefix), { recursive: true });
      const { server, problems, address } = await serve(folder, config);
      try {
        const { answers, problems: errors } = await answersAt(tools.engine, address);
        assertRight(answers);
        assert.deepEqual([problems, errors], [[], []]);
      } finally {
        await server.close();
      }
    });
  }
});
