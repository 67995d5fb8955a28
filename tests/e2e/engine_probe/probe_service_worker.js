/** Caches the page at install and answers from the cache alone. */
const CACHE = 'engine-probe';
const FILES = ['./', 'probe_page.js', 'probe_worker.js', 'probe_simd.js'];

/** @typedef {Event & {waitUntil(work: Promise<unknown>): void}} LifecycleEvent */
/** @typedef {Event & {request: Request, respondWith(answer: Promise<Response>): void}} FetchEventLike */
const worker = /** @type {EventTarget & {skipWaiting(): Promise<void>, clients: {claim(): Promise<void>}}} */ (
  /** @type {unknown} */ (self)
);

worker.addEventListener('install', (event) => {
  const filled = caches.open(CACHE).then((cache) => cache.addAll(FILES));
  /** @type {LifecycleEvent} */ (event).waitUntil(filled.then(() => worker.skipWaiting()));
});

worker.addEventListener('activate', (event) => {
  /** @type {LifecycleEvent} */ (event).waitUntil(worker.clients.claim());
});

worker.addEventListener('fetch', (event) => {
  const { request, respondWith } = /** @type {FetchEventLike} */ (event);
  const answer = caches.match(request).then((cached) => cached ?? fetch(request));
  respondWith.call(event, answer);
});
