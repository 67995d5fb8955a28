/**
 * Brings the files of a split package in, part by part: from the device, else from the network, verified.
 * The package is kept as one: its manifest is stored once all files of all parts are.
 */
import { checkFlow, readChainManifest } from './chain_manifest.js';
import { LenientStorage } from '../storage/lenient_storage.js';
import { PackageLoader, filesOf } from '../delivery/loader.js';
import { readManifest } from '../manifest/manifest.js';
import { ManifestSource } from '../delivery/manifest_source.js';
import { loadDelivery } from '../base/script_modules.js';

/** @typedef {import('../base/types.js').Manifest} Manifest */
/** @typedef {import('../base/types.js').PackageFile} PackageFile */
/** @typedef {import('./chain_manifest.js').ChainManifest} ChainManifest */

/** A part as Model takes it. @typedef {{ manifest: string, shards: Map<string, Uint8Array<ArrayBuffer>> }} PartBytes */

/** @typedef {{ chain: ChainManifest, texts: string[], manifests: Manifest[] }} Manifests texts: of the parts' */

/**
 * @typedef {object} ChainFilesOptions
 * @property {string} [url] of the whole's manifest
 * @property {string | object} [manifest] of a package in memory
 * @property {(file: string) => Promise<BufferSource>} [readFile] of a package in memory
 * @property {import('../base/types.js').PackageStorage} [storage]
 * @property {import('../base/progress.js').ProgressReporter} progress
 * @property {typeof fetch} [fetch]
 * @property {readonly string[]} [mirrors] addresses of the whole's manifest elsewhere
 * @property {number} [stallMs]
 * @property {import('../base/types.js').Trust} [trust]
 * @property {string} [signature] of a package in memory
 */

export class ChainFiles {
  #options;
  #url;
  #storage;
  /** Of a package that has an address. @type {ManifestSource | undefined} */
  #source;
  #isKept = false;
  /** @type {Manifests | undefined} */
  #read;
  /** SHA-256 of files that are not known to be on the device. @type {Set<string>} */
  #missing = new Set();
  isFromCache = true;

  /** @param {ChainFilesOptions} options */
  constructor(options) {
    this.#options = options;
    this.#url = options.url ?? '';
    this.#storage = new LenientStorage(options.url ? options.storage : undefined, this.#url);
  }

  /**
   * Reads the manifests; to be called once, first.
   * @param {AbortSignal} signal
   */
  async open(signal) {
    const chain = await this.#readWhole(signal);
    /** @type {string[]} */
    const texts = [];
    for await (const bytes of this.#load(chain.parts.map(({ manifest }) => manifest), signal)) {
      texts.push(new TextDecoder().decode(bytes));
    }
    const manifests = await Promise.all(texts.map((text, i) => readManifest(text, this.#url && new URL(chain.parts[i].manifest.file, this.#url).href)));
    checkFlow(chain, manifests, this.#url);
    this.#read = { chain, texts, manifests };
    if (this.#source?.isFresh) this.#missing = new Set(this.files.map(({ sha256 }) => sha256));
    this.#options.progress.expect(this.files);
    return { chain, manifests };
  }

  /** All files but the manifests, with their folders. @returns {PackageFile[]} */
  get files() {
    const { whole, parts } = this.#opened.chain;
    return [...parts.flatMap((_, i) => this.#filesOfPart(i)), ...filesOf({ ...whole, shards: [] })];
  }

  /** @param {AbortSignal} signal @returns {Promise<string>} */
  async labels(signal) {
    const { labels } = this.#opened.chain.whole;
    let text = '';
    for await (const bytes of this.#load(labels ? [labels] : [], signal)) text = new TextDecoder().decode(bytes);
    return text;
  }

  /**
   * A part's files, verified.
   * @param {number} part
   * @param {AbortSignal} signal
   * @returns {Promise<PartBytes>}
   */
  async part(part, signal) {
    const { manifests, texts } = this.#opened;
    const names = manifests[part].shards.map(({ file }) => file);
    /** @type {PartBytes['shards']} */
    const shards = new Map();
    for await (const bytes of this.#load(this.#filesOfPart(part), signal)) shards.set(names[shards.size], bytes);
    await this.#commit();
    return { manifest: texts[part], shards };
  }

  /** Brings all that is missing onto the device, if there is a storage, a file at a time. @param {AbortSignal} signal */
  async keepAll(signal) {
    const missing = this.files.filter(({ sha256 }) => this.#missing.has(sha256));
    if (this.#storage.isWorking) for await (const _ of this.#load(missing, signal));
    await this.#commit();
  }

  get #opened() {
    return /** @type {Manifests} */ (this.#read);
  }

  /** @param {AbortSignal} signal @returns {Promise<ChainManifest>} */
  async #readWhole(signal) {
    const { manifest, mirrors = [], signature, trust } = this.#options;
    if (manifest) {
      this.isFromCache = false;
      if (trust) await (await loadDelivery()).checkTrust({ url: 'The manifest', text: manifest, signature, trust });
      return readChainManifest(manifest);
    }
    this.#source = new ManifestSource(this.#url, this.#storage, { ...this.#options, signal, places: [this.#url, ...mirrors] });
    const stored = await this.#source.kept();
    try {
      if (stored) return await readChainManifest(stored.manifest, this.#url);
    } catch {
      // Written by another version of Minnow, or damaged: the server's is right.
    }
    this.isFromCache = false;
    return this.#source.fetch((text) => readChainManifest(text, this.#url));
  }

  /** @param {number} part @returns {PackageFile[]} */
  #filesOfPart(part) {
    const { chain, manifests } = this.#opened;
    return manifests[part].shards.map((file) => ({ ...file, file: `${chain.parts[part].folder}/${file.file}` }));
  }

  /** @param {readonly PackageFile[]} files @param {AbortSignal} signal */
  async *#load(files, signal) {
    const loader = new PackageLoader(this.#url || undefined, { ...this.#options, signal });
    let index = 0;
    for await (const bytes of loader.loadFiles(files)) {
      this.#missing.delete(files[index++].sha256);
      yield bytes;
    }
    await loader.settled();
    this.isFromCache &&= loader.isFromCache;
  }

  /** Keeps the manifest as the mark of a complete package, once it is one. */
  async #commit() {
    if (this.#isKept || !this.#source?.isFresh || this.#missing.size > 0) return;
    this.#isKept = true;
    const { whole, parts } = this.#opened.chain;
    await this.#source.keep(whole.name, this.files, parts.map(({ manifest }) => manifest));
  }
}
