/**
 * Cordova's after_prepare hook: puts the models that config.xml names into each prepared app, and says what in the app's
 * settings would keep them from running.
 *
 *     <preference name="MinnowModels" value="models/doodles words=models/wake_words" />
 *
 * Paths are relative to the project; %20 stands for a space in one. A preference inside <platform> counts for that platform.
 */
const { existsSync, readFileSync } = require('node:fs');
const path = require('node:path');

/**
 * What Cordova hands to hooks (cordova-lib, src/hooks/Context.js), as far as it is used here.
 * @typedef {object} HookContext
 * @property {{ projectRoot: string, platforms: string[] }} opts `platforms`: those being prepared
 * @property {(name: string) => any} requireCordovaModule
 */

/** @param {HookContext} context @returns {Promise<void>} rejects with everything that is wrong, each with its remedy */
module.exports = async function addModelsHook(context) {
  const { addModels } = await import('../lib/app_models.mjs');
  const { projectRoot, platforms } = context.opts;
  const { ConfigParser, events } = context.requireCordovaModule('cordova-common');
  const { getPlatformApi } = context.requireCordovaModule('cordova-lib').cordova_platforms;
  const { getPlatformVersion, projectConfig } = context.requireCordovaModule('cordova-lib/src/cordova/util');
  const config = new ConfigParser(projectConfig(projectRoot));
  /** @type {Set<string>} */
  const errors = new Set();
  for (const platform of platforms) {
    const platformRoot = path.join(projectRoot, 'platforms', platform);
    const www = getPlatformApi(platform, platformRoot).getPlatformInfo().locations.www;
    /** @param {string} name */
    const preference = (name) => preferenceOf(config, name, platform);
    const version = getPlatformVersion(platformRoot) ?? undefined;
    const findings = await checkApp({ platform, version, preference }, www, startPageOf(config));
    for (const error of findings.errors) errors.add(error);
    for (const warning of findings.warnings) events.emit('warn', `cordova-plugin-minnow: ${warning}`);
    const specs = (preference('MinnowModels') ?? '').split(/\s+/).filter(Boolean).map(decodeSpaces);
    if (specs.length === 0) events.emit('warn', 'cordova-plugin-minnow: config.xml names no model: <preference name="MinnowModels" value="models/one models/another" />');
    try {
      const added = addModels(www, specs, { from: projectRoot, replace: true });
      for (const { name, bytes } of added) events.emit('verbose', `cordova-plugin-minnow: ${platform} has models/${name} (${bytes} bytes)`);
    } catch (error) {
      if (/** @type {Error} */ (error).name !== 'PluginError') throw error;
      errors.add(/** @type {Error} */ (error).message);
    }
  }
  if (errors.size > 0) throw new Error([...errors].map((error) => `cordova-plugin-minnow: ${error}`).join('\n'));
};

/**
 * @param {{ platform: string, version: string | undefined, preference: (name: string) => string | undefined }} app
 * @param {string} www
 * @param {string} startPage
 */
async function checkApp(app, www, startPage) {
  const [{ checkCordovaApp }, { policyProblems }] = await Promise.all([import('../lib/app_config.mjs'), import('../lib/content_policy.mjs')]);
  const { errors, warnings } = checkCordovaApp(app);
  const file = path.join(www, startPage);
  if (existsSync(file)) errors.push(...policyProblems(readFileSync(file, 'utf8'), `www/${startPage}`));
  return { errors, warnings };
}

/**
 * The platform's own preference, else the app's; WebViews do not mind the case of a name either.
 * @param {any} config Cordova's ConfigParser
 * @param {string} name
 * @param {string} platform
 * @returns {string | undefined}
 */
function preferenceOf(config, name, platform) {
  for (const place of [`./platform[@name="${platform}"]/preference`, './preference']) {
    /** @type {{ attrib: { name?: string, value?: string } }[]} */
    const elements = config.doc.findall(place);
    const found = elements.filter(({ attrib }) => attrib.name?.toLowerCase() === name.toLowerCase()).pop();
    if (found) return found.attrib.value;
  }
  return undefined;
}

/** @param {any} config @returns {string} the page the app opens, without its query */
function startPageOf(config) {
  /** @type {string} */
  const source = config.doc.find('content')?.attrib.src ?? 'index.html';
  return source.replace(/[?#].*/, '');
}

/** @param {string} spec */
function decodeSpaces(spec) {
  return spec.replaceAll('%20', ' ');
}
