/**
 * The page's shell without a network. Precached: document, styles, scripts, the recogniser's worker,
 * icons. Kept on use: the WebAssembly file (wasm_cache.js). Not here at all: models, which the
 * minnow package keeps in IndexedDB.
 *
 * The first service worker takes the page over at once. A later one waits for the page's word,
 * because a page must not get its second half from another build.
 */
import { cacheNames } from 'workbox-core';
import { cleanupOutdatedCaches, getCacheKeyForURL, matchPrecache, precacheAndRoute } from 'workbox-precaching';
import { dropOtherBuilds, fetchSuccessors, fetchThroughCache, isWasm } from './wasm_cache.js';

const worker = /** @type {ServiceWorkerWorld} */ (/** @type {unknown} */ (self));

const shellFiles = PRECACHE_LIST;

// ?model= and whatever else stands in the query chooses content, never another shell.
precacheAndRoute(shellFiles, { ignoreURLParametersMatching: [/./] });
cleanupOutdatedCaches();

worker.addEventListener('install', (event) => {
  if (!worker.registration.active) worker.skipWaiting();
  event.waitUntil(fetchSuccessors());
  // While a service worker starts, Chromium also asks the network, to use whichever answers first. What
  // the device has needs no such request: this rule says that the fetch event alone decides.
  event.addRoutes?.({ condition: { requestMethod: 'GET' }, source: 'fetch-event' });
});

worker.addEventListener('activate', (event) => {
  event.waitUntil(Promise.all([worker.clients.claim(), dropOtherBuilds()]));
});

worker.addEventListener('message', (event) => {
  if (event.data === 'activate') worker.skipWaiting();
  if (event.data?.task === 'complete') {
    const answer = (/** @type {boolean} */ isComplete) => event.ports[0].postMessage(isComplete);
    event.waitUntil(completeCopy(event.data.wasmUrls).then(answer, () => answer(false)));
  }
});

worker.addEventListener('fetch', (event) => {
  const { method, url } = event.request;
  if (method !== 'GET' || !isWasm(new URL(url))) return;
  const { answer, kept } = fetchThroughCache(url);
  event.respondWith(answer);
  event.waitUntil(kept);
});

/**
 * Completes what the page needs without a network, the model apart. It is done here, not by requests of the
 * page: those would end with the page, and Firefox reports an answer that finds its page gone as an error.
 * @param {readonly string[]} wasmUrls the files of this device
 * @returns {Promise<boolean>} whether all is here
 */
async function completeCopy(wasmUrls) {
  if (!(await completeShell())) return false;
  const kept = await Promise.all(wasmUrls.map((url) => isWasm(new URL(url)) && fetchThroughCache(url).kept));
  return kept.every(Boolean);
}

/**
 * Looks whether the whole shell is here, and fetches what is not. Browsers clear parts of a site's storage,
 * and WebKit loses files that an installation kept which failed in the end.
 * @returns {Promise<boolean>}
 */
async function completeShell() {
  const missing = [];
  for (const file of shellFiles) if (!(await matchPrecache(file.url))) missing.push(file);
  if (missing.length === 0) return true;
  const cache = await caches.open(cacheNames.precache);
  for (const { url, integrity } of missing) {
    const response = await fetch(url, { cache: 'reload', integrity });
    const key = getCacheKeyForURL(url);
    if (!response.ok || !key) return false;
    // In WebKit something invisible stands in the lost file's place.
    await cache.delete(key);
    await cache.put(key, response);
    if (!(await matchPrecache(url))) return false;
  }
  return true;
}
