/**
 * The service worker's cache of the WebAssembly file in use. There is one file for each instruction set and
 * a device needs one of them, so they are not precached with the rest: the service worker keeps the file it
 * passes on, and the one that the page names, which it fetched before a service worker existed.
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
 * The file from the cache, else from the network, and then it is kept. The answer does not wait for the
 * keeping: a page that is left meanwhile has got its file, and a full or closed storage hurts nobody.
 * @param {string} url
 * @returns {{ answer: Promise<Response>, kept: Promise<boolean> }} kept: whether it is there without a network
 */
export function fetchThroughCache(url) {
  const found = findKept(url).catch(() => undefined);
  const answer = found.then((kept) => kept ?? fetch(url));
  // Cloned at once: a body that the page reads already can be cloned no more.
  const copy = answer.then((response) => response.clone());
  const kept = Promise.all([found, copy]).then(([kept, response]) => Boolean(kept) || keep(url, response));
  return { answer, kept: kept.catch(() => false) };
}

/** @param {string} url */
async function findKept(url) {
  return (await caches.open(CACHE_NAME)).match(url);
}

/** @param {string} url @param {Response} response @returns {Promise<boolean>} false for what is not to be kept */
async function keep(url, response) {
  if (!response.ok || !(await isOfThisBuild(url, response.clone()))) return false;
  await (await caches.open(CACHE_NAME)).put(url, response);
  return true;
}

/** @param {string} url @param {Response} response */
async function isOfThisBuild(url, response) {
  const digest = await crypto.subtle.digest('SHA-256', await response.arrayBuffer());
  const hash = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hash === WASM_HASHES[new URL(url).pathname.replace(/.*\//, '')];
}

/** On update: fetches, for this build, the files that this device used in earlier builds. */
export async function fetchSuccessors() {
  for (const name of await otherBuilds()) {
    const cache = await caches.open(name);
    for (const { url } of await cache.keys()) await fetchThroughCache(url).kept;
  }
}

export async function dropOtherBuilds() {
  await Promise.all((await otherBuilds()).map((name) => caches.delete(name)));
}

async function otherBuilds() {
  return (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE_NAME);
}
