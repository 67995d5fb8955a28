/** Importing the package where there is no page does nothing: in Node, in its workers, and in what Vite makes for servers. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { missing, Projects, runIn } from './app_project.js';

const { exports } = JSON.parse(readFileSync(new URL('../../wasm_glue/package.json', import.meta.url), 'utf8'));
const ENTRIES = Object.entries(exports)
  .filter(([, target]) => typeof target === 'object')
  .map(([entry]) => entry.replace('.', 'minnow'));

/** What a page has and Node may have, too. To look at one of them while being imported is a side effect. */
const WATCHED = ['fetch', 'Worker', 'WebAssembly', 'indexedDB', 'navigator', 'window', 'document', 'location', 'localStorage', 'caches', 'crypto'];

/** Imports every entry, and tells what that did to the globals and what it looked at. */
const IMPORT_ALL = `
async function importAll() {
  const touched = [];
  const kept = ${JSON.stringify(WATCHED)}.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]);
  for (const [name] of kept) {
    Object.defineProperty(globalThis, name, { configurable: true, get: () => void touched.push(name), set: () => touched.push(name) });
  }
  const globals = Reflect.ownKeys(globalThis).length;
  const names = {};
  ${ENTRIES.map((entry) => `names['${entry}'] = Object.keys(await import('${entry}'));`).join('\n  ')}
  const added = Reflect.ownKeys(globalThis).slice(globals).map(String);
  for (const [name, descriptor] of kept) {
    if (descriptor) Object.defineProperty(globalThis, name, descriptor);
    else delete globalThis[name];
  }
  return { names, touched, added };
}
`;
const FILES = {
  'src/server.js': `${IMPORT_ALL}\nconsole.log(JSON.stringify(await importAll()));`,
  'src/loaded.js': `${IMPORT_ALL}\nexport { importAll };`,
  'src/in_worker.js': `
import { Worker } from 'node:worker_threads';
new Worker(new URL('./server.js', import.meta.url)).on('exit', (code) => (process.exitCode = code));`,
};

/** @param {{ names: Record<string, string[]>, touched: string[], added: string[] }} report */
function assertHarmless({ names, touched, added }) {
  assert.deepEqual([touched, added], [[], []]);
  assert.deepEqual(Object.keys(names), ENTRIES);
  assert.ok(names.minnow.includes('ImageClassifier') && names['minnow/audio'].includes('AudioClassifier'));
}

describe('importing every entry', { skip: missing }, () => {
  /** @type {Projects} */
  let projects;
  let folder = '';
  before(async () => {
    projects = new Projects();
    folder = await projects.create('server', FILES);
  });
  after(() => projects?.remove());

  test('in Node, and in a worker of Node; they end by themselves', async () => {
    for (const script of ['src/server.js', 'src/in_worker.js']) {
      assertHarmless(JSON.parse(await runIn(folder, process.execPath, [script])));
    }
  });

  for (const [name, args] of Object.entries({ outside: [], 'bundled in': ['--config', 'bundled_in.config.js'] })) {
    test(`in Vite’s build for a server, the package ${name}`, async () => {
      const project = await projects.create(name.replace(' ', '_'), {
        ...FILES,
        'bundled_in.config.js': 'export default { ssr: { noExternal: true } };',
      });
      await runIn(project, 'vite', ['build', '--ssr', 'src/server.js', ...args]);
      assertHarmless(JSON.parse(await runIn(project, process.execPath, ['dist/server.js'])));
    });
  }

  test('by Vite’s ssrLoadModule', async () => {
    const { createServer } = await import('vite');
    const server = await createServer({ root: folder, configFile: false, logLevel: 'error', server: { middlewareMode: true, ws: false } });
    try {
      const { importAll } = await server.ssrLoadModule(path.join(folder, 'src/loaded.js'));
      assertHarmless(await importAll());
    } finally {
      await server.close();
    }
  });
});
