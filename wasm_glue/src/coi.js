/**
 * Cross-origin isolation, which threads need, on hosts that cannot send its headers.
 *
 *     import { isolatePage } from 'minnow/coi';
 *     await isolatePage('coi_service_worker.js'); // reloads the page once, at the first visit
 *     const model = await Model.create('models/large/', { threads: 'auto' });
 *
 * A page has one service worker. Where it has one already, that one gives its answers the headers:
 *
 *     import { isolated } from 'minnow/coi';
 *     addEventListener('fetch', (event) => event.respondWith(answer(event.request).then(isolated)));
 */
export { isolated } from './page/isolated_response.js';

/** Tells the reloaded page that it need not try again, as where a browser passes by all service workers. */
const RELOADED = 'minnow-coi-reloaded';

/**
 * Has the service worker of this package give the page the headers of isolation. At the first visit the page is reloaded,
 * and the promise stays open; do this before anything that a reload would lose.
 * @param {string | URL} serviceWorkerUrl where coi_service_worker.js is served: in the page's folder or above it
 * @returns {Promise<boolean>} whether the page is isolated. It is not where the browser has no service workers, as without
 *   https, and where the page has another service worker, which stays and is not replaced
 * @throws {MinnowError} WORKER if the service worker cannot be registered for the page
 */
export async function isolatePage(serviceWorkerUrl) {
  const { serviceWorker } = navigator;
  if (crossOriginIsolated || !serviceWorker || serviceWorker.controller || sessionStorage.getItem(RELOADED)) {
    sessionStorage.removeItem(RELOADED);
    return crossOriginIsolated;
  }
  const url = new URL(serviceWorkerUrl, document.baseURI).href;
  const registration = await serviceWorker.getRegistration();
  if (registration?.active && registration.active.scriptURL !== url) return false;
  await activate(url);
  sessionStorage.setItem(RELOADED, 'true');
  location.reload();
  return new Promise(() => {});
}

/** @param {string} url */
async function activate(url) {
  try {
    const scope = new URL('.', url).href;
    if (!location.href.startsWith(scope)) throw new Error(`it serves ${scope} only`);
    const { installing, waiting, active } = await navigator.serviceWorker.register(url);
    await activated(/** @type {ServiceWorker} */ (installing ?? waiting ?? active));
  } catch (cause) {
    const { MinnowError } = await import('./minnow.js');
    const message =
      `The service worker ${url} cannot isolate this page (${cause}): serve coi_service_worker.js of the package from the ` +
      'page’s folder or one above it, on its own origin and allowed by its Content-Security-Policy (worker-src)';
    throw new MinnowError('WORKER', message, { url, cause });
  }
}

/** One that goes again once it was active has had its turn. @param {ServiceWorker} worker */
function activated(worker) {
  return new Promise((resolve, reject) => {
    let wasActive = false;
    const look = () => {
      wasActive ||= worker.state.startsWith('activat');
      if (worker.state === 'activated' || (worker.state === 'redundant' && wasActive)) resolve(undefined);
      else if (worker.state === 'redundant') reject(new Error('it does not install'));
    };
    worker.addEventListener('statechange', look);
    look();
  });
}
