/**
 * Packages in the origin private file system (File System Standard): minnow/files/<SHA-256> and
 * minnow/packages/<SHA-256 of the address>.json.
 *
 * A file that was being written when its page was killed may be there in part: whoever reads it checks its hash.
 */
import { sha256Hex } from '../delivery/sha256.js';
import { described, unusedFiles } from './stored_files.js';

/** @typedef {import('../base/types.js').PackageStorage} PackageStorage */
/** @typedef {import('../base/types.js').StoredPackage} StoredPackage */

/** @implements {PackageStorage} */
export class OpfsStorage {
  /** @param {string} url @returns {Promise<StoredPackage | undefined>} */
  async getPackage(url) {
    return readPackage(await fileIn('packages', await packageName(url)));
  }

  /** @param {StoredPackage} stored */
  async putPackage(stored) {
    const replaced = await this.getPackage(stored.url);
    await writeFile('packages', await packageName(stored.url), new TextEncoder().encode(JSON.stringify(stored)));
    await this.#dropUnused(replaced);
  }

  /** @param {string} sha256 */
  async hasFile(sha256) {
    return (await fileIn('files', sha256)) !== undefined;
  }

  /** @param {string} sha256 @returns {Promise<ArrayBuffer | undefined>} */
  async getFile(sha256) {
    return (await fileIn('files', sha256))?.arrayBuffer();
  }

  /** @param {string} sha256 @param {ArrayBuffer} bytes */
  putFile(sha256, bytes) {
    return writeFile('files', sha256, new Uint8Array(bytes));
  }

  async listPackages() {
    return (await this.#packages()).map(described);
  }

  /** @param {string} url */
  async deletePackage(url) {
    const gone = await this.getPackage(url);
    await removeFile('packages', await packageName(url));
    await this.#dropUnused(gone);
    return gone !== undefined;
  }

  /** Drops every package and every file. @returns {Promise<void>} */
  async clear() {
    const root = await navigator.storage.getDirectory();
    await root.removeEntry('minnow', { recursive: true }).catch(ifMissing);
  }

  /** @returns {Promise<StoredPackage[]>} */
  async #packages() {
    /** @type {StoredPackage[]} */
    const packages = [];
    for await (const handle of (await folder('packages')).values()) {
      const stored = await readPackage(await /** @type {FileSystemFileHandle} */ (handle).getFile());
      if (stored) packages.push(stored);
    }
    return packages;
  }

  /** @param {StoredPackage | undefined} gone */
  async #dropUnused(gone) {
    if (!gone) return;
    await Promise.all(unusedFiles(gone, await this.#packages()).map((sha256) => removeFile('files', sha256)));
  }
}

/** @param {'packages' | 'files'} name */
async function folder(name) {
  const root = await navigator.storage.getDirectory();
  const minnow = await root.getDirectoryHandle('minnow', { create: true });
  return minnow.getDirectoryHandle(name, { create: true });
}

/** @param {'packages' | 'files'} where @param {string} name @returns {Promise<File | undefined>} */
async function fileIn(where, name) {
  const handle = await (await folder(where)).getFileHandle(name).catch(ifMissing);
  return handle?.getFile();
}

/** @param {File | undefined} file @returns {Promise<StoredPackage | undefined>} nothing for half a file */
async function readPackage(file) {
  try {
    return file && JSON.parse(await file.text());
  } catch {
    return undefined;
  }
}

/** @param {'packages' | 'files'} where @param {string} name @param {Uint8Array<ArrayBuffer>} bytes */
async function writeFile(where, name, bytes) {
  const handle = await (await folder(where)).getFileHandle(name, { create: true });
  if ('createWritable' in handle) {
    const writable = await handle.createWritable();
    await writable.write(bytes);
    return writable.close();
  }
  // Safari before 26 has this one alone, and in workers only.
  const access = await /** @type {any} */ (handle).createSyncAccessHandle();
  try {
    access.truncate(0);
    access.write(bytes, { at: 0 });
    access.flush();
  } finally {
    access.close();
  }
}

/** @param {'packages' | 'files'} where @param {string} name */
async function removeFile(where, name) {
  await (await folder(where)).removeEntry(name).catch(ifMissing);
}

/** @param {DOMException} error @returns {undefined} */
function ifMissing(error) {
  if (error.name !== 'NotFoundError') throw error;
}

/** @param {string} url */
async function packageName(url) {
  return `${await sha256Hex(new TextEncoder().encode(url))}.json`;
}
