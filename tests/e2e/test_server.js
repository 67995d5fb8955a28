/**
 * A static file server for tests that can be watched, switched off and made to misbehave.
 *
 * It listens on 127.0.0.1 at a port the system picks. Every request is logged, also those that
 * get no answer: "no request left the page" is only proved by a server that would have seen it.
 * `off()` therefore keeps the socket open, logs what arrives and then destroys the connection,
 * which a page cannot tell from a network that is down.
 */
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';

/**
 * One request, in order of arrival.
 * @typedef {object} LoggedRequest
 * @property {number} at milliseconds since the server started
 * @property {string} method
 * @property {string} path percent-decoded, without the query
 * @property {string} query with its question mark, or ''
 * @property {import('node:http').IncomingHttpHeaders} headers
 * @property {number} status HTTP status sent, 0 where the connection was destroyed
 * @property {boolean} serviceWorkerScript a browser fetching or re-checking a service worker's
 *   script, which it does by itself on navigation; not a request of the page
 */

/**
 * What to do to the answer of one path. Fields combine; an absent one changes nothing.
 * @typedef {object} Fault
 * @property {number} [status] status to send; without `body`, 4xx and 5xx get a short HTML page
 * @property {string | Uint8Array} [body] body to send in place of the file
 * @property {string} [contentType] MIME type to send in place of the right one
 * @property {Record<string, string>} [headers] headers to add
 * @property {number} [delayMs] wait before the answer
 * @property {Promise<unknown>} [hold] wait for this before the answer
 * @property {number} [truncate] send only this many bytes, with a length that agrees: a file cut short
 * @property {number} [cutAfter] send this many bytes, then break the connection: a download cut short
 * @property {number} [flipBit] index of the bit to invert (bit n is bit n % 8 of byte n >> 3)
 * @property {boolean} [destroy] break the connection without an answer
 * @property {number} [times] apply this often, then answer properly again; default: always
 */

/**
 * @typedef {(request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse,
 *   body: Buffer) => void | Promise<void>} Handler
 */

/**
 * @typedef {object} TestServerOptions
 * @property {boolean} [isolate] send COOP and COEP, so that pages may use SharedArrayBuffer
 * @property {boolean} [precompressed] send `file.br` or `file.gz` beside a file where the browser accepts it
 * @property {string} [cacheControl] default 'no-store': what works offline then works without the HTTP cache
 * @property {(urlPath: string) => Record<string, string>} [headersFor] more headers for a path's answer
 */

/** @type {Record<string, string>} */
const MIME_TYPES = {
  '.bin': 'application/octet-stream',
  '.bmp': 'image/bmp',
  '.css': 'text/css; charset=utf-8',
  '.gif': 'image/gif',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
};

const ENCODINGS = /** @type {const} */ ([
  ['br', '.br'],
  ['gzip', '.gz'],
]);

export class TestServer {
  /** @type {LoggedRequest[]} */
  requests = [];
  origin = '';
  #mounts;
  #options;
  #isOff = false;
  #startedAt = performance.now();
  /** @type {Map<string, Fault>} */
  #faults = new Map();
  /** @type {Map<string, Handler>} */
  #handlers = new Map();
  #server = createServer((request, response) => {
    this.#answer(request, response).catch((error) => {
      if (!response.headersSent) response.writeHead(500, { 'Content-Type': 'text/plain' });
      response.end(String(error));
    });
  });

  /**
   * @param {Record<string, string>} mounts folder by URL prefix; prefixes start and end with '/'
   * @param {TestServerOptions} [options]
   */
  constructor(mounts, options = {}) {
    this.#mounts = Object.entries(mounts);
    this.#options = { cacheControl: 'no-store', ...options };
  }

  /** Starts listening. @returns {Promise<this>} */
  async start() {
    await new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', () => resolve(undefined));
    });
    const address = /** @type {import('node:net').AddressInfo} */ (this.#server.address());
    this.origin = `http://127.0.0.1:${address.port}`;
    return this;
  }

  /** Stops listening and drops every connection. */
  async close() {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** From now on every request is logged and its connection destroyed. */
  off() {
    // Kept-alive connections stay: a request sent over one must still arrive to be logged.
    this.#isOff = true;
  }

  /** Answers again. */
  on() {
    this.#isOff = false;
  }

  /** Empties the log. */
  clearLog() {
    this.requests.length = 0;
  }

  /** Logged requests of the page itself: without the browser's own checks of service worker scripts. */
  get pageRequests() {
    return this.requests.filter((request) => !request.serviceWorkerScript);
  }

  /** @param {string} urlPath exact path @param {Fault} fault */
  fault(urlPath, fault) {
    this.#faults.set(urlPath, { ...fault });
  }

  /** Removes every fault. */
  clearFaults() {
    this.#faults.clear();
  }

  /** Serves one more folder. @param {string} prefix starts and ends with '/' @param {string} folder */
  mount(prefix, folder) {
    this.#mounts.push([prefix, folder]);
  }

  /** Answers a path in code (uploads, results). @param {string} urlPath @param {Handler} handler */
  handle(urlPath, handler) {
    this.#handlers.set(urlPath, handler);
  }

  /**
   * @param {import('node:http').IncomingMessage} request
   * @param {import('node:http').ServerResponse} response
   */
  async #answer(request, response) {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const urlPath = decodeURIComponent(url.pathname);
    /** @type {LoggedRequest} */
    const entry = {
      at: performance.now() - this.#startedAt,
      method: request.method ?? '',
      path: urlPath,
      query: url.search,
      headers: request.headers,
      status: 0,
      serviceWorkerScript:
        request.headers['service-worker'] === 'script' || request.headers['sec-fetch-dest'] === 'serviceworker',
    };
    this.requests.push(entry);
    const fault = this.#takeFault(urlPath);
    if (this.#isOff || fault?.destroy) {
      request.socket.destroy();
      return;
    }
    response.on('finish', () => (entry.status = response.statusCode));
    response.setHeader('Cache-Control', this.#options.cacheControl ?? 'no-store');
    if (this.#options.isolate) {
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
      response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
      response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
    }
    for (const [name, value] of Object.entries(this.#options.headersFor?.(urlPath) ?? {})) response.setHeader(name, value);
    if (fault?.delayMs) await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
    await fault?.hold;
    const handler = this.#handlers.get(urlPath);
    if (handler) {
      await handler(request, response, await readBody(request));
      return;
    }
    await this.#sendFile(urlPath, request, response, fault);
  }

  /** The fault to apply now, counted down. @param {string} urlPath @returns {Fault | undefined} */
  #takeFault(urlPath) {
    const fault = this.#faults.get(urlPath);
    if (fault?.times !== undefined && --fault.times <= 0) this.#faults.delete(urlPath);
    return fault;
  }

  /**
   * @param {string} urlPath
   * @param {import('node:http').IncomingMessage} request
   * @param {import('node:http').ServerResponse} response
   * @param {Fault} [fault]
   */
  async #sendFile(urlPath, request, response, fault) {
    const found = await this.#locate(urlPath);
    if (fault) {
      await sendFaulty(response, fault, found);
      return;
    }
    if (!found) {
      sendStatusPage(response, 404);
      return;
    }
    const encoded = this.#options.precompressed ? await pickEncoding(found, request) : undefined;
    if (encoded) response.setHeader('Content-Encoding', encoded.encoding);
    if (this.#options.precompressed) response.setHeader('Vary', 'Accept-Encoding');
    const file = encoded?.file ?? found;
    response.setHeader('Content-Type', mimeType(found));
    response.setHeader('Content-Length', (await stat(file)).size);
    response.writeHead(200);
    if (request.method === 'HEAD') response.end();
    else createReadStream(file).on('error', (error) => response.destroy(error)).pipe(response);
  }

  /** The file behind a path, if it is one. @param {string} urlPath @returns {Promise<string | undefined>} */
  async #locate(urlPath) {
    // The longest prefix counts, so that '/model/' wins over '/'.
    const mounts = this.#mounts.filter(([prefix]) => urlPath.startsWith(prefix));
    if (mounts.length === 0) return undefined;
    const mount = mounts.reduce((best, other) => (other[0].length > best[0].length ? other : best));
    const root = path.resolve(mount[1]);
    const file = path.resolve(root, `./${urlPath.slice(mount[0].length)}`);
    if (file !== root && !file.startsWith(root + path.sep)) return undefined;
    for (const candidate of urlPath.endsWith('/') ? [path.join(file, 'index.html')] : [file]) {
      const info = await stat(candidate).catch(() => undefined);
      if (info?.isFile()) return candidate;
    }
    return undefined;
  }
}

/**
 * Starts a server.
 * @param {Record<string, string>} mounts folder by URL prefix, e.g. `{'/': 'web_demo/dist', '/model/': out}`
 * @param {TestServerOptions} [options]
 * @returns {Promise<TestServer>}
 */
export function startTestServer(mounts, options) {
  return new TestServer(mounts, options).start();
}

/** @param {string} file */
function mimeType(file) {
  return MIME_TYPES[path.extname(file).toLowerCase()] ?? 'application/octet-stream';
}

/**
 * @param {string} file
 * @param {import('node:http').IncomingMessage} request
 * @returns {Promise<{encoding: string, file: string} | undefined>}
 */
async function pickEncoding(file, request) {
  const accepted = String(request.headers['accept-encoding'] ?? '').split(/\s*,\s*/);
  for (const [encoding, suffix] of ENCODINGS) {
    if (!accepted.some((name) => name.split(';')[0] === encoding)) continue;
    if (await stat(file + suffix).catch(() => undefined)) return { encoding, file: file + suffix };
  }
  return undefined;
}

/** @param {import('node:http').ServerResponse} response @param {number} status */
function sendStatusPage(response, status) {
  response.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8' });
  response.end(`<!doctype html><title>${status}</title><h1>${status}</h1>`);
}

/**
 * Faulty answers are never content-encoded: the byte offsets then mean the file's own bytes.
 * @param {import('node:http').ServerResponse} response
 * @param {Fault} fault
 * @param {string} [file]
 */
async function sendFaulty(response, fault, file) {
  for (const [name, value] of Object.entries(fault.headers ?? {})) response.setHeader(name, value);
  const status = fault.status ?? (file || fault.body !== undefined ? 200 : 404);
  if (fault.body === undefined && (status >= 400 || !file)) {
    sendStatusPage(response, status);
    return;
  }
  let body = fault.body === undefined ? await readFile(/** @type {string} */ (file)) : Buffer.from(fault.body);
  if (fault.flipBit !== undefined) body[fault.flipBit >> 3] ^= 1 << (fault.flipBit & 7);
  if (fault.truncate !== undefined) body = body.subarray(0, fault.truncate);
  response.setHeader('Content-Type', fault.contentType ?? (file ? mimeType(file) : 'text/html; charset=utf-8'));
  response.setHeader('Content-Length', body.length);
  response.writeHead(status);
  if (fault.cutAfter === undefined) {
    response.end(body);
    return;
  }
  response.write(body.subarray(0, fault.cutAfter), () => response.destroy());
}

/** @param {import('node:http').IncomingMessage} request @returns {Promise<Buffer>} */
async function readBody(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}
