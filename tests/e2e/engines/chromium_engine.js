/** Chromium over the DevTools protocol. */
import { once } from 'node:events';
import puppeteer from 'puppeteer-core';
import { atExit, killUsersOfProfile, makeTempDir, START_WITHIN_MS, withinPatience } from './owned_process.js';
import { PuppeteerPage } from './puppeteer_page.js';

const FLAGS = [
  '--no-sandbox', // the sandbox refuses to run as root
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const FAKE_CAMERA_FLAGS = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];

/**
 * @param {import('./browser_engine.js').LaunchOptions} [options]
 * @returns {Promise<import('./browser_engine.js').Engine>}
 */
export async function launch({ profileDir, colorScheme = 'light', fakeCamera = false, flags = [] } = {}) {
  const temp = profileDir ? undefined : makeTempDir('e2e-chromium-');
  const userDataDir = profileDir ?? temp?.dir ?? '';
  const kill = atExit(() => killUsersOfProfile(userDataDir));
  const browser = await puppeteer.launch({
    executablePath: '/usr/bin/chromium',
    headless: true,
    userDataDir,
    args: [...FLAGS, ...(fakeCamera ? FAKE_CAMERA_FLAGS : []), ...flags],
    defaultViewport: null,
    // owned_process.js answers signals; puppeteer's own handlers would only begin to close.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    protocolTimeout: 600_000,
    timeout: START_WITHIN_MS,
  });
  return {
    name: 'chromium',
    version: await browser.version(),
    keepsProfile: true,
    newPage: async () => {
      const page = await browser.newPage();
      /** @param {import('./browser_engine.js').ColorScheme} scheme */
      const setColorScheme = async (scheme) => {
        await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
        return true;
      };
      await setColorScheme(colorScheme);
      return new PuppeteerPage(page, setColorScheme);
    },
    close: async () => {
      await withinPatience(browser.close());
      kill();
      temp?.remove();
    },
    kill: async () => {
      const process = browser.process();
      const ended = process && once(process, 'exit');
      kill();
      await ended;
      temp?.remove();
    },
  };
}
