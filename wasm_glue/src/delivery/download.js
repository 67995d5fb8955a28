/**
 * A whole file from the first of several places that has it.
 *
 * An answer that breaks off or comes to a halt is resumed where it stopped (`Range`, RFC 9110 section 14), also at
 * another place, for they all have the same file. Whether the pieces fit is for the caller to check, by the file's hash:
 * hosts that take parts of the protocol lightly, or encode what they send, are found out then.
 */
import { linkedController } from '../base/abort.js';
import { MinnowError } from '../base/errors.js';
import { htmlError, isTransient, looksLikeHtml, networkError, request, withRetries } from './http.js';
import { concatenate, readChunks } from './streams.js';

const STALL_MS = 20_000;
/** So much more of a file, and the attempts are counted anew. */
const ADVANCE_BYTES = 2 ** 14;
/**
 * Requests for the rest of a file that bring nothing before all of it is asked for: some hosts refuse them, or encode the
 * part. They do not count as attempts.
 */
const RANGE_ATTEMPTS = 2;

/**
 * @typedef {object} DownloadOptions
 * @property {number} [maxBytes] more than this is an INTEGRITY error
 * @property {(bytes: number) => void} [onBytes] gets the bytes so far, with the head of each answer and as they come
 * @property {import('../base/types.js').FileHalf} [half] what an earlier download got, where it was of this name
 * @property {(half: import('../base/types.js').FileHalf) => void} [onHalf] gets what came once it is half of usualBytes
 * @property {number} [usualBytes] that the file has, unless the host has encoded it otherwise
 */

/**
 * @param {string} name relative to the places
 * @param {string[]} places addresses; the one that served last comes first, also afterwards
 * @param {import('./http.js').HttpOptions & DownloadOptions} options
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export function download(name, places, { maxBytes = Infinity, onBytes, half, onHalf, usualBytes = 0, ...options }) {
  /** @type {Uint8Array[]} */
  let chunks = half?.name === name ? [half.bytes] : [];
  let total = chunks[0]?.length ?? 0;
  let advancedTo = 0;
  let refusedRanges = 0;
  let isCounted = true;
  let placesLeft = places.length;

  const restart = () => {
    chunks = [];
    total = refusedRanges = 0;
  };
  /** @param {string} url */
  const take = async (url) => {
    const watch = watchFor(options);
    try {
      const headers = total > 0 ? { Range: `bytes=${total}-` } : undefined;
      if (headers) refusedRanges++;
      const response = await request(url, { ...options, headers, signal: watch.signal });
      if (response.status !== 206) restart();
      onBytes?.(total);
      await readBody(response, (chunk) => {
        watch.alive();
        refusedRanges = 0;
        const isFirstHalf = 2 * total < usualBytes;
        chunks.push(chunk);
        total += chunk.length;
        if (total > maxBytes) throw new MinnowError('INTEGRITY', `${url} is longer than the ${maxBytes} bytes expected`, { url });
        onBytes?.(total);
        if (isFirstHalf && 2 * total >= usualBytes && total < usualBytes) onHalf?.({ name, bytes: concatenate(chunks, total) });
      });
    } catch (cause) {
      throw cause instanceof MinnowError && !watch.stalled ? cause : networkError(url, watch.stalled ?? cause);
    } finally {
      watch.end();
    }
    const bytes = concatenate(chunks, total);
    if (looksLikeHtml(bytes)) throw htmlError(url, options.remedy);
    return bytes;
  };
  const attempt = async () => {
    for (;;) {
      const place = places[0];
      const isResumed = total > 0;
      try {
        return await take(new URL(name, place).href);
      } catch (error) {
        if (places[0] === place) turnToNext(places);
        const mayPass = isTransient(error);
        isCounted = !refusedRanges;
        if (!mayPass || refusedRanges === RANGE_ATTEMPTS) restart();
        // Refused ranges (416) are no answer about the file.
        if (mayPass || (!isResumed && --placesLeft < 1)) throw error;
      }
    }
  };
  /** @param {number} tried */
  const recount = (tried) => {
    if (!isCounted) return tried - 1;
    if (total < advancedTo + ADVANCE_BYTES) return tried;
    advancedTo = total;
    if (options.patience) options.patience.isSpent = false;
    return 1;
  };
  return withRetries(attempt, options, recount);
}

/** The next place is asked first from now on. @param {string[]} places at least one */
export function turnToNext(places) {
  places.push(/** @type {string} */ (places.shift()));
}

/** @param {Response} response @param {(chunk: Uint8Array) => void} onChunk */
async function readBody(response, onChunk) {
  // Old WebViews have no streams on responses.
  if (!response.body) onChunk(new Uint8Array(await response.arrayBuffer()));
  else await readChunks(response.body, onChunk);
}

/**
 * A signal for one request, which aborts with that of the options, and where nothing has been alive for a while.
 * @param {import('./http.js').HttpOptions} options
 */
export function watchFor({ signal, stallMs = STALL_MS }) {
  const controller = linkedController(signal);
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;
  const watch = {
    signal: controller.signal,
    /** @type {string | undefined} why it aborted, where nothing came */
    stalled: undefined,
    /** @param {number} [times] of the usual patience */
    alive(times = 1) {
      clearTimeout(timer);
      timer = setTimeout(() => {
        watch.stalled = `nothing came for ${(times * stallMs) / 1000} s`;
        controller.abort();
      }, times * stallMs);
    },
    end() {
      clearTimeout(timer);
      controller.unlink();
    },
  };
  watch.alive();
  return watch;
}
