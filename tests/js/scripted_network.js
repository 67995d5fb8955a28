/** A network in memory: a fetch() whose answers tests script, request by request. */

/**
 * One answer. Fields combine.
 * @typedef {object} Answer
 * @property {number} [status]
 * @property {number} [cutAfter] bytes, then the connection breaks
 * @property {number} [stallAfter] bytes, then nothing comes until the request is aborted
 * @property {boolean} [ignoresRange] 200 with the whole file
 * @property {number} [shiftRange] 206 with a part that begins so many bytes further on
 * @property {boolean} [refuses] no answer
 * @property {boolean} [isSilent] no answer until the request is aborted
 * @property {number} [delayMs]
 * @property {Uint8Array} [body] in place of the file's
 */

/** @typedef {{ url: string, range: string | null, cache: string | undefined, priority: string | undefined, sent: number }} SeenRequest sent: bytes */

export class ScriptedNetwork {
  /** @type {SeenRequest[]} */
  requests = [];
  /** @type {Map<string, Uint8Array>} */
  #files = new Map();
  /** @type {Map<string, Answer[]>} */
  #scripts = new Map();

  /** @param {string} url @param {Uint8Array | string} content */
  serve(url, content) {
    this.#files.set(url, typeof content === 'string' ? new TextEncoder().encode(content) : content);
  }

  /** Answers of a file before the ordinary ones. @param {string} url @param {...Answer} answers */
  script(url, ...answers) {
    this.#scripts.set(url, answers);
  }

  /** @type {typeof fetch} */
  fetch = async (input, { headers, signal, cache, priority } = {}) => {
    const url = String(input);
    const range = new Headers(headers).get('Range');
    const seen = { url, range, cache, priority, sent: 0 };
    this.requests.push(seen);
    const answer = this.#scripts.get(url)?.shift() ?? {};
    if (answer.delayMs) await new Promise((resolve) => setTimeout(resolve, answer.delayMs));
    signal?.throwIfAborted();
    if (answer.isSilent) await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    if (answer.refuses) throw new TypeError('fetch failed');
    const file = answer.body ?? this.#files.get(url);
    if (answer.status || !file) return new Response('', { status: answer.status ?? 404 });
    const from = range && !answer.ignoresRange ? Number(/bytes=(\d+)-/.exec(range)?.[1]) : 0;
    if (from >= file.length && from > 0) return new Response('', { status: 416 });
    return new Response(bodyOf(file.subarray(from + (answer.shiftRange ?? 0)), answer, seen, signal), { status: from > 0 ? 206 : 200 });
  };
}

/**
 * @param {Uint8Array} bytes @param {Answer} answer @param {SeenRequest} seen
 * @param {AbortSignal | null | undefined} signal
 */
function bodyOf(bytes, { cutAfter, stallAfter }, seen, signal) {
  const end = cutAfter ?? stallAfter ?? bytes.length;
  return new ReadableStream({
    start(controller) {
      signal?.addEventListener('abort', () => controller.error(signal.reason));
      for (let at = 0; at < end; at += 1000) controller.enqueue(bytes.slice(at, Math.min(at + 1000, end)));
      seen.sent = end;
      if (cutAfter !== undefined) setTimeout(() => controller.error(new TypeError('terminated')), 5);
      else if (stallAfter === undefined) controller.close();
    },
  });
}
