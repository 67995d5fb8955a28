/** The models that come with the page: build_demo.mjs puts what it found in models/ in place of BUNDLED_MODELS. */

/** @typedef {import('../tabs/tab_model.js').Source} Source */

/** Without a model of its own in the build, a tab says how to train it. @param {string} name */
export function isBundled(name) {
  return name in BUNDLED_MODELS;
}

/**
 * The address has the manifest's hash: a model that was trained anew is another one, also where the old one is kept.
 * @param {string} name
 * @returns {string}
 */
export function bundledUrl(name) {
  return new URL(`models/${name}/?v=${BUNDLED_MODELS[name].version}`, document.baseURI).href;
}

/** The addresses of all of them. @returns {string[]} */
export function bundledUrls() {
  return Object.keys(BUNDLED_MODELS).map(bundledUrl);
}

/** Whether any of them hears or reads: that takes a WebAssembly file of its own. */
export function anyNeedsSoundText() {
  return Object.values(BUNDLED_MODELS).some(({ task }) => /^(audio|text)-/.test(task));
}

/**
 * What the page has to try a model with: each file is named after what is on it.
 * @param {string} name
 * @returns {{ url: string, label: string }[]}
 */
export function samplesOf(name) {
  return (BUNDLED_MODELS[name]?.samples ?? []).map((file) => ({
    url: `samples/${name}/${file}`,
    label: file.replace(/\.\w+$/, '').replaceAll('_', ' '),
  }));
}
