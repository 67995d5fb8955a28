/**
 * Puts packed models into an app's web folder, where its WebView reads them:
 *
 *   models/<name>/          the package's plain files
 *   minnow/models.json      the registry: what minnow.models() lists
 */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readPackage } from './model_package.mjs';
import { PluginError } from './plugin_error.mjs';

/**
 * @typedef {object} RegisteredModel
 * @property {string} name
 * @property {string} task as in the manifest
 * @property {string} url relative to the app's web folder, with a slash at its end
 * @property {number} bytes of all files
 */

export const REGISTRY_PATH = 'minnow/models.json';
const REGISTRY_FORMAT = 'minnow-models';
const REGISTRY_VERSION = 1;

/** What `aapt` leaves out of an Android app without a word (its default ignoreAssetsPattern), and what is no plain name. */
const DROPPED_BY_ANDROID = /^[._]|~$|\.scc$|^(cvs|thumbs\.db|picasa\.ini)$/i;
const PLAIN_NAME = /^[A-Za-z0-9._-]{1,100}$/;

/**
 * Copies packages into an app and registers them.
 * @param {string} www the app's web folder
 * @param {readonly string[]} specs each a package's folder, or NAME=FOLDER; the name is else the folder's
 * @param {{ from?: string, replace?: boolean }} [options] `from`: what relative paths start at, the working folder by default;
 *   `replace`: the registry then holds these models only. Else they are added to it
 * @returns {RegisteredModel[]} those just copied
 * @throws {PluginError} NO_APP_FOLDER, NO_PACKAGE, DAMAGED_PACKAGE, BAD_NAME, BAD_REGISTRY; nothing has been written then
 */
export function addModels(www, specs, { from = process.cwd(), replace = false } = {}) {
  if (!existsSync(www) || !statSync(www).isDirectory()) {
    throw new PluginError('NO_APP_FOLDER', `The app's web folder ${www} does not exist: build the app first, or give the folder that it is built from`);
  }
  const named = specs.map((spec) => nameAndFolder(spec, from));
  const repeated = named.find(({ name }, i) => named.findIndex((other) => other.name === name) < i);
  if (repeated) {
    throw new PluginError('BAD_NAME', `Two models have the name "${repeated.name}": give one of them another, as other=${repeated.folder}`);
  }
  const read = named.map(({ name, folder }) => ({ name, read: readPackage(folder) }));
  const kept = replace ? [] : readRegistry(www).filter((model) => !named.some(({ name }) => name === model.name));
  const added = read.map(({ name, read: { task, bytes, files } }) => {
    const target = path.join(www, 'models', name);
    rmSync(target, { recursive: true, force: true });
    for (const file of files) {
      mkdirSync(path.dirname(path.join(target, file.path)), { recursive: true });
      writeFileSync(path.join(target, file.path), file.bytes);
    }
    return { name, task, url: `models/${name}/`, bytes };
  });
  mkdirSync(path.dirname(path.join(www, REGISTRY_PATH)), { recursive: true });
  const registry = { format: REGISTRY_FORMAT, version: REGISTRY_VERSION, models: [...kept, ...added] };
  writeFileSync(path.join(www, REGISTRY_PATH), `${JSON.stringify(registry, null, 2)}\n`);
  return added;
}

/** @param {string} spec @param {string} from */
function nameAndFolder(spec, from) {
  const [, given, rest] = /^(?:([^=/\\]*)=)?(.*)$/.exec(spec) ?? [];
  if (!rest) throw new PluginError('NO_PACKAGE', `"${spec}" names no folder: give FOLDER or NAME=FOLDER`);
  const folder = path.resolve(from, rest);
  const last = path.basename(folder);
  const name = given ?? (last === 'package' ? path.basename(path.dirname(folder)) : last);
  if (PLAIN_NAME.test(name) && !DROPPED_BY_ANDROID.test(name)) return { name, folder };
  const why = PLAIN_NAME.test(name) ? 'Android leaves such folders out of apps' : 'only letters, digits, ".", "_" and "-" are safe everywhere';
  throw new PluginError('BAD_NAME', `A model cannot have the name "${name}" in an app, since ${why}: rename the folder, or write name=${rest}`);
}

/** @param {string} www @returns {RegisteredModel[]} */
function readRegistry(www) {
  const file = path.join(www, REGISTRY_PATH);
  if (!existsSync(file)) return [];
  try {
    const { format, version, models } = JSON.parse(readFileSync(file, 'utf8'));
    const isKnown = format === REGISTRY_FORMAT && version === REGISTRY_VERSION && Array.isArray(models);
    if (isKnown && models.every((model) => typeof model?.name === 'string')) return models;
  } catch {
    // The same as another format.
  }
  throw new PluginError('BAD_REGISTRY', `${file} is no registry of models that this version knows: delete it and add the models again`);
}
