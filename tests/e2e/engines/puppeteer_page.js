/** What Chromium and Firefox share: a puppeteer page behind the EnginePage interface. */
import { waitUntilTrue } from './wait_until_true.js';

/** @typedef {import('./browser_engine.js').EnginePage} EnginePage */

/** For navigations, which take a moment where the machine is not busy. */
const PATIENCE_MS = 120_000;

/** @implements {EnginePage} */
export class PuppeteerPage {
  /** @type {import('./browser_engine.js').ConsoleMessage[]} */
  consoleMessages = [];
  #page;
  #setColorScheme;

  /**
   * @param {import('puppeteer-core').Page} page
   * @param {(scheme: import('./browser_engine.js').ColorScheme) => Promise<boolean>} setColorScheme
   */
  constructor(page, setColorScheme) {
    this.#page = page;
    this.#setColorScheme = setColorScheme;
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('console', (message) => this.consoleMessages.push({ type: message.type(), text: message.text() }));
    page.on('pageerror', (error) => this.consoleMessages.push({ type: 'pageerror', text: String(error) }));
  }

  /** @param {string} url @param {{ waitsForWorkers?: boolean }} [options] */
  async goto(url, { waitsForWorkers = true } = {}) {
    await this.#page.goto(url, { waitUntil: waitsForWorkers ? 'load' : 'domcontentloaded' });
  }

  async reload() {
    await this.#page.reload({ waitUntil: 'load' });
  }

  /**
   * @template {unknown[]} A
   * @template R
   * @param {(...args: A) => R | Promise<R>} fn
   * @param {A} args
   * @returns {Promise<Awaited<R>>}
   */
  async evaluate(fn, ...args) {
    return /** @type {Promise<Awaited<R>>} */ (this.#page.evaluate(/** @type {any} */ (fn), ...args));
  }

  /**
   * @template {unknown[]} A
   * @param {(...args: A) => unknown} fn
   * @param {number} [timeoutMs]
   * @param {A} args
   */
  async waitFor(fn, timeoutMs, ...args) {
    await waitUntilTrue(() => this.evaluate(fn, ...args), `${fn}`, timeoutMs);
  }

  /** @param {number} width @param {number} height */
  async setViewport(width, height) {
    await this.#page.setViewport({ width, height });
  }

  /** @param {import('./browser_engine.js').ColorScheme} scheme */
  setColorScheme(scheme) {
    return this.#setColorScheme(scheme);
  }

  /** @param {string} selector @param {string[]} paths */
  async setInputFiles(selector, paths) {
    const input = /** @type {import('puppeteer-core').ElementHandle<HTMLInputElement> | null} */ (
      await this.#page.$(selector)
    );
    if (!input) throw new Error(`no element matches ${selector}`);
    await input.uploadFile(...paths);
    await input.dispose();
  }

  /** @param {string} selector */
  async click(selector) {
    await this.#page.click(selector);
  }

  /** @param {string} key */
  async press(key) {
    // Over BiDi a space is only known by its character.
    await this.#page.keyboard.press(/** @type {import('puppeteer-core').KeyInput} */ (key === 'Space' ? ' ' : key));
  }

  /** @param {string} selector @param {[number, number][]} points */
  async drag(selector, points) {
    const box = await (await this.#page.$(selector))?.boundingBox();
    if (!box) throw new Error(`nothing to see matches ${selector}`);
    const { mouse } = this.#page;
    for (const [i, [x, y]] of points.entries()) {
      await mouse.move(box.x + x * box.width, box.y + y * box.height);
      if (i === 0) await mouse.down();
    }
    await mouse.up();
  }

  /** @param {string} path */
  async screenshot(path) {
    await this.#page.screenshot({ path: /** @type {`${string}.png`} */ (path) });
  }

  /** Chromium only. @param {{ bytesPerSecond: number, latencyMs: number }} network */
  async throttle({ bytesPerSecond, latencyMs }) {
    await this.#page.emulateNetworkConditions({ download: bytesPerSecond, upload: bytesPerSecond, latency: latencyMs });
  }

  async close() {
    await this.#page.close();
  }
}
