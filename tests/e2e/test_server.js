/**
 * A static file server for tests that can be watched, switched off and made to misbehave.
 *
 * It listens on 127.0.0.1 at a port the system picks. Every request is logged, also those that
 * get no answer: "no request left the page" is only proved by a server that would have seen it.
 * `off()` therefore keeps the socket open, logs what arrives and then destroys the connection,
 * which a page cannot tell from a network that is down.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { parseRange } from './server_bodies.js';
import { contentRange, sendFaulty, sendStatusPage, sendUnsatisfiable } from './server_faults.js';
import { locate, mimeType, pickEncoding } from './server_files.js';

/**
 * One request, in order of arrival.
 * @typedef {object} LoggedRequest
 * @property {number} at milliseconds since the server started
 * @property {string} method
 * @property {string} path percent-decoded, without the query
 * @property {string} query with its question mark, or ''
 * @property {import('node:http').IncomingHttpHeaders} headers
 * @property {number} status HTTP status sent, 0 where the connection was destroyed
 * @property {number} sentBytes bytes of the body that the connection took
 * @property {boolean} serviceWorkerScript a browser fetching or re-checking a service worker's
 *   script, which it does by itself on navigation; not a request of the page
 */

/** @typedef {import('./server_faults.js').Fault} Fault */

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
 * @property {boolean} [cors] pages of every origin may read the answers
 * @property {boolean} [ranges] answer requests for parts of files; default true
 */

export class TestServer {
  /** @type {LoggedRequest[]} */
  requests = [];
  origin = '';
  #mounts;
  #options;
  #isOff = false;
  /** @type {{ requests: number, until: number }} */
  #gone = { requests: 0, until: 0 };
  #startedAt = performance.now();
  /** What awaits the next requests of a path, in turn. @type {Map<string, (Fault | undefined)[]>} */
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
    this.#gone = { requests: 0, until: 0 };
  }

  /** As `off()`, for so many requests and so long from now on, whichever ends later. @param {{ requests?: number, ms?: number }} span */
  goneFor({ requests = 0, ms = 0 }) {
    this.#gone = { requests, until: performance.now() + ms };
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
    this.#faults.set(urlPath, [{ ...fault }]);
  }

  /**
   * One fault after the other, for what is the same file at several addresses.
   * @param {readonly string[]} urlPaths they share the list: a request of any of them takes the next one
   * @param {readonly (Fault | undefined)[]} faults undefined: a proper answer. Each is applied `times` (default 1)
   */
  faultInTurn(urlPaths, faults) {
    const queue = faults.map((fault) => fault && { times: 1, ...fault });
    for (const urlPath of urlPaths) this.#faults.set(urlPath, queue);
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
      sentBytes: 0,
      serviceWorkerScript:
        request.headers['service-worker'] === 'script' || request.headers['sec-fetch-dest'] === 'serviceworker',
    };
    this.requests.push(entry);
    const isPreflight = this.#options.cors && request.method === 'OPTIONS';
    const isGone = this.#isOff || this.#takeGone();
    const fault = isGone || isPreflight ? undefined : this.#takeFault(urlPath);
    if (isGone || fault?.destroy) {
      request.socket.destroy();
      return;
    }
    response.on('finish', () => (entry.status = response.statusCode));
    this.#setHeaders(response, urlPath);
    if (isPreflight) {
      response.writeHead(204).end();
      return;
    }
    if (fault?.delayMs) await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
    await fault?.hold;
    const handler = this.#handlers.get(urlPath);
    if (handler) {
      await handler(request, response, await readBody(request));
      return;
    }
    await this.#sendFile(entry, request, response, fault);
  }

  /** @param {import('node:http').ServerResponse} response @param {string} urlPath */
  #setHeaders(response, urlPath) {
    response.setHeader('Cache-Control', this.#options.cacheControl ?? 'no-store');
    if (this.#options.isolate) {
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
      response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
      response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
    }
    if (this.#options.cors) {
      response.setHeader('Access-Control-Allow-Origin', '*');
      response.setHeader('Access-Control-Allow-Headers', 'Range, Cache-Control, Pragma');
      response.setHeader('Access-Control-Expose-Headers', 'Retry-After, Content-Range');
    }
    for (const [name, value] of Object.entries(this.#options.headersFor?.(urlPath) ?? {})) response.setHeader(name, value);
  }

  /** Whether the server is gone for this request, counted down. */
  #takeGone() {
    return this.#gone.requests-- > 0 || performance.now() < this.#gone.until;
  }

  /** The fault to apply now, counted down. @param {string} urlPath @returns {Fault | undefined} */
  #takeFault(urlPath) {
    const queue = this.#faults.get(urlPath) ?? [];
    const [fault] = queue;
    if (queue.length > 0 && (!fault || (fault.times !== undefined && --fault.times <= 0))) queue.shift();
    return fault;
  }

  /**
   * @param {LoggedRequest} entry
   * @param {import('node:http').IncomingMessage} request
   * @param {import('node:http').ServerResponse} response
   * @param {Fault} [fault]
   */
  async #sendFile(entry, request, response, fault) {
    const found = await locate(this.#mounts, entry.path);
    /** @param {number} bytes */
    const onSent = (bytes) => (entry.sentBytes += bytes);
    if (fault) {
      await sendFaulty(request, response, fault, { file: found, mimeType: mimeType(found ?? 'body.html'), onSent });
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
    const { size } = await stat(file);
    const range = this.#options.ranges === false ? undefined : parseRange(request.headers.range, size);
    if (range === 'unsatisfiable') {
      sendUnsatisfiable(response, size);
      return;
    }
    if (range) response.setHeader('Content-Range', contentRange(range, size));
    const { start, end } = range ?? { start: 0, end: size };
    response.setHeader('Content-Length', end - start);
    response.writeHead(range ? 206 : 200);
    if (request.method === 'HEAD' || start === end) {
      response.end();
      return;
    }
    const bytes = createReadStream(file, { start, end: end - 1 });
    bytes.on('data', (piece) => onSent(piece.length));
    bytes.on('error', (error) => response.destroy(error)).pipe(response);
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

/** @param {import('node:http').IncomingMessage} request @returns {Promise<Buffer>} */
async function readBody(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}
