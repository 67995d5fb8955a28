/** What create() was given, as addresses. */
import { MinnowError } from './errors.js';

/**
 * @param {string | URL} source a package's folder or its manifest.json
 * @returns {string} the manifest's absolute address
 */
export function manifestUrlOf(source) {
  const url = absoluteUrl(source, 'source');
  if (!url.pathname.endsWith('.json')) {
    url.pathname = `${url.pathname.replace(/\/$/, '')}/manifest.json`;
  }
  url.hash = '';
  return url.href;
}

/**
 * Where a package is: behind an address, or in the page's hands.
 * @param {import('./types.js').PackageSource} source
 * @returns {{ manifestUrl?: string, manifest?: string | object, signature?: string, readFile?: (file: string) => Promise<BufferSource> }}
 */
export function placeOf(source) {
  if (typeof source === 'string' || source instanceof URL) return { manifestUrl: manifestUrlOf(source) };
  const { manifest, shards, signature } = source ?? {};
  if (!manifest || !shards) {
    throw new MinnowError('INVALID_ARGUMENT', 'source: give the URL of a package, or an object with manifest and shards');
  }
  /** @param {string} file */
  const readFile = async (file) => /** @type {BufferSource} */ (typeof shards === 'function' ? await shards(file) : shards.get(file));
  return { manifest, signature, readFile };
}

/**
 * Where a package comes from and whose it has to be, of the options of create().
 * @param {Pick<import('./types.js').CreateOptions, 'mirrors' | 'stallMs' | 'publicKey' | 'minRelease' | 'rollback'>} options
 */
export function deliveryOf({ mirrors = [], stallMs, publicKey, minRelease, rollback }) {
  const isTrusting = publicKey === undefined && minRelease === undefined && rollback === undefined;
  /** @type {import('./types.js').Trust | undefined} */
  const trust = isTrusting ? undefined : { publicKeys: [publicKey ?? []].flat(), minRelease, rollback };
  return { mirrors: mirrors.map(manifestUrlOf), stallMs, trust };
}

/** @param {string | URL} address @param {string} what @returns {URL} */
export function absoluteUrl(address, what) {
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  try {
    return new URL(address, base);
  } catch (cause) {
    const message = `${what}: "${address}" is no address: give a URL${base ? '' : ' with its scheme, or use minnow/node'}`;
    throw new MinnowError('INVALID_ARGUMENT', message, { cause });
  }
}
