/** The ways in which the test server spoils an answer. */
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { parseRange, sendPaced } from './server_bodies.js';

/**
 * What to do to the answer of one path. Fields combine; an absent one changes nothing. Offsets of `flipBit` and
 * `truncate` are the file's, those of `cutAfter` and `stallAfter` the answer's, which may be a part of the file.
 * @typedef {object} OwnFault
 * @property {number} [status] status to send; without `body`, 4xx and 5xx get a short HTML page
 * @property {string | Uint8Array} [body] body to send in place of the file
 * @property {string} [contentType] MIME type to send in place of the right one
 * @property {Record<string, string>} [headers] headers to add
 * @property {string} [redirectTo] address to redirect to, by `status` or 302
 * @property {number} [delayMs] wait before the answer
 * @property {Promise<unknown>} [hold] wait for this before the answer
 * @property {number} [truncate] send only this many bytes, with a length that agrees: a file cut short
 * @property {number} [flipBit] index of the bit to invert (bit n is bit n % 8 of byte n >> 3)
 * @property {number} [gzip] compress the body so often, and say once that it was
 * @property {boolean} [chunked] without Content-Length
 * @property {number} [lengthError] added to the Content-Length: above 0 the connection ends before it is reached
 * @property {'ignored' | 'lying'} [ranges] requests for parts of the file get all of it, or the bytes one further on
 * @property {boolean} [destroy] break the connection without an answer
 * @property {number} [times] apply this often, then answer properly again; default: always
 */

/** @typedef {OwnFault & import('./server_bodies.js').Pace} Fault */

/**
 * Faulty answers are never content-encoded unless they say so: the byte offsets then mean the file's own bytes.
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {Fault} fault
 * @param {{ file: string | undefined, mimeType: string, onSent: (bytes: number) => void }} found
 */
export async function sendFaulty(request, response, fault, { file, mimeType, onSent }) {
  for (const [name, value] of Object.entries(fault.headers ?? {})) response.setHeader(name, value);
  if (fault.redirectTo !== undefined) {
    response.writeHead(fault.status ?? 302, { Location: fault.redirectTo, 'Content-Length': 0 }).end();
    return;
  }
  const status = fault.status ?? (file || fault.body !== undefined ? 200 : 404);
  if (fault.body === undefined && (status >= 400 || !file)) {
    sendStatusPage(response, status);
    return;
  }
  const whole = spoil(fault.body === undefined ? await readFile(/** @type {string} */ (file)) : Buffer.from(fault.body), fault);
  if (fault.gzip) response.setHeader('Content-Encoding', 'gzip');
  response.setHeader('Content-Type', fault.contentType ?? mimeType);
  const range = status === 200 && fault.ranges !== 'ignored' ? parseRange(request.headers.range, whole.length) : undefined;
  if (range === 'unsatisfiable') {
    sendUnsatisfiable(response, whole.length);
    return;
  }
  const body = range ? part(whole, range, fault.ranges === 'lying') : whole;
  if (range) response.setHeader('Content-Range', contentRange(range, whole.length));
  if (!fault.chunked) response.setHeader('Content-Length', body.length + (fault.lengthError ?? 0));
  if (fault.lengthError) response.setHeader('Connection', 'close');
  response.writeHead(range ? 206 : status);
  // Of a length that is told too large the rest never comes: the connection ends as after any last byte.
  const endless = (fault.lengthError ?? 0) > 0 ? { cutAfter: body.length } : {};
  await sendPaced(response, body, { ...endless, ...fault }, onSent);
}

/** @param {import('node:http').ServerResponse} response @param {number} status */
export function sendStatusPage(response, status) {
  response.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8' });
  response.end(`<!doctype html><title>${status}</title><h1>${status}</h1>`);
}

/** @param {import('node:http').ServerResponse} response @param {number} size of the file */
export function sendUnsatisfiable(response, size) {
  response.writeHead(416, { 'Content-Range': `bytes */${size}`, 'Content-Length': 0 }).end();
}

/** @param {{ start: number, end: number }} range @param {number} size */
export function contentRange({ start, end }, size) {
  return `bytes ${start}-${end - 1}/${size}`;
}

/** @param {Buffer} body @param {Fault} fault @returns {Buffer} */
function spoil(body, { flipBit, truncate, gzip = 0 }) {
  let spoilt = body;
  if (flipBit !== undefined) spoilt[flipBit >> 3] ^= 1 << (flipBit & 7);
  if (truncate !== undefined) spoilt = spoilt.subarray(0, truncate);
  for (let i = 0; i < gzip; i++) spoilt = gzipSync(spoilt);
  return spoilt;
}

/** @param {Buffer} whole @param {{ start: number, end: number }} range @param {boolean} isLying */
function part(whole, { start, end }, isLying) {
  if (!isLying) return whole.subarray(start, end);
  return Buffer.concat([whole.subarray(start + 1, end), whole.subarray(0, 1)]);
}
