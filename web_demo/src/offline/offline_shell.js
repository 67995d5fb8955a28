/** The service worker: registration, what it must keep, and the offer of a newer version of the page. */
import { pageElement } from '../views/page_element.js';

/** It may have to fetch the whole shell and the WebAssembly, over a slow network. */
const SHELL_ANSWERS_WITHIN_MS = 60_000;

/**
 * @returns {Promise<ServiceWorkerRegistration | null>} null where there are no service workers:
 *   old browsers, pages over plain http, private windows of some browsers
 */
export async function registerShell() {
  if (!('serviceWorker' in navigator)) return null;
  try {
    const registration = await navigator.serviceWorker.register('service_worker.js', {
      updateViaCache: 'none',
    });
    offerUpdates(registration);
    // `ready` waits for ever where the first service worker cannot be installed.
    const worker = registration.installing ?? registration.waiting ?? registration.active;
    if (!registration.active) await reaches(worker, ['activating', 'activated', 'redundant']);
    // Only from then on the next visit is sure to be answered by it.
    await reaches(registration.active, ['activated']);
    return registration.active ? registration : null;
  } catch {
    // The page works without; the badge says that it needs the network.
    return null;
  }
}

/**
 * @param {ServiceWorker | null} worker
 * @param {readonly ServiceWorkerState[]} states
 * @returns {Promise<void>}
 */
function reaches(worker, states) {
  return new Promise((resolve) => {
    const look = () => {
      if (worker && !states.includes(worker.state)) return;
      worker?.removeEventListener('statechange', look);
      resolve();
    };
    worker?.addEventListener('statechange', look);
    look();
  });
}

/**
 * Lets the service worker look whether all of the page is on this device, and fetch what is missing.
 * @param {ServiceWorkerRegistration} registration
 * @param {readonly string[]} wasmUrls the WebAssembly files that this device uses
 * @returns {Promise<boolean>} whether the page works without a network now, the model apart
 */
export function completeShell(registration, wasmUrls) {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => resolve(data === true);
    setTimeout(() => resolve(false), SHELL_ANSWERS_WITHIN_MS);
    registration.active?.postMessage({ task: 'complete', wasmUrls }, [port2]);
  });
}

/** @param {ServiceWorkerRegistration} registration */
function offerUpdates(registration) {
  const offer = () => {
    // Without a controller the one that waits is the first: it takes over by itself.
    if (registration.waiting && navigator.serviceWorker.controller) pageElement('update').hidden = false;
  };
  offer();
  registration.addEventListener('updatefound', () => {
    registration.installing?.addEventListener('statechange', offer);
  });
  pageElement('update_now').addEventListener('click', () => {
    navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
    registration.waiting?.postMessage('activate');
  });
}
