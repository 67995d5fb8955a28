/** Sees to it that everything is on this device: shell, WebAssembly, the tab's model, then the other tabs' models. */
import { anyNeedsSoundText, bundledUrls } from '../models/bundled_models.js';
import { wasmUrlsOf } from '../models/recognizer.js';
import { setOfflineState } from './offline_badge.js';
import { completeShell } from './offline_shell.js';
import { isModelStored, storeModels } from './stored_model.js';

export class OfflineKeeper {
  #shell;
  /** Counts what was loaded: only the latest one speaks for the page. */
  #turn = 0;
  /** Storing the bundled models goes on from one tab to the next. @type {Promise<boolean> | null} */
  #bundled = null;

  /** @param {Promise<ServiceWorkerRegistration | null>} shell */
  constructor(shell) {
    this.#shell = shell;
  }

  /**
   * A tab's model is in use: keeps it, the shell, and when the page is idle the bundled models.
   * @param {string | null} packageUrl null for a model that came from files, which stay with their owner
   * @param {string} variant of the engine
   * @param {boolean} hasSoundText
   * @returns {Promise<boolean>} whether this model works without a network
   */
  async keep(packageUrl, variant, hasSoundText) {
    const turn = ++this.#turn;
    setOfflineState('saving');
    const registration = await this.#shell;
    const wasmUrls = wasmUrlsOf(variant, hasSoundText || anyNeedsSoundText());
    const isKept =
      registration !== null &&
      (await completeShell(registration, wasmUrls)) &&
      (packageUrl === null || (await isModelStored(packageUrl)));
    const isAllKept = isKept && (await this.#keepBundled());
    if (turn === this.#turn) setOfflineState(isAllKept ? 'ready' : 'unavailable');
    return isKept;
  }

  /** A tab has no model, or what was kept is deleted: the page is not whole. */
  giveUp() {
    this.#turn++;
    this.#bundled = null;
    setOfflineState('unavailable');
  }

  async #keepBundled() {
    this.#bundled ??= idle().then(() => storeModels(bundledUrls()));
    const isKept = await this.#bundled;
    // Another tab may be luckier, as when the network has come back.
    if (!isKept) this.#bundled = null;
    return isKept;
  }
}

/** Until the page has nothing better to do. @returns {Promise<void>} */
function idle() {
  return new Promise((resolve) => {
    if (typeof requestIdleCallback === 'function') requestIdleCallback(() => resolve(), { timeout: 2000 });
    else setTimeout(resolve, 300);
  });
}
