/**
 * A service worker that makes a site cross-origin isolated: it gives every answer of the site's own the headers for it,
 * and does nothing else. Nothing loads it by itself; see isolatePage() of minnow/coi.
 */
import { isolated } from './isolated_response.js';

/**
 * As much of ServiceWorkerGlobalScope as is used here; TypeScript's DOM types lack it.
 * @typedef {Event & { request: Request, respondWith: (response: Promise<Response>) => void }} FetchEvent
 * @typedef {object} ServiceWorkerScope
 * @property {string} origin
 * @property {() => Promise<void>} skipWaiting
 * @property {(type: 'install' | 'fetch', listener: (event: FetchEvent) => void) => void} addEventListener
 */

/** @param {ServiceWorkerScope} scope */
function serve(scope) {
  scope.addEventListener('install', () => void scope.skipWaiting());
  scope.addEventListener('fetch', (event) => {
    const { request } = event;
    const isOwn = new URL(request.url).origin === scope.origin;
    // Developer tools ask for what only the cache may answer, in a mode in which fetch() refuses to.
    if (!isOwn || (request.cache === 'only-if-cached' && request.mode !== 'same-origin')) return;
    event.respondWith(fetch(request).then(isolated));
  });
}

// Elsewhere, as in a program that renders pages on a server, importing this does nothing.
if ('ServiceWorkerGlobalScope' in globalThis) serve(/** @type {ServiceWorkerScope} */ (/** @type {unknown} */ (globalThis)));
