/**
 * window.minnow of a Cordova app: the npm package `minnow`, loaded from the app when it is first used.
 *
 * Cordova wraps this file in cordova.define(), so it is neither a module nor has it import.meta. The package itself stands
 * as plain ES modules in minnow/ beside cordova.js; its worker and its WebAssembly are found beside those.
 *
 * Models of the app are read from the app's own files, and no copy of them is kept in IndexedDB. Models from other origins
 * are kept, as the package does by itself.
 */
const REGISTRY = 'minnow/models.json';

/** In which of the package's files each class with a create() is. @type {Record<string, string>} */
const CLASSES = {
  Model: 'minnow',
  ImageClassifier: 'minnow',
  ObjectDetector: 'vision',
  ImageSegmenter: 'vision',
  AudioClassifier: 'audio',
  TextClassifier: 'text',
  TextEmbedder: 'text',
  ModelChain: 'chain',
};

/** Functions that give promises here, since their file may have to be loaded first. @type {Record<string, string>} */
const FUNCTIONS = {
  supported: 'minnow',
  upscaleToSource: 'vision',
  watchFrames: 'vision',
  cosineSimilarity: 'text',
  prefetch: 'minnow-storage',
  checkForUpdate: 'minnow-storage',
};

const STORAGE_METHODS = ['list', 'delete', 'clear', 'estimate', 'persist'];

/** @type {Map<string, Promise<Record<string, any>>>} */
const parts = new Map();

/** The app's web folder: where cordova.js was loaded from, whichever page this is. */
function appFolder() {
  const script = Array.from(document.scripts).find(({ src }) => /\/cordova\.js([?#]|$)/.test(src));
  return new URL('.', script ? script.src : document.baseURI);
}

/** @param {string} code of MinnowError @param {string} message @param {unknown} cause */
function failure(code, message, cause) {
  return Object.assign(new Error(message), { name: 'MinnowError', code, cause });
}

/** Why a file of the package did not load. @param {string} url @param {unknown} cause */
function loadFailure(url, cause) {
  if (cause instanceof SyntaxError) {
    const remedy = 'this WebView is too old (update Android System WebView, or iOS), or the file is damaged (add the plugin again)';
    return failure('UNSUPPORTED_BROWSER', `${url} is not understood (${cause.message}): ${remedy}`, cause);
  }
  const remedy = 'run "cordova prepare", and allow it in the page\'s Content-Security-Policy (script-src \'self\')';
  return failure('NETWORK', `${url} does not load (${cause}): ${remedy}`, cause);
}

/**
 * Loads one of the package's files, once.
 * @param {string} [part] 'minnow', 'vision', 'audio', 'text', 'chain' or 'minnow-storage'
 * @returns {Promise<Record<string, any>>} its exports; classes with the app's defaults
 */
function load(part = 'minnow') {
  let loading = parts.get(part);
  if (!loading) {
    const url = new URL(`minnow/${part}.js`, appFolder()).href;
    loading = import(url).then(withAppDefaults, (cause) => {
      parts.delete(part);
      throw loadFailure(url, cause);
    });
    parts.set(part, loading);
  }
  return loading;
}

/** @param {Record<string, any>} exported @returns {Record<string, any>} */
function withAppDefaults(exported) {
  /** @type {Record<string, any>} */
  const adapted = { ...exported };
  for (const [name, value] of Object.entries(exported)) {
    if (!value || typeof value.create !== 'function') continue;
    adapted[name] = class extends value {
      /** @param {any} source @param {Record<string, any>} [options] */
      static create(source, options) {
        return super.create(source, optionsFor(source, options));
      }
    };
    Object.defineProperty(adapted[name], 'name', { value: name });
  }
  return adapted;
}

/** @param {unknown} source @param {Record<string, any>} options */
function optionsFor(source, options = {}) {
  // No WebView shares memory with workers, so the app carries no modules for several threads.
  const adapted = Object.assign({}, options, { threads: 1 });
  if (adapted.storage === undefined && isOfTheApp(source)) adapted.storage = 'none';
  return adapted;
}

/** Custom schemes have no `origin`, so its parts are compared. @param {unknown} source */
function isOfTheApp(source) {
  if (typeof source !== 'string' && !(source instanceof URL)) return false;
  try {
    const { protocol, host } = new URL(source, document.baseURI);
    const app = appFolder();
    return protocol === app.protocol && host === app.host;
  } catch (_) {
    return false; // create() says what is wrong with it
  }
}

/** @returns {Promise<{ name: string, task: string, url: string, bytes: number }[]>} */
async function models() {
  const folder = appFolder();
  const url = new URL(REGISTRY, folder).href;
  let registry;
  try {
    const response = await fetch(url);
    // Some WebViews' schemes answer with status 0 for success.
    if (!response.ok && response.status !== 0) throw new Error(`status ${response.status}`);
    registry = await response.json();
  } catch (cause) {
    throw failure('HTTP', `The list of the app's models cannot be read from ${url} (${cause}): run "cordova prepare"`, cause);
  }
  return registry.models.map((/** @type {{ url: string }} */ model) => ({ ...model, url: new URL(model.url, folder).href }));
}

/** @type {Record<string, any>} */
const plugin = { ready: () => load(), load, models, storage: {} };
for (const [name, part] of Object.entries(CLASSES)) {
  plugin[name] = {
    create: (/** @type {any} */ source, /** @type {any} */ options) => load(part).then((exported) => exported[name].create(source, options)),
  };
}
for (const [name, part] of Object.entries(FUNCTIONS)) {
  plugin[name] = (/** @type {any[]} */ ...args) => load(part).then((exported) => exported[name](...args));
}
for (const method of STORAGE_METHODS) {
  plugin.storage[method] = (/** @type {any[]} */ ...args) => load().then((exported) => exported.storage[method](...args));
}
module.exports = plugin;
