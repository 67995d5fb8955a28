/** Which file of a mounted folder the test server sends, and as what. */
import { stat } from 'node:fs/promises';
import path from 'node:path';

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

/**
 * The file behind a path, if it is one.
 * @param {readonly [string, string][]} mounts folders by URL prefix
 * @param {string} urlPath percent-decoded
 * @returns {Promise<string | undefined>}
 */
export async function locate(mounts, urlPath) {
  // The longest prefix counts, so that '/model/' wins over '/'.
  const matching = mounts.filter(([prefix]) => urlPath.startsWith(prefix));
  if (matching.length === 0) return undefined;
  const mount = matching.reduce((best, other) => (other[0].length > best[0].length ? other : best));
  const root = path.resolve(mount[1]);
  const file = path.resolve(root, `./${urlPath.slice(mount[0].length)}`);
  if (file !== root && !file.startsWith(root + path.sep)) return undefined;
  const candidate = urlPath.endsWith('/') ? path.join(file, 'index.html') : file;
  const info = await stat(candidate).catch(() => undefined);
  return info?.isFile() ? candidate : undefined;
}

/** @param {string} file */
export function mimeType(file) {
  return MIME_TYPES[path.extname(file).toLowerCase()] ?? 'application/octet-stream';
}

/**
 * @param {string} file
 * @param {import('node:http').IncomingMessage} request
 * @returns {Promise<{encoding: string, file: string} | undefined>}
 */
export async function pickEncoding(file, request) {
  const accepted = String(request.headers['accept-encoding'] ?? '').split(/\s*,\s*/);
  for (const [encoding, suffix] of ENCODINGS) {
    if (!accepted.some((name) => name.split(';')[0] === encoding)) continue;
    if (await stat(file + suffix).catch(() => undefined)) return { encoding, file: file + suffix };
  }
  return undefined;
}
