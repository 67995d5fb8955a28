/**
 * WebKitGTK: WebKitWebDriver starts MiniBrowser on a virtual X display of our own.
 *
 * MiniBrowser's automation sessions are ephemeral: IndexedDB and service workers live in memory and
 * survive reloads and navigations, not the launch. WebDriver has no command for console messages and
 * MiniBrowser prints none, so they are collected in the page from the first `evaluate` after a load on.
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { makeTempDir, START_WITHIN_MS, startOwned, withinPatience } from './owned_process.js';
import { waitUntilTrue } from './wait_until_true.js';
import { WebDriverSession } from './webdriver_client.js';

const DRIVER = '/usr/bin/WebKitWebDriver';
const LIBRARY_ROOT = '/usr/lib';

/**
 * MiniBrowser's tool bar keeps the window at least 447 px wide, too wide for a phone's page; drawn
 * this small it does not.
 */
const NARROW_TOOL_BAR = `* {
  min-width: 0; padding: 0; margin: 0; border-width: 0; font-size: 1px;
}`;

/** WebDriver's code points for keys without a character. @type {Record<string, string>} */
const KEYS = {
  Tab: '\uE004',
  Enter: '\uE007',
  Escape: '\uE00C',
  Space: ' ',
  ArrowLeft: '\uE012',
  ArrowUp: '\uE013',
  ArrowRight: '\uE014',
  ArrowDown: '\uE015',
  End: '\uE010',
  Home: '\uE011',
};

/**
 * @param {import('./browser_engine.js').LaunchOptions} [options]
 * @returns {Promise<import('./browser_engine.js').Engine>}
 */
export async function launch({ colorScheme = 'light', fakeCamera = false } = {}) {
  const home = makeTempDir('e2e-webkit-');
  mkdirSync(path.join(home.dir, '.config/gtk-3.0'), { recursive: true });
  writeFileSync(path.join(home.dir, '.config/gtk-3.0/gtk.css'), NARROW_TOOL_BAR);
  const display = await startDisplay();
  const driver = await startDriver(display.name, home.dir);
  const stop = async () => {
    await driver.stop();
    await display.stop();
    home.remove();
  };
  try {
    const { session, capabilities } = await WebDriverSession.create(driver.url, {
      'webkitgtk:browserOptions': {
        binary: miniBrowserPath(),
        args: [
          '--automation',
          ...(colorScheme === 'dark' ? ['--dark-mode'] : []),
          ...(fakeCamera ? ['--enable-media-stream=true', '--enable-mock-capture-devices=true'] : []),
        ],
      },
      timeouts: { script: 600_000, pageLoad: 120_000 },
    });
    return {
      name: 'webkit',
      version: `${capabilities.browserName}/${capabilities.browserVersion}`,
      keepsProfile: false,
      newPage: async () => new WebKitPage(session, colorScheme),
      close: async () => {
        await withinPatience(session.remove(''));
        await stop();
      },
      kill: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const NAVIGATION_MS = 30_000;

class WebKitPage {
  /** @type {import('./browser_engine.js').ConsoleMessage[]} */
  consoleMessages = [];
  #session;
  #colorScheme;

  /** @param {WebDriverSession} session @param {import('./browser_engine.js').ColorScheme} colorScheme */
  constructor(session, colorScheme) {
    this.#session = session;
    this.#colorScheme = colorScheme;
  }

  /**
   * WebKit's driver sometimes returns before the page is parsed, and even while a fresh web process still shows
   * its own empty document: elements are missing for a moment then.
   * @param {string} url
   */
  async goto(url) {
    const isSameDocument = await this.evaluate((url) => {
      Object.assign(window, { isLeft: true });
      return url.includes('#') && url.split('#')[0] === location.href.split('#')[0];
    }, url);
    await this.#session.post('/url', { url });
    if (!isSameDocument) await this.#waitForNewDocument(new URL(url).origin);
  }

  async reload() {
    const origin = await this.evaluate(() => {
      Object.assign(window, { isLeft: true });
      return location.origin;
    });
    await this.#session.post('/refresh');
    await this.#waitForNewDocument(origin);
  }

  /** @param {string} origin */
  async #waitForNewDocument(origin) {
    await this.waitFor(
      (origin) => !('isLeft' in window) && location.origin === origin && document.readyState !== 'loading',
      NAVIGATION_MS,
      origin,
    );
  }

  /**
   * @template {unknown[]} A
   * @template R
   * @param {(...args: A) => R | Promise<R>} fn
   * @param {A} args
   * @returns {Promise<Awaited<R>>}
   */
  async evaluate(fn, ...args) {
    const script = `const args = Array.from(arguments), done = args.pop(), messages = (${tapConsole})();
      Promise.resolve().then(() => (${fn})(...args)).then(
        (value) => done({ value, messages: messages.splice(0) }),
        (error) => done({ error: String(error), messages: messages.splice(0) }));`;
    const result = await this.#session.post('/execute/async', { script, args });
    this.consoleMessages.push(...result.messages);
    if ('error' in result) throw new Error(result.error);
    return result.value;
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
    // The window is larger than the page by its tool bar: ask, measure, ask again.
    let [extraWidth, extraHeight] = [0, 0];
    for (const deadline = performance.now() + START_WITHIN_MS; performance.now() < deadline; ) {
      await this.#session.post('/window/rect', { x: 0, y: 0, width: width + extraWidth, height: height + extraHeight });
      const [pageWidth, pageHeight] = await this.evaluate(() => [innerWidth, innerHeight]);
      if (pageWidth === width && pageHeight === height) return;
      const rect = await this.#session.get('/window/rect');
      // A page that has not followed its window yet is no smaller than that.
      [extraWidth, extraHeight] = [Math.max(0, rect.width - pageWidth), Math.max(0, rect.height - pageHeight)];
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`MiniBrowser's page does not take the size ${width}x${height}`);
  }

  /** @param {import('./browser_engine.js').ColorScheme} scheme */
  async setColorScheme(scheme) {
    return scheme === this.#colorScheme;
  }

  /** @param {string} selector @param {string[]} paths */
  async setInputFiles(selector, paths) {
    const element = await this.#session.findElement(selector);
    await this.#session.post(`${element}/value`, { text: paths.map((file) => path.resolve(file)).join('\n') });
  }

  /** @param {string} selector */
  async click(selector) {
    await this.#session.post(`${await this.#session.findElement(selector)}/click`);
  }

  /** @param {string} key */
  async press(key) {
    const value = KEYS[key] ?? key;
    const actions = [
      { type: 'keyDown', value },
      { type: 'keyUp', value },
    ];
    await this.#session.post('/actions', { actions: [{ type: 'key', id: 'keyboard', actions }] });
  }

  /** @param {string} selector @param {[number, number][]} points */
  async drag(selector, points) {
    const box = await this.evaluate((selector) => document.querySelector(selector)?.getBoundingClientRect().toJSON(), selector);
    const moves = points.map(([x, y]) => ({
      type: 'pointerMove',
      duration: 10,
      x: Math.round(box.x + x * box.width),
      y: Math.round(box.y + y * box.height),
    }));
    const actions = [moves[0], { type: 'pointerDown', button: 0 }, ...moves.slice(1), { type: 'pointerUp', button: 0 }];
    await this.#session.post('/actions', { actions: [{ type: 'pointer', id: 'mouse', parameters: { pointerType: 'mouse' }, actions }] });
  }

  /** @param {string} file */
  async screenshot(file) {
    writeFileSync(file, Buffer.from(await this.#session.get('/screenshot'), 'base64'));
  }

  async close() {
    // Closing the only window would end the session; the engine does that.
    await this.goto('about:blank');
  }
}

/** Starts an X server that picks a free display number. @returns {Promise<{name: string, stop: () => Promise<void>}>} */
async function startDisplay() {
  const args = ['-displayfd', '3', '-screen', '0', '1600x1600x24', '-nolisten', 'tcp'];
  const { child, stop } = startOwned('/usr/bin/Xvfb', args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  const number = await new Promise((resolve, reject) => {
    child.stdio[3]?.once('data', (data) => resolve(String(data).trim()));
    child.once('close', (code) => reject(new Error(`Xvfb ended with ${code}`)));
  });
  return { name: `:${number}`, stop };
}

/** @param {string} display @param {string} home */
async function startDriver(display, home) {
  const port = await freePort();
  const { stop } = startOwned(DRIVER, [`--port=${port}`], {
    stdio: 'ignore',
    env: {
      PATH: process.env.PATH,
      LANG: 'C.UTF-8',
      HOME: home,
      XDG_RUNTIME_DIR: home,
      DISPLAY: display,
      GDK_BACKEND: 'x11',
      // Its sandbox (bubblewrap) cannot be set up as root in a container.
      WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
      // Without these, helper daemons would be started that outlive the browser.
      GSETTINGS_BACKEND: 'memory',
      GIO_USE_VFS: 'local',
      NO_AT_BRIDGE: '1',
      DBUS_SESSION_BUS_ADDRESS: 'disabled:',
    },
  });
  const url = `http://127.0.0.1:${port}`;
  await waitUntilTrue(async () => (await fetch(`${url}/status`)).ok, 'WebKitWebDriver');
  return { url, stop };
}

/** Runs in the page: the list that its console writes to from now on. */
function tapConsole() {
  const page = /** @type {{e2eMessages?: import('./browser_engine.js').ConsoleMessage[]}} */ (/** @type {unknown} */ (window));
  if (page.e2eMessages) return page.e2eMessages;
  /** @type {import('./browser_engine.js').ConsoleMessage[]} */
  const messages = (page.e2eMessages = []);
  for (const type of /** @type {const} */ (['log', 'info', 'warn', 'error', 'debug'])) {
    const original = console[type];
    console[type] = (...values) => {
      messages.push({ type, text: values.map(String).join(' ') });
      original.apply(console, values);
    };
  }
  addEventListener('error', (event) => messages.push({ type: 'pageerror', text: event.message }));
  addEventListener('unhandledrejection', (event) => messages.push({ type: 'pageerror', text: String(event.reason) }));
  return messages;
}

/** @returns {Promise<number>} */
async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** MiniBrowser stands in a folder named after the machine's architecture. @returns {string} */
function miniBrowserPath() {
  for (const triplet of readdirSync(LIBRARY_ROOT)) {
    const file = path.join(LIBRARY_ROOT, triplet, 'webkit2gtk-4.1/MiniBrowser');
    if (existsSync(file)) return file;
  }
  throw new Error('MiniBrowser is missing: it comes with the Debian package webkit2gtk-driver');
}
