/**
 * The cache of the WebAssembly file in use. There is one file for each instruction set and a device
 * needs one of them, so they are not precached with the rest: the service worker keeps the file it
 * passes on, and the page keeps the one that was fetched before a service worker existed.
 *
 * Only what has this build's hash is kept. So nothing of another build is served to this one, and no
 * damaged file and no fallback page that a host sent once in its place.
 */

const PREFIX = 'minnow-demo-wasm-';
const CACHE_NAME = PREFIX + Object.values(WASM_HASHES).map((hash) => hash.slice(0, 8)).join('-');

/** @param {URL} url @returns {boolean} whether it is one of our own WebAssembly files */
export function isWasm(url) {
  return url.origin === location.origin && url.pathname.endsWith('.wasm');
}

/**
 * The file from the cache, else from the network, and then it is kept.
 * @param {string} url
 * @returns {Promise<Response>}
 */
export async function fetchThroughCache(url) {
  const cache = await caches.open(CACHE_NAME);
  const kept = await cache.match(url);
  if (kept) return kept;
  const response = await fetch(url);
  if (response.ok && (await isOfThisBuild(url, response.clone()))) await cache.put(url, response.clone());
  return response;
}

/** @param {string} url @param {Response} response */
async function isOfThisBuild(url, response) {
  const digest = await crypto.subtle.digest('SHA-256', await response.arrayBuffer());
  const hash = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hash === WASM_HASHES[new URL(url).pathname.replace(/.*\//, '')];
}

/** @param {string} url @returns {Promise<boolean>} whether the file is there without a network now */
export async function keepForOffline(url) {
  await fetchThroughCache(url);
  return Boolean(await (await caches.open(CACHE_NAME)).match(url));
}

/** On update: fetches, for this build, the files that this device used in earlier builds. */
export async function fetchSuccessors() {
  for (const name of await otherBuilds()) {
    const cache = await caches.open(name);
    for (const { url } of await cache.keys()) await fetchThroughCache(url).catch(() => undefined);
  }
}

export async function dropOtherBuilds() {
  await Promise.all((await otherBuilds()).map((name) => caches.delete(name)));
}

async function otherBuilds() {
  return (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE_NAME);
}
