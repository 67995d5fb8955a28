/**
 * Reads a packed model from disk as an app carries it: plain files only, each with the length and SHA-256 that the manifest
 * states (docs/FORMAT.md).
 *
 * WebViews' servers set no Content-Encoding, and the stores compress apps themselves, so the `.br` and `.gz` copies stay
 * behind. Their `encodings` leave the manifest with them: a page would ask for them first, and where Android answers 404,
 * iOS fails the request as if the network were gone.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { PluginError } from './plugin_error.mjs';

/** @typedef {{ path: string, bytes: Buffer }} PlainFile `path` within the package's folder, with slashes */

/**
 * @typedef {object} PlainPackage
 * @property {string} folder where it was read
 * @property {string} task of its manifest
 * @property {number} bytes of all files
 * @property {readonly PlainFile[]} files the manifest last, since it says that all is there
 */

const FORMAT_VERSION = 2; // those before it are known as well
const MAX_FILE_BYTES = 2 ** 26;
const MAX_FILES = 4096;
/** As the runtime has it: a manifest must not lead out of its folder. */
const PLAIN_NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/;

/**
 * The folder with the manifest: the given one, or its `package/`, as `minnow train` leaves it.
 * @param {string} folder
 * @returns {string}
 * @throws {PluginError} NO_PACKAGE
 */
export function packageFolder(folder) {
  const found = [folder, path.join(folder, 'package')].find((candidate) => existsSync(path.join(candidate, 'manifest.json')));
  if (found) return found;
  const what = existsSync(folder) ? 'has no manifest.json' : 'does not exist';
  throw new PluginError('NO_PACKAGE', `The model's folder ${folder} ${what}: give a folder that "minnow pack MODEL -o FOLDER" wrote`);
}

/**
 * @param {string} folder of the package
 * @returns {PlainPackage}
 * @throws {PluginError} NO_PACKAGE, DAMAGED_PACKAGE
 */
export function readPackage(folder) {
  const root = packageFolder(folder);
  const { manifest, files } = readPlain(root, '');
  return {
    folder: root,
    task: String(manifest.task),
    bytes: files.reduce((sum, { bytes }) => sum + bytes.length, 0),
    files,
  };
}

/**
 * @param {string} root of the package
 * @param {string} within the package: '' or a part's folder with its slash
 * @returns {{ manifest: Record<string, any>, files: PlainFile[] }}
 */
function readPlain(root, within) {
  const file = path.join(root, within, 'manifest.json');
  const manifest = parseManifest(readSmall(file), file);
  /** @type {PlainFile[]} */
  const files = [];
  for (const [i, part] of listOf(manifest, 'parts', file).entries()) {
    const partFolder = plainName(part?.folder, `parts[${i}].folder`, file);
    if (within) throw damaged(file, 'has parts, although it is itself a part of a split package');
    if (part.manifest?.file !== 'manifest.json') throw damaged(file, `names no manifest.json in parts[${i}]`);
    checkFile(path.join(root, partFolder), part.manifest, `parts[${i}].manifest`, file);
    const read = readPlain(root, `${partFolder}/`);
    files.push(...read.files);
    // The part's manifest is another file now, without its encodings.
    const { bytes } = read.files[read.files.length - 1];
    part.manifest = { file: 'manifest.json', bytes: bytes.length, sha256: sha256Of(bytes) };
  }
  const named = [...listOf(manifest, 'shards', file), manifest.labels, manifest.vocabulary].filter((entry) => entry !== undefined);
  for (const [i, entry] of named.entries()) {
    const bytes = checkFile(path.join(root, within), entry, `files[${i}]`, file);
    files.push({ path: `${within}${entry.file}`, bytes });
    delete entry.encodings;
  }
  if (files.length === 0) throw damaged(file, 'names no file');
  files.push({ path: `${within}manifest.json`, bytes: Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`) });
  return { manifest, files };
}

/** @param {Buffer} bytes @param {string} file @returns {Record<string, any>} */
function parseManifest(bytes, file) {
  let manifest;
  try {
    manifest = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw damaged(file, `is no JSON (${/** @type {Error} */ (error).message})`);
  }
  if (manifest?.format !== 'minnow') throw damaged(file, 'is not the manifest of a Minnow package');
  if (manifest.version !== 1 && manifest.version !== FORMAT_VERSION) {
    throw damaged(file, `has format version ${manifest.version}, and this plugin knows versions up to ${FORMAT_VERSION}; update the plugin`);
  }
  return manifest;
}

/** @param {Record<string, any>} manifest @param {string} field @param {string} file @returns {any[]} empty where there is none */
function listOf(manifest, field, file) {
  const list = manifest[field] ?? [];
  if (!Array.isArray(list) || list.length > MAX_FILES) throw damaged(file, `has ${field} that are no list of at most ${MAX_FILES}`);
  return list;
}

/** @param {unknown} name @param {string} field @param {string} file @returns {string} */
function plainName(name, field, file) {
  if (typeof name === 'string' && PLAIN_NAME.test(name)) return name;
  throw damaged(file, `has ${JSON.stringify(name)} for ${field}, which is no plain name`);
}

/**
 * Reads a file that a manifest describes.
 * @param {string} folder
 * @param {any} entry untrusted
 * @param {string} field of it, for messages
 * @param {string} manifestFile
 * @returns {Buffer}
 */
function checkFile(folder, entry, field, manifestFile) {
  const name = plainName(entry?.file, `${field}.file`, manifestFile);
  const file = path.join(folder, name);
  if (!existsSync(file)) throw damaged(manifestFile, `names ${name}, which is missing`);
  const bytes = readSmall(file);
  if (bytes.length !== entry.bytes) throw damaged(file, `has ${bytes.length} bytes instead of ${entry.bytes}`);
  if (sha256Of(bytes) !== entry.sha256) throw damaged(file, 'has another SHA-256 than its manifest says');
  return bytes;
}

/** @param {string} file */
function readSmall(file) {
  const info = statSync(file);
  if (!info.isFile() || info.size > MAX_FILE_BYTES) throw damaged(file, `is no file of at most ${MAX_FILE_BYTES} bytes`);
  return readFileSync(file);
}

/** @param {Buffer} bytes */
function sha256Of(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

/** @param {string} file @param {string} what */
function damaged(file, what) {
  return new PluginError('DAMAGED_PACKAGE', `${file} ${what}: pack the model again, or copy its whole folder again`);
}
