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
