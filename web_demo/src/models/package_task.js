/**
 * What a package is for, before it is loaded: a class that is not for it would load it all and then refuse it.
 * An address is asked once, and remembered: a kept package must not need the network.
 */

/** @typedef {import('./recognizer.js').ClassifierTask} ClassifierTask */
/** @typedef {import('../tabs/tab_model.js').Source} Source */

const PREFIX = 'minnow task of ';

/**
 * @param {Source} source
 * @param {readonly ClassifierTask[]} tasks
 * @returns {Promise<ClassifierTask[]>} the same tasks, the likely one first
 */
export async function likelyFirst(source, tasks) {
  const likely = await knownTask(source).catch(() => undefined);
  return [...tasks].sort((a, b) => Number(b === likely) - Number(a === likely));
}

/** @param {string} url @param {string} task */
export function rememberTask(url, task) {
  try {
    localStorage.setItem(PREFIX + absolute(url), task);
  } catch {
    // No storage in this window: the package is asked again.
  }
}

/** @param {string} url */
function remembered(url) {
  try {
    return localStorage.getItem(PREFIX + absolute(url)) ?? undefined;
  } catch {
    return undefined;
  }
}

/** @param {Source} source @returns {Promise<string | undefined>} */
async function knownTask({ url, files, isDefault }) {
  if (files) return JSON.parse(String(files.manifest)).task;
  const task = remembered(url);
  // The default package is a picture model as a rule; it is not asked before it is loaded.
  if (task || isDefault) return task;
  const manifest = new URL(url, document.baseURI);
  if (!manifest.pathname.endsWith('.json')) manifest.pathname = `${manifest.pathname.replace(/\/$/, '')}/manifest.json`;
  return (await (await fetch(manifest)).json()).task;
}

/** @param {string} url */
function absolute(url) {
  return new URL(url, document.baseURI).href;
}
