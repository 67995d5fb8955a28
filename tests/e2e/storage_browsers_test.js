/// <reference path="./storage_page/storage_window.d.ts" />
/** Signed packages, updates and the kinds of storage in each browser engine, with packages that the native tool signed. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { distFolder, root } from '../js/native_tool.js';
import { ENGINE_NAMES, launchEngine, missingEngine } from './engines/browser_engine.js';
import { startTestServer } from './test_server.js';

const PAGE_FOLDER = fileURLToPath(new URL('storage_page', import.meta.url));
const MINNOW = path.join(root, 'build/native/minnow');
const missing = !existsSync(MINNOW) && 'build/native/minnow is missing (tools/build.sh native)';

for (const name of ENGINE_NAMES) {
  describe(`signatures, updates and storages in ${name}`, { skip: missingEngine(name) ?? missing }, () => {
    /** @type {import('./test_server.js').TestServer} */
    let server;
    /** @type {import('./engines/browser_engine.js').Engine} */
    let engine;
    /** @type {import('./engines/browser_engine.js').EnginePage} */
    let page;
    const folder = mkdtempSync(path.join(tmpdir(), 'minnow_storage_'));
    const pkg = path.join(folder, 'pkg');
    const manifestFile = path.join(pkg, 'manifest.json');
    /** @param {...string} args */
    const minnow = (...args) => execFileSync(MINNOW, args, { encoding: 'utf8', cwd: folder });
    /** @param {number} release */
    const sign = (release) => minnow('sign', pkg, '--key', 'mine.key', '--release', String(release));
    const publicKey = () => readFileSync(path.join(folder, 'mine.pub'), 'utf8');
    /** @type {(method: string, ...args: unknown[]) => Promise<any>} */
    const call = (method, ...args) => page.evaluate((m, a) => window.storagePage[m](...a), method, args);
    const packageRequests = () => server.requests.map(({ path: asked }) => asked).filter((asked) => asked.startsWith('/pkg/'));

    before(async () => {
      cpSync(path.join(root, 'models/doodles/package'), pkg, { recursive: true });
      minnow('keygen', '--output', 'mine');
      minnow('keygen', '--output', 'other');
      sign(3);
      server = await startTestServer({ '/': PAGE_FOLDER, '/minnow/': distFolder, '/pkg/': pkg });
      engine = await launchEngine(name);
      page = await engine.newPage();
      await page.goto(`${server.origin}/storage.html`);
      await page.waitFor(() => window.storagePage !== undefined);
    });
    after(async () => {
      await engine?.close();
      await server?.close();
      rmSync(folder, { recursive: true });
    });

    test('a package of the key’s owner loads, and again from the device without a request', async () => {
      const first = await call('load', { publicKey: publicKey(), minRelease: 3 });
      assert.deepEqual([first.error, first.release, first.fromCache], [undefined, 3, false]);
      server.clearLog();
      const second = await call('load', { publicKey: publicKey(), minRelease: 3 });
      assert.deepEqual([second.output, second.fromCache, packageRequests()], [first.output, true, []]);
    });

    test('another key’s, an unsigned, a changed and an older one are refused, and nothing of them is kept', async () => {
      await call('clear', 'indexeddb');
      const other = readFileSync(path.join(folder, 'other.pub'), 'utf8');
      /** @param {object} options @param {string} code */
      const refused = async (options, code) => {
        const { error } = await call('load', options);
        assert.deepEqual([error?.code, error?.isMinnowError], [code, true], JSON.stringify(error));
        assert.deepEqual(await call('list', 'indexeddb'), []);
      };
      await refused({ publicKey: other }, 'SIGNATURE');
      await refused({ publicKey: publicKey(), minRelease: 4 }, 'ROLLBACK');
      await refused({ publicKey: 'AAAA' }, 'INVALID_ARGUMENT');
      server.fault('/pkg/manifest.sig', { body: '<!doctype html><title>Home</title>', contentType: 'text/html' });
      await refused({ publicKey: publicKey() }, 'SIGNATURE');
      server.clearFaults();
      server.fault('/pkg/manifest.json', { body: readFileSync(manifestFile, 'utf8').replace('doodles', 'noodles'), contentType: 'application/json' });
      await refused({ publicKey: publicKey() }, 'SIGNATURE');
      server.clearFaults();
      const shard = /** @type {string} */ (readdirSync(pkg).find((file) => file.endsWith('.mnw')));
      for (const suffix of ['', '.gz', '.br']) server.fault(`/pkg/${shard}${suffix}`, { flipBit: 4000 });
      await refused({ publicKey: publicKey() }, 'INTEGRITY');
      server.clearFaults();
    });

    for (const kind of /** @type {const} */ (['indexeddb', 'cache', 'opfs'])) {
      test(`${kind}: brought beforehand, used without a request, renewed, and not taken back`, async (t) => {
        if (kind !== 'indexeddb' && !(await call('has', kind))) return t.skip(`${name} has no ${kind} here`);
        const options = { publicKey: publicKey(), storage: kind, rollback: 'refuse' };
        sign(5);
        await call('prefetch', options);
        server.clearLog();
        const first = await call('load', options);
        assert.deepEqual([first.error, first.release, first.fromCache, packageRequests()], [undefined, 5, true, []]);
        assert.deepEqual(await call('update', options), {});
        sign(6);
        server.clearLog();
        const update = await call('update', options);
        assert.deepEqual([update.release, update.downloadBytes], [6, 0], JSON.stringify(update));
        assert.ok(packageRequests().every((asked) => /manifest\.(json|sig)$/.test(asked)), String(packageRequests()));
        server.clearLog();
        const renewed = await call('load', options);
        assert.deepEqual([renewed.release, renewed.output, packageRequests()], [6, first.output, []]);
        sign(4);
        assert.equal((await call('update', options)).error?.code, 'ROLLBACK');
        assert.equal((await call('load', options)).release, 6);
        assert.deepEqual((await call('list', kind)).length, 1);
        await call('clear', kind);
        assert.deepEqual(await call('list', kind), []);
      });
    }

    test('without console errors', () => {
      // Of requests that were refused on purpose; Chromium reports those of the network itself.
      assert.deepEqual(page.consoleMessages.filter(({ type }) => type === 'pageerror'), []);
    });
  });
}
