/**
 * One interface over three browser engines, so that an end-to-end test is written once.
 *
 * | engine   | package           | driven by                                     |
 * | -------- | ----------------- | --------------------------------------------- |
 * | chromium | chromium          | puppeteer-core, DevTools protocol             |
 * | firefox  | firefox-esr       | puppeteer-core, WebDriver BiDi                |
 * | webkit   | webkit2gtk-driver | WebDriver over fetch, MiniBrowser under Xvfb  |
 */
import { existsSync } from 'node:fs';

/** @typedef {'chromium' | 'firefox' | 'webkit'} EngineName */
/** @typedef {'light' | 'dark'} ColorScheme */

/**
 * @typedef {object} LaunchOptions
 * @property {string} [profileDir] folder that keeps the profile between launches; default: a fresh one,
 *   removed on close. WebKit cannot: its automation sessions are ephemeral (see `Engine.keepsProfile`).
 * @property {ColorScheme} [colorScheme] scheme of the whole launch, default light
 * @property {string[]} [flags] of Chromium's command line; the others take none
 * @property {boolean} [fakeCamera] a synthetic camera, its use granted without asking
 */

/**
 * @typedef {object} ConsoleMessage
 * @property {string} type 'log', 'info', 'warn', 'error', 'debug', or 'pageerror' for an uncaught error
 * @property {string} text
 */

/**
 * Functions are sent as source text: they see their arguments and the page, not the test's variables.
 * Arguments and results travel as JSON.
 * @typedef {object} EnginePage
 * @property {(url: string, options?: { waitsForWorkers?: boolean }) => Promise<void>} goto resolves on the load
 *   event. Firefox counts the scripts of workers towards it that were started before: where a test holds such a
 *   script back, `waitsForWorkers: false` takes the document alone
 * @property {() => Promise<void>} reload
 * @property {<A extends unknown[], R>(fn: (...args: A) => R | Promise<R>, ...args: A) => Promise<Awaited<R>>} evaluate
 * @property {<A extends unknown[]>(fn: (...args: A) => unknown, timeoutMs?: number, ...args: A) => Promise<void>} waitFor
 *   polls until `fn` gives a true value; rejects after `timeoutMs` (default 60,000)
 * @property {(width: number, height: number) => Promise<void>} setViewport size of the page in CSS pixels
 * @property {(scheme: ColorScheme) => Promise<boolean>} setColorScheme false where the engine can only
 *   choose at launch and was launched with the other one
 * @property {(selector: string, paths: string[]) => Promise<void>} setInputFiles
 * @property {(selector: string) => Promise<void>} click a trusted click, which counts as a user's
 * @property {(key: string) => Promise<void>} press a trusted key: 'Tab', 'Enter', 'Space', 'Escape', 'ArrowLeft', 'a'…
 * @property {(selector: string, points: [number, number][]) => Promise<void>} drag the mouse's button goes down at the
 *   first point and up at the last; 0 … 1 of the element's width and height
 * @property {(path: string) => Promise<void>} screenshot PNG of the viewport
 * @property {(network: { bytesPerSecond: number, latencyMs: number }) => Promise<void>} [throttle] Chromium only: of the
 *   page itself; its workers go on unthrottled
 * @property {ConsoleMessage[]} consoleMessages in order, since the page was opened
 * @property {() => Promise<void>} close
 */

/**
 * @typedef {object} Engine
 * @property {EngineName} name
 * @property {string} version
 * @property {boolean} keepsProfile whether `profileDir` survives from launch to launch
 * @property {() => Promise<EnginePage>} newPage WebKit has one page at a time
 * @property {() => Promise<void>} close ends every process of this launch
 * @property {() => Promise<void>} kill in place of close(): its processes end at once, as in a crash (SIGKILL)
 */

/** @type {readonly EngineName[]} */
export const ENGINE_NAMES = ['chromium', 'firefox', 'webkit'];

/** Files without which an engine cannot run, and the Debian package that brings them. */
const NEEDS = {
  chromium: [['/usr/bin/chromium', 'chromium']],
  firefox: [['/usr/bin/firefox-esr', 'firefox-esr']],
  webkit: [
    ['/usr/bin/WebKitWebDriver', 'webkit2gtk-driver'],
    ['/usr/bin/Xvfb', 'xvfb'],
  ],
};

/**
 * Why an engine cannot run here, or undefined when it can.
 * @param {EngineName} name
 * @returns {string | undefined}
 */
export function missingEngine(name) {
  const missing = NEEDS[name].filter(([file]) => !existsSync(file)).map(([, debianPackage]) => debianPackage);
  return missing.length ? `${name} needs the Debian package ${missing.join(' and ')}: run tools/setup.sh` : undefined;
}

/**
 * @param {EngineName} name
 * @param {LaunchOptions} [options]
 * @returns {Promise<Engine>}
 */
export async function launchEngine(name, options = {}) {
  const missing = missingEngine(name);
  if (missing) throw new Error(missing);
  const engine = await import(`./${name}_engine.js`);
  return engine.launch(options);
}
