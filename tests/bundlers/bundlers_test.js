/** The same app, built by each bundler as its users would, and served without one. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { runIn } from './app_project.js';
import { assertWorks } from './app_site.js';
import { describeApps } from './app_suite.js';

const APP = readFileSync(new URL('doodles_app.js', import.meta.url), 'utf8');
const README = readFileSync(new URL('../../wasm_glue/README.md', import.meta.url), 'utf8');

/** @param {string} head */
const page = (head) => `<!doctype html><html lang="en"><title>An app</title>${head}<output></output></html>`;
/** @param {string} file */
const moduleScript = (file) => `<script type="module" src="${file}"></script>`;

/** For those that look for no files beside the scripts. */
const COPY = 'cp -r node_modules/minnow/dist/minnow-*.js node_modules/minnow/dist/wasm dist';

const PARCEL = `"@parcel/resolver-default": { "packageExports": true },
"browserslist": "chrome 91, firefox 114, safari 15.4"`;

const IMPORT_MAP = `{
  "imports": {
    "minnow": "./minnow/minnow.js",
    "minnow/audio": "./minnow/audio.js",
    "minnow/text": "./minnow/text.js"
  }
}`;

/**
 * @typedef {object} Builder
 * @property {string} commands that write dist/
 * @property {string} [settings] that the app needs beyond them
 * @property {Record<string, string>} files of the app, beside src/index.js
 * @property {string} [scriptSources] that the page's policy has to allow
 * @property {RegExp} wasm the file that is fetched
 */

/** What stands here of commands and settings stands in the package's README as well. @type {Record<string, Builder>} */
const BUILDERS = {
  vite: {
    commands: 'vite build --base=./',
    files: { 'index.html': page(moduleScript('./src/index.js')) },
    wasm: /^assets\/minnow-\w+-threads-[\w-]{8}\.wasm$/,
  },
  webpack: {
    commands: 'webpack --mode production',
    files: { 'dist/index.html': page('<script defer src="main.js"></script>') },
    wasm: /^[0-9a-f]{20}\.wasm$/,
  },
  rollup: {
    commands: `rollup src/index.js -d dist -p node-resolve\n${COPY}`,
    files: { 'dist/index.html': page(moduleScript('index.js')) },
    wasm: /^wasm\/minnow-\w+-threads\.wasm$/,
  },
  esbuild: {
    commands: `esbuild src/index.js --bundle --splitting --format=esm --outdir=dist\n${COPY}`,
    files: { 'dist/index.html': page(moduleScript('index.js')) },
    wasm: /^wasm\/minnow-\w+-threads\.wasm$/,
  },
  parcel: {
    commands: 'parcel build index.html --public-url ./',
    settings: PARCEL,
    files: {
      'index.html': page(moduleScript('./src/index.js')),
      'package.json': `{ "name": "app", "private": true, "type": "module", ${PARCEL} }`,
    },
    wasm: /^minnow-\w+-threads\.[0-9a-f]{8}\.wasm$/,
  },
  'no bundler': {
    commands: 'cp -r node_modules/minnow/dist dist/minnow',
    settings: `<script type="importmap">${IMPORT_MAP}</script>`,
    files: {
      'dist/index.html': page(`<script type="importmap">${IMPORT_MAP}</script>${moduleScript('index.js')}`),
      'dist/index.js': APP,
    },
    scriptSources: ` 'sha256-${createHash('sha256').update(IMPORT_MAP).digest('base64')}'`,
    wasm: /^minnow\/wasm\/minnow-\w+-threads\.wasm$/,
  },
};

describeApps('bundlers', (tools) => {
  for (const [name, { commands, settings = '', files, scriptSources, wasm }] of Object.entries(BUILDERS)) {
    test(`${name}: the app works under a sub-path and a strict policy`, async (t) => {
      const folder = await tools.projects.create(name, { 'src/index.js': APP, ...files });
      t.diagnostic(await runIn(folder, 'sh', ['-ec', commands]));
      const asked = await assertWorks(path.join(folder, 'dist'), tools.engine, scriptSources);
      assert.ok(asked.some((file) => wasm.test(file)), asked.join('\n'));
      for (const line of `${commands}\n${settings}`.split('\n')) assert.ok(README.includes(line.trim()), `the README has no "${line}"`);
    });
  }

  test('a page without the files that a bundler leaves behind is told what to do', async () => {
    const folder = await tools.projects.create('incomplete', { 'src/index.js': APP, ...BUILDERS.esbuild.files });
    await runIn(folder, 'sh', ['-ec', BUILDERS.esbuild.commands.replace(COPY, '')]);
    await assert.rejects(assertWorks(path.join(folder, 'dist'), tools.engine), /check the workerUrl option/);
  });
});
