/** How the test server's bodies leave it: parts of files (RFC 9110, section 14), and at a pace. */

/** A paced body goes out in pieces of this time, so small that no buffer on the way hides what was not read. */
const PIECE_MS = 20;
const UNPACED_PIECE_BYTES = 2048;

/**
 * @typedef {object} Pace
 * @property {number} [bytesPerSecond] default: as fast as it is read
 * @property {number} [stallAfter] so many bytes, then nothing until the client goes or `stallForMs` are over
 * @property {number} [stallForMs] default 60,000; then the connection is broken
 * @property {number} [cutAfter] so many bytes, then the connection is broken
 */

/**
 * What a `Range` header asks for, where it is a single range; others are ignored, as the standard allows.
 * @param {string | undefined} header
 * @param {number} size of the whole
 * @returns {{ start: number, end: number } | 'unsatisfiable' | undefined} the end is exclusive
 */
export function parseRange(header, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (!match[1] && !match[2])) return undefined;
  const start = match[1] ? Number(match[1]) : Math.max(0, size - Number(match[2]));
  const end = match[1] && match[2] ? Math.min(size, Number(match[2]) + 1) : size;
  return start < end ? { start, end } : 'unsatisfiable';
}

/**
 * Sends the body behind headers already written; resolves when it is out or the client has gone.
 * @param {import('node:http').ServerResponse} response
 * @param {Uint8Array} body
 * @param {Pace} pace
 * @param {(bytes: number) => void} onSent bytes that the connection took
 */
export async function sendPaced(response, body, { bytesPerSecond, stallAfter, stallForMs = 60_000, cutAfter }, onSent) {
  const last = Math.min(body.length, stallAfter ?? Infinity, cutAfter ?? Infinity);
  const pieceBytes = bytesPerSecond ? Math.max(1, Math.round((bytesPerSecond * PIECE_MS) / 1000)) : UNPACED_PIECE_BYTES;
  if (last === 0) response.flushHeaders();
  for (let at = 0; at < last && !response.destroyed; at += pieceBytes) {
    const piece = body.subarray(at, Math.min(last, at + pieceBytes));
    if (await write(response, piece)) onSent(piece.length);
    if (bytesPerSecond) await delay((1000 * piece.length) / bytesPerSecond);
  }
  if (response.destroyed) return;
  // A body that is out as long as was told is whole, and its connection waits for the next request.
  const isWhole = last === body.length && response.getHeader('Content-Length') === last;
  if (cutAfter !== undefined) response.destroy();
  else if (stallAfter === undefined || isWhole) response.end();
  else await stall(response, stallForMs);
}

/** @param {import('node:http').ServerResponse} response @param {Uint8Array} piece @returns {Promise<boolean>} whether it was taken */
function write(response, piece) {
  return new Promise((resolve) => {
    const isGone = () => resolve(false);
    response.once('close', isGone);
    response.write(piece, (error) => {
      response.off('close', isGone);
      resolve(!error);
    });
  });
}

/** @param {import('node:http').ServerResponse} response @param {number} ms */
async function stall(response, ms) {
  const timer = setTimeout(() => response.destroy(), ms);
  await new Promise((resolve) => response.once('close', resolve));
  clearTimeout(timer);
}

/** @param {number} ms @returns {Promise<void>} */
function delay(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
