/**
 * Requests that say what went wrong, and another try where one may help.
 *
 * Worth another try: no answer, an answer cut short or come to a halt, 408, 429 and 5xx. Not worth it: other statuses,
 * and an HTML page where a file should be, which is how hosts of single-page apps answer for a missing file.
 */
import { delay, throwIfAborted } from '../base/abort.js';
import { MinnowError, messageOf } from '../base/errors.js';

const ATTEMPTS = 4;
const FIRST_BACKOFF_MS = 300;
const MAX_WAIT_MS = 8000;
const OFFLINE_LOOK_MS = 500;

/**
 * Once one request was given up none of the others is repeated, until an answer comes: what stands in for a file, or comes
 * beside it, finds the server in the same trouble.
 * @typedef {{ isSpent?: boolean }} Patience
 */

/**
 * @typedef {object} HttpOptions
 * @property {typeof fetch} [fetch]
 * @property {AbortSignal} [signal]
 * @property {RequestCache} [cache]
 * @property {RequestPriority} [priority] low: for what nobody waits for
 * @property {Record<string, string>} [headers]
 * @property {string} [remedy] what to check when the file is not there
 * @property {number} [stallMs] an answer that brings nothing for so long is given up
 * @property {Patience} [patience] of requests that belong together
 * @property {() => void} [onOffline] called where the device has no network: it is then waited for. Without it,
 *   that is an error at once
 */

const FILE_REMEDY = 'check the address given to create(), and that the whole package folder was uploaded';

/** Errors that another attempt may cure, and the wait in ms that was asked for. @type {WeakMap<object, number>} */
const transient = new WeakMap();

/** @param {unknown} error */
export function isTransient(error) {
  return transient.has(/** @type {object} */ (error));
}

/** Whether the device knows that it has no network. */
export function isOffline() {
  return globalThis.navigator?.onLine === false;
}

/**
 * Calls `attempt` again after transient errors, ever later and at a random time, so that many pages do not
 * come back to a struggling server at once.
 * @template T
 * @param {() => Promise<T>} attempt
 * @param {HttpOptions} options
 * @param {(tried: number) => number} [recount] gets the number of attempts and tells how many of them count
 * @returns {Promise<T>}
 */
export async function withRetries(attempt, { signal, onOffline, patience = {} }, recount) {
  for (let tried = 1; ; tried++) {
    throwIfAborted(signal);
    try {
      const result = await attempt();
      patience.isSpent = false;
      return result;
    } catch (error) {
      throwIfAborted(signal);
      const asked = transient.get(/** @type {object} */ (error));
      if (asked === undefined) throw error;
      if (isOffline()) {
        if (!onOffline) throw error;
        onOffline();
        while (isOffline()) await delay(OFFLINE_LOOK_MS, signal);
        tried = 0;
        continue;
      }
      if (recount) tried = recount(tried);
      if ((patience.isSpent ||= tried === ATTEMPTS)) throw error;
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
export async function request(url, { fetch = globalThis.fetch, signal, cache, priority, headers, remedy = FILE_REMEDY }) {
  let response;
  try {
    response = await fetch(url, { signal, cache, priority, headers });
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

/** @param {Uint8Array} bytes */
export function looksLikeHtml(bytes) {
  const start = String.fromCharCode(...bytes.subarray(0, 64));
  return /^(\xef\xbb\xbf)?\s*<(!doctype html|html|head|!--)/i.test(start);
}

/** @param {string} url @param {string} [remedy] */
export function htmlError(url, remedy = FILE_REMEDY) {
  const message = `The server answered with an HTML page for ${url}, so there is no such file: ${remedy}`;
  return new MinnowError('HTTP', message, { url });
}

/** @param {string} url @param {unknown} cause */
export function networkError(url, cause) {
  const remedy = isOffline()
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
  const mayPass = status >= 500 || status === 429 || status === 408;
  const advice = mayPass
    ? 'the server is in trouble (asked again and again): try again later'
    : status === 401 || status === 403
      ? 'the server refuses access: check its rights'
      : `the file is not there: ${remedy}`;
  const error = new MinnowError('HTTP', `HTTP status ${status} for ${url}: ${advice}`, { url, status });
  if (mayPass) transient.set(error, 1000 * (Number(headers.get('Retry-After')) || 0));
  return error;
}
