/** Firefox over WebDriver BiDi. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import puppeteer from 'puppeteer-core';
import { atExit, killUsersOfProfile, makeTempDir, START_WITHIN_MS, withinPatience } from './owned_process.js';
import { PuppeteerPage } from './puppeteer_page.js';

const FAKE_CAMERA_PREFERENCES = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
};

/**
 * @param {import('./browser_engine.js').LaunchOptions} [options]
 * @returns {Promise<import('./browser_engine.js').Engine>}
 */
export async function launch({ profileDir, colorScheme = 'light', fakeCamera = false } = {}) {
  const temp = profileDir ? undefined : makeTempDir('e2e-firefox-');
  const userDataDir = profileDir ?? temp?.dir ?? '';
  const kill = atExit(() => killUsersOfProfile(userDataDir));
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: '/usr/bin/firefox-esr',
    headless: true,
    userDataDir,
    defaultViewport: null,
    // owned_process.js answers signals; puppeteer's own handlers would only begin to close.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    protocolTimeout: 600_000,
    timeout: START_WITHIN_MS,
    extraPrefsFirefox: {
      // BiDi has no colour scheme: the preference is read at start, 0 is dark and 1 is light.
      'layout.css.prefers-color-scheme.content-override': colorScheme === 'dark' ? 0 : 1,
      ...(fakeCamera ? FAKE_CAMERA_PREFERENCES : {}),
    },
  });
  return {
    name: 'firefox',
    version: await browser.version(),
    keepsProfile: true,
    newPage: async () => new PuppeteerPage(await browser.newPage(), async (scheme) => scheme === colorScheme),
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
      await preferencesAreBack(userDataDir);
      temp?.remove();
    },
  };
}

/**
 * Puppeteer puts the profile's own preferences back when the process has ended. A browser that is launched before it has done so
 * finds them missing.
 * @param {string} profileDir
 */
async function preferencesAreBack(profileDir) {
  const isPending = () => ['prefs.js', 'user.js'].some((name) => existsSync(path.join(profileDir, `${name}.puppeteer`)));
  for (let looks = 0; looks < 100 && isPending(); looks++) await new Promise((resolve) => setTimeout(resolve, 20));
}
