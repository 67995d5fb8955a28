/**
 * Requests that survive a shaky network and say what went wrong.
 *
 * Worth another try: no answer, an answer cut short, 408, 429 and 5xx. Not worth it: other statuses, and an
 * HTML page where a file should be, which is how hosts of single-page apps answer for a missing file.
 */
import { delay, throwIfAborted } from './abort.js';
import { MinnowError, messageOf } from './errors.js';

const ATTEMPTS = 4;
const FIRST_BACKOFF_MS = 300;
const MAX_WAIT_MS = 8000;

/**
 * @typedef {object} HttpOptions
 * @property {typeof fetch} [fetch]
 * @property {AbortSignal} [signal]
 * @property {RequestCache} [cache]
 * @property {string} [remedy] what to check when the file is not there
 */

const FILE_REMEDY = 'check the address given to create(), and that the whole package folder was uploaded';

/** Marks errors that another attempt may cure. @type {WeakMap<object, number>} wait asked for in ms */
const transient = new WeakMap();

/**
 * Calls `attempt` again after transient errors, ever later and at a random time, so that many pages do not
 * come back to a struggling server at once.
 * @template T
 * @param {() => Promise<T>} attempt
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<T>}
 */
export async function withRetries(attempt, signal) {
  for (let tried = 1; ; tried++) {
    throwIfAborted(signal);
    try {
      return await attempt();
    } catch (error) {
      throwIfAborted(signal);
      const asked = transient.get(/** @type {object} */ (error));
      const isOffline = globalThis.navigator?.onLine === false;
      if (asked === undefined || tried === ATTEMPTS || isOffline) throw error;
      const backoff = FIRST_BACKOFF_MS * 2 ** (tried - 1) * (0.5 + Math.random());
      await delay(Math.min(Math.max(backoff, asked), MAX_WAIT_MS), signal);
    }
  }
}

/**
 * One request, without retries. Resolves with an answer that is no error and not declared as HTML.
 * @param {string} url
 * @param {HttpOptions} options
 * @returns {Promise<Response>}
 */
export async function request(url, { fetch = globalThis.fetch, signal, cache, remedy = FILE_REMEDY }) {
  let response;
  try {
    response = await fetch(url, { signal, cache });
  } catch (cause) {
    throw networkError(url, cause);
  }
  // Some WebView schemes answer with status 0 for success.
  if (!response.ok && response.status !== 0) {
    response.body?.cancel().catch(() => undefined);
    throw statusError(url, response, remedy);
  }
  if (/\bhtml\b/i.test(response.headers.get('Content-Type') ?? '')) {
    response.body?.cancel().catch(() => undefined);
    throw htmlError(url, remedy);
  }
  return response;
}

/**
 * Fetches a whole file.
 * @param {string} url
 * @param {HttpOptions & { maxBytes?: number, onBytes?: (bytes: number) => void }} options `maxBytes`: more
 *   than this is an INTEGRITY error; onBytes gets the bytes so far, and begins anew after a retry
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export function fetchBytes(url, { maxBytes = Infinity, onBytes, ...options }) {
  return withRetries(async () => {
    const response = await request(url, options);
    const bytes = await readBody(response, url, maxBytes, onBytes);
    if (looksLikeHtml(bytes)) throw htmlError(url, options.remedy ?? FILE_REMEDY);
    return bytes;
  }, options.signal);
}

/**
 * @param {Response} response
 * @param {string} url
 * @param {number} maxBytes
 * @param {((bytes: number) => void) | undefined} onBytes
 */
async function readBody(response, url, maxBytes, onBytes) {
  try {
    // Old WebViews have no streams on responses.
    if (!response.body) return new Uint8Array(await response.arrayBuffer());
    return await readStream(response.body, maxBytes, onBytes);
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw new MinnowError('INTEGRITY', `${url} is longer than the ${maxBytes} bytes expected`, { url });
    }
    throw networkError(url, cause);
  }
}

/**
 * Reads a stream to its end.
 * @param {ReadableStream<Uint8Array>} stream
 * @param {number} maxBytes
 * @param {(bytes: number) => void} [onBytes] gets the bytes so far
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 * @throws {RangeError} the stream is longer than maxBytes
 */
export async function readStream(stream, maxBytes, onBytes) {
  const reader = stream.getReader();
  /** @type {Uint8Array[]} */
  const chunks = [];
  let total = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    total += value.length;
    if (total > maxBytes) {
      reader.cancel().catch(() => undefined);
      throw new RangeError('the stream is too long');
    }
    onBytes?.(total);
  }
  return concatenate(chunks, total);
}

/** @param {readonly Uint8Array[]} chunks @param {number} total */
export function concatenate(chunks, total) {
  const bytes = new Uint8Array(total);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/** @param {Uint8Array} bytes */
export function looksLikeHtml(bytes) {
  const start = String.fromCharCode(...bytes.subarray(0, 64));
  return /^(\xef\xbb\xbf)?\s*<(!doctype html|html|head|!--)/i.test(start);
}

/** @param {string} url @param {string} remedy */
export function htmlError(url, remedy) {
  const message = `The server answered with an HTML page for ${url}, so there is no such file: ${remedy}`;
  return new MinnowError('HTTP', message, { url });
}

/** @param {string} url @param {unknown} cause */
export function networkError(url, cause) {
  const isOffline = globalThis.navigator?.onLine === false;
  const remedy = isOffline
    ? 'this device is offline, and the model is not (wholly) stored on it yet'
    : 'check the connection; a server of another origin must allow this page (CORS), and pages opened ' +
      'from file:// cannot fetch';
  const message = `No complete answer for ${url} (${messageOf(cause)}): ${remedy}`;
  const error = new MinnowError('NETWORK', message, { url, cause });
  transient.set(error, 0);
  return error;
}

/** @param {string} url @param {Response} response @param {string} remedy */
function statusError(url, { status, headers }, remedy) {
  const isTransient = status >= 500 || status === 429 || status === 408;
  const advice = isTransient
    ? `the server is in trouble (asked ${ATTEMPTS} times): try again later`
    : status === 401 || status === 403
      ? 'the server refuses access: check its rights'
      : `the file is not there: ${remedy}`;
  const error = new MinnowError('HTTP', `HTTP status ${status} for ${url}: ${advice}`, { url, status });
  if (isTransient) transient.set(error, 1000 * (Number(headers.get('Retry-After')) || 0));
  return error;
}
