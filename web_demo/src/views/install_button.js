/** The Install button, for browsers that let a page ask (Chromium's; others have it in their menu). */
import { pageElement } from './page_element.js';

/** @typedef {Event & { prompt: () => Promise<unknown> }} InstallPromptEvent */

export function offerInstall() {
  const button = pageElement('install');
  /** @type {InstallPromptEvent | null} */
  let pending = null;

  addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault();
    pending = /** @type {InstallPromptEvent} */ (event);
    button.hidden = false;
  });
  addEventListener('appinstalled', () => {
    button.hidden = true;
  });
  button.addEventListener('click', async () => {
    button.hidden = true;
    await pending?.prompt();
    pending = null;
  });
}
