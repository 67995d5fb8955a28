#!/usr/bin/env node
/**
 * Serves the built demo and, under /models/default/, a package for its tab "Your model".
 * usage: serve.mjs [--package DIR] [--port N] [--host ADDRESS]
 *
 * Without --port it takes 8080, or the next free one. Pages get the headers of cross-origin
 * isolation; the demo does not need them today, threads will.
 */
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import sirv from 'sirv';

const DIST = path.join(path.dirname(fileURLToPath(import.meta.url)), 'dist');
const PACKAGE_PREFIX = '/models/default';
const FIRST_PORT = 8080;
const PORTS_TRIED = 20;
/** The package's shards carry their content's hash in the name: they never change. */
const CONTENT_ADDRESSED = /-[0-9a-f]{16}\.\w+(\.br|\.gz)?$/;

const { values: options } = parseArgs({
  options: {
    package: { type: 'string' },
    port: { type: 'string' },
    host: { type: 'string', default: '127.0.0.1' },
  },
});

const wantedPort = options.port === undefined ? FIRST_PORT : Number(options.port);
if (!Number.isInteger(wantedPort) || wantedPort < 0 || wantedPort > 65535) {
  fail(`--port ${options.port}: a port is a number from 0 (any free one) to 65535`);
}
if (!existsSync(path.join(DIST, 'index.html'))) {
  fail('the demo is not built: run  npm run build  first');
}
if (options.package && !existsSync(path.join(options.package, 'manifest.json'))) {
  fail(`${options.package} is no package, it has no manifest.json: write one with\n` +
    `  build/native/minnow pack model.tflite -o ${options.package}`);
}

// dev: files are looked up at each request, so a rebuild or a repack is seen at once.
const page = sirv(DIST, { dev: true, etag: true });
const modelPackage = options.package && sirv(options.package, {
  dev: true, etag: true, brotli: true, gzip: true,
});

const server = createServer((request, response) => {
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
  response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  const notFound = () => {
    response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' });
    response.end(`404: ${request.url} is not here\n`);
  };
  const url = request.url ?? '/';
  if (url.startsWith('/models/') && CONTENT_ADDRESSED.test(url)) {
    response.setHeader('Cache-Control', 'public, max-age=31536000, immutable');
  }
  if (modelPackage && url.startsWith(`${PACKAGE_PREFIX}/`)) {
    request.url = url.slice(PACKAGE_PREFIX.length);
    modelPackage(request, response, notFound);
  } else {
    page(request, response, notFound);
  }
});

server.once('listening', announce);
listen(wantedPort, options.port === undefined ? PORTS_TRIED : 1);
process.once('SIGINT', stop);
process.once('SIGTERM', stop);

/** @param {number} port @param {number} triesLeft */
function listen(port, triesLeft) {
  server.once('error', (/** @type {NodeJS.ErrnoException} */ error) => {
    if (error.code !== 'EADDRINUSE') fail(`cannot serve: ${error.message}`);
    if (triesLeft <= 1) fail(`port ${port} is taken: choose another with --port, or 0 for any`);
    listen(port + 1, triesLeft - 1);
  });
  server.listen(port, options.host);
}

function announce() {
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  const host = address.address === '127.0.0.1' ? 'localhost' : address.address;
  console.log(`\n  Minnow's demo: http://${host}:${address.port}/   (Ctrl-C ends it)`);
  console.log(options.package
    ? `  "Your model" begins with ${options.package}\n`
    : '  "Your model" begins without a package; add one with --package DIR (the page says how to pack one)\n');
}

function stop() {
  // Browsers keep connections open: without this the process would wait for them.
  server.close(() => process.exit(0));
  server.closeAllConnections();
}

/** @param {string} why @returns {never} */
function fail(why) {
  console.error(`serve: ${why}`);
  process.exit(1);
}
