/** The storage dialog: what is kept on this device, how large, and since when; to delete, to renew, to keep for good. */
import { MODEL_NOTICES } from '../models/model_notices.js';
import { deleteAllKept, deleteKept, keepForGood, readKeptModels, updateKept } from '../offline/kept_models.js';
import { formatBytes, formatDay } from './format_figures.js';
import { newElement, pageElement } from './page_element.js';

/** @typedef {import('minnow').CachedPackage} CachedPackage */

const UNREADABLE = 'This browser does not let the page look into its storage. A private window may be the reason: models are then fetched anew each time.';

/** @param {() => void} onDeleted something that the page needs without a network is gone */
export function setUpStorageDialog(onDeleted) {
  const dialog = /** @type {HTMLDialogElement} */ (pageElement('storage'));
  const view = new StorageView(onDeleted);
  pageElement('storage_open').addEventListener('click', () => {
    dialog.showModal();
    view.open();
  });
  pageElement('storage_close').addEventListener('click', () => dialog.close());
  // A click beside the dialog's content is one on the dialog itself.
  dialog.addEventListener('click', (event) => event.target === dialog && dialog.close());
}

class StorageView {
  #list = pageElement('storage_models');
  #total = pageElement('storage_total');
  #status = pageElement('storage_status');
  #update = /** @type {HTMLButtonElement} */ (pageElement('storage_update'));
  #persist = /** @type {HTMLButtonElement} */ (pageElement('storage_persist'));
  #clear = /** @type {HTMLButtonElement} */ (pageElement('storage_clear'));
  #onDeleted;
  /** @type {CachedPackage[]} */
  #models = [];

  /** @param {() => void} onDeleted */
  constructor(onDeleted) {
    this.#onDeleted = onDeleted;
    this.#update.addEventListener('click', () => this.#do('Asking for newer models', () => this.#lookForUpdates()));
    this.#persist.addEventListener('click', () => this.#do('Asking the browser', () => this.#keepForGood()));
    this.#clear.addEventListener('click', () => this.#do('Deleting', () => this.#deleteAll()));
  }

  open() {
    return this.#do('Looking', async () => '');
  }

  /** @param {string} doing @param {() => Promise<string>} action that says what came of it */
  async #do(doing, action) {
    this.#say(doing);
    this.#enable(false);
    try {
      const outcome = await action();
      await this.#show();
      this.#say(outcome);
    } catch {
      this.#list.replaceChildren();
      this.#total.textContent = UNREADABLE;
      this.#say('');
    }
  }

  async #show() {
    const { models, usage, quota, isPersistent } = await readKeptModels();
    this.#models = models;
    const bytes = models.reduce((sum, model) => sum + model.bytes, 0);
    const count = models.length === 1 ? '1 model' : `${models.length} models`;
    const site = usage > 0 && quota > 0 ? ` With the page’s own files ${formatBytes(usage)} of the ${formatBytes(quota)} that the browser grants.` : '';
    const duration = isPersistent ? ' The browser keeps it until you delete it.' : '';
    this.#total.textContent = (models.length > 0 ? `${count}, ${formatBytes(bytes)}.` : 'No model is kept on this device.') + site + duration;
    this.#list.replaceChildren(...models.map((model) => this.#entry(model)));
    this.#enable(models.length > 0);
    this.#persist.disabled = isPersistent;
  }

  /** @param {CachedPackage} model */
  #entry(model) {
    const entry = newElement('li', 'storage_model');
    entry.dataset.url = model.url;
    const text = newElement('div', '');
    const figures = `${formatBytes(model.bytes)} · used ${formatDay(model.usedAt, Date.now())}`;
    text.append(newElement('h3', '', titleOf(model)), newElement('p', 'about_figures figures', figures));
    const button = newElement('button', 'button button_quiet', 'Delete');
    button.setAttribute('aria-label', `Delete ${titleOf(model)}`);
    button.addEventListener('click', () => this.#do('Deleting', () => this.#delete(model)));
    entry.append(text, button);
    return entry;
  }

  /** @param {CachedPackage} model */
  async #delete(model) {
    await deleteKept(model);
    this.#onDeleted();
    return `${titleOf(model)} is deleted. The next visit fetches it again.`;
  }

  async #deleteAll() {
    await deleteAllKept();
    this.#onDeleted();
    return 'All models are deleted. The next visit fetches what it needs again.';
  }

  async #keepForGood() {
    if (await keepForGood()) return 'The browser keeps these models until you delete them.';
    return 'The browser did not agree. It may after some more visits, or once the page is installed.';
  }

  async #lookForUpdates() {
    const { updated, failed } = await updateKept(this.#models);
    const names = (/** @type {CachedPackage[]} */ models) => models.map(titleOf).join(', ');
    if (failed.length > 0) return `No answer about ${names(failed)}. Check the connection and try again.`;
    return updated.length > 0 ? `Newer: ${names(updated)}. Used from the next visit on.` : 'All models are the newest.';
  }

  /** @param {boolean} isEnabled */
  #enable(isEnabled) {
    for (const button of [this.#update, this.#persist, this.#clear]) button.disabled = !isEnabled;
  }

  /** @param {string} text */
  #say(text) {
    this.#status.textContent = text;
  }
}

/** @param {CachedPackage} model */
function titleOf({ url, name }) {
  const isBundled = (/** @type {string} */ folder) => new URL(url).pathname.endsWith(`/models/${folder}/manifest.json`);
  return MODEL_NOTICES.find((notice) => isBundled(notice.name))?.title ?? name;
}
