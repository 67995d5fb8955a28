/** Tests of apps in Chromium: each has projects to build the apps in, and one browser for all of them. */
import { after, before, describe } from 'node:test';
import { missingEngine } from '../e2e/engines/browser_engine.js';
import { missing, Projects } from './app_project.js';
import { launchChromium } from './app_site.js';

/** While its tests run. @typedef {{ projects: Projects, engine: import('../e2e/engines/browser_engine.js').Engine }} AppTools */

/**
 * @param {string} name
 * @param {(tools: AppTools) => void} tests registers them; the tools are there once they run
 */
export function describeApps(name, tests) {
  describe(name, { skip: missing ?? missingEngine('chromium') }, () => {
    const tools = /** @type {AppTools} */ ({});
    before(async () => {
      tools.projects = new Projects();
      tools.engine = await launchChromium();
    });
    after(async () => {
      await tools.engine?.close();
      await tools.projects?.remove();
    });
    tests(tools);
  });
}
