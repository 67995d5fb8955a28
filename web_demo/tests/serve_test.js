/** The demo's server: types, headers, encodings, a free port, and an end on request. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const SERVE = fileURLToPath(new URL('../serve.mjs', import.meta.url));
const isBuilt = existsSync(new URL('../dist/index.html', import.meta.url));
const SHARD = '000-0123456789abcdef.mnw';

/** @param {string[]} args */
async function serve(...args) {
  const server = spawn(process.execPath, [SERVE, ...args]);
  let output = '';
  const ended = new Promise((resolve) => server.once('exit', resolve));
  const origin = await new Promise((resolve) => {
    const read = (/** @type {Buffer} */ data) => {
      output += data;
      const port = output.match(/http:\/\/localhost:(\d+)\//)?.[1];
      if (port) resolve(`http://127.0.0.1:${port}`);
    };
    server.stdout.on('data', read);
    server.stderr.on('data', read);
    ended.then(() => resolve(''));
  });
  return { origin, ended, end: () => server.kill('SIGTERM'), output: () => output };
}

describe('serve.mjs', { skip: isBuilt ? false : 'web_demo/dist is not built: npm run build' }, () => {
  /** @type {string} */
  let folder;
  /** @type {Awaited<ReturnType<typeof serve>>} */
  let server;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'minnow-serve-'));
    await writeFile(path.join(folder, 'manifest.json'), '{}');
    await writeFile(path.join(folder, SHARD), 'plain shard');
    await writeFile(path.join(folder, `${SHARD}.gz`), gzipSync('plain shard'));
    server = await serve('--port', '0', '--package', folder);
  });
  after(async () => {
    server.end();
    await rm(folder, { recursive: true });
  });

  test('sends the page isolated and with the right types', async () => {
    for (const [file, type] of [
      ['', 'text/html'],
      ['app.js', 'text/javascript'],
      ['minnow/wasm/minnow-scalar.wasm', 'application/wasm'],
      ['manifest.webmanifest', 'application/manifest+json'],
    ]) {
      const response = await fetch(`${server.origin}/${file}`);
      assert.equal(response.status, 200, file);
      assert.ok(response.headers.get('content-type')?.startsWith(type), `${file}: ${response.headers.get('content-type')}`);
      assert.equal(response.headers.get('cross-origin-opener-policy'), 'same-origin');
      assert.equal(response.headers.get('cross-origin-embedder-policy'), 'require-corp');
    }
  });

  test('sends the package, compressed shards for who takes them, cached for ever', async () => {
    const response = await fetch(`${server.origin}/models/default/${SHARD}`, { headers: { 'accept-encoding': 'gzip' } });
    assert.equal(response.headers.get('content-encoding'), 'gzip');
    assert.equal(await response.text(), 'plain shard');
    assert.match(response.headers.get('cache-control') ?? '', /immutable/);
    const manifest = await fetch(`${server.origin}/models/default/manifest.json`);
    assert.equal(manifest.headers.get('content-type'), 'application/json');
    assert.equal(manifest.headers.get('cache-control'), 'no-cache');
  });

  test('answers 404 in plain text, never with a page', async () => {
    for (const file of ['nothing.wasm', 'models/default/001-0123456789abcdef.mnw', 'models/other/manifest.json']) {
      const response = await fetch(`${server.origin}/${file}`);
      assert.equal(response.status, 404);
      assert.match(response.headers.get('content-type') ?? '', /^text\/plain/);
    }
  });

  test('says when a wanted port is taken, or a package is none', async () => {
    const occupied = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => occupied.once('listening', resolve));
    const { port } = /** @type {import('node:net').AddressInfo} */ (occupied.address());
    const second = await serve('--port', String(port));
    occupied.close();
    assert.equal(await second.ended, 1);
    assert.match(second.output(), new RegExp(`port ${port} is taken`));
    const third = await serve('--port', '0', '--package', tmpdir());
    assert.equal(await third.ended, 1);
    assert.match(third.output(), /manifest\.json/);
  });

  test('ends on SIGTERM, also with connections open', async () => {
    const other = await serve('--port', '0');
    await fetch(other.origin);
    other.end();
    assert.equal(await other.ended, 0);
  });
});
