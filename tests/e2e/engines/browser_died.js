/** A browser that ended by itself: nothing that is asked of it afterwards can succeed. */
export class BrowserDied extends Error {
  name = 'BrowserDied';

  /** @param {string} browser @param {string} sign of its end */
  constructor(browser, sign) {
    super(`${browser} has died by itself (${sign})`);
  }
}
