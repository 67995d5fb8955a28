/** The badge in the corner: does the page work without a network, and is there one now. */
import { pageElement } from '../views/page_element.js';

/** @typedef {'checking' | 'saving' | 'ready' | 'unavailable'} OfflineState */

/** @type {Record<OfflineState, { online: string, offline: string }>} */
const TEXTS = {
  checking: { online: 'Starting', offline: 'Offline' },
  saving: { online: 'Saving for offline', offline: 'Offline' },
  ready: { online: 'Works offline', offline: 'Offline, all here' },
  unavailable: { online: 'Online only', offline: 'Offline' },
};

const badge = pageElement('offline');
const text = pageElement('offline_text');
/** @type {OfflineState} */
let state = 'checking';

/** @param {OfflineState} newState */
export function setOfflineState(newState) {
  state = newState;
  render();
}

export function watchNetwork() {
  addEventListener('online', render);
  addEventListener('offline', render);
  render();
}

function render() {
  badge.dataset.state = state;
  badge.dataset.network = navigator.onLine ? 'online' : 'offline';
  text.textContent = navigator.onLine ? TEXTS[state].online : TEXTS[state].offline;
}
