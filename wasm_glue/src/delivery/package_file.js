/**
 * One verified file of a package from the network, in the encoding that costs the fewest bytes here.
 *
 * A file is known by its length and SHA-256, not by its name: a server may decompress `.br` files by itself
 * (Content-Encoding), or have no `.br` at all, and both are fine.
 */
import { canDecompress, decompress } from './decompress.js';
import { MinnowError } from '../base/errors.js';
import { download, turnToNext } from './download.js';
import { sha256Hex } from './sha256.js';

/** @typedef {import('../base/types.js').PackageFile} PackageFile */
/** @typedef {import('./decompress.js').Encoding} Encoding */

/** @type {Record<Encoding, string>} */
const SUFFIXES = { br: '.br', gzip: '.gz' };

/** Huffman-coded weights hardly shrink any more; a saving below 1 % is not worth another name to ask for. */
const WORTHWHILE = 0.99;

/** A server's answer of an encoded file may carry a little more than was expected; a bomb may not. */
const SLACK_BYTES = 1024;

/**
 * @typedef {object} PackageFileOptions
 * @property {(bytes: number) => void} [onBytes] gets an estimate of the plain bytes so far
 * @property {Set<Encoding>} [absent] shared by the files of a package: encodings the hosts were found not to have
 * @property {string[]} places addresses of the package's manifest; see download()
 * @property {import('../base/types.js').FileHalf} [half] what an earlier load got
 * @property {(half?: import('../base/types.js').FileHalf) => void} [onHalf] gets what came of a file when it is about half of
 *   it, and nothing where that was found to be damaged
 */

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {PackageFile} file
 * @returns {Promise<boolean>} whether these are the file's plain bytes
 */
export async function isIntact(bytes, file) {
  return bytes.length === file.bytes && (await sha256Hex(bytes)) === file.sha256;
}

/**
 * @param {PackageFile} file
 * @param {import('./http.js').HttpOptions & PackageFileOptions} options
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function fetchPackageFile(file, options) {
  for (const encoding of usefulEncodings(file, options.places[0])) {
    if (options.absent?.has(encoding)) continue;
    const plain = await fetchEncoded(file, encoding, options);
    if (plain) return plain;
  }
  const { places } = options;
  const url = new URL(file.file, places[0]).href;
  const request = { ...options, maxBytes: file.bytes, usualBytes: file.bytes };
  // A damaged copy may sit in the HTTP cache: the second time it is passed by, and each place has its turn.
  for (let tried = 0; tried <= places.length; tried++) {
    const plain = await fetchIntact(file.file, file, 'gzip', tried ? { ...request, cache: 'reload', half: undefined } : request);
    if (plain) return plain;
    if (tried) turnToNext(places);
  }
  throw damaged(file.file, url);
}

/** @param {string} name @param {string} [url] */
function damaged(name, url) {
  return new MinnowError(
    'INTEGRITY',
    `${url ?? name} is not the file the manifest describes (length or SHA-256 differ): it was damaged on the ` +
      'way, or belongs to another version. Upload the whole package folder again',
    { url, file: name },
  );
}

/**
 * A package's file that the page has.
 * @param {PackageFile} file
 * @param {(file: string) => Promise<BufferSource | undefined>} readFile
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function readVerified(file, readFile) {
  const source = await readFile(file.file);
  if (!source) {
    const message = `The package's shards have no "${file.file}": give every file the manifest names`;
    throw new MinnowError('INTEGRITY', message, { file: file.file });
  }
  const bytes = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice()
    : new Uint8Array(source);
  if (!(await isIntact(bytes, file))) throw damaged(file.file);
  return bytes;
}

/**
 * Encodings that this browser decodes and that pay, best first. Files of an app are not asked for encoded: it is packed as
 * a whole, and for a missing file its own schemes may give no answer at all.
 * @param {PackageFile} file
 * @param {string} place
 */
function usefulEncodings({ encodings, bytes }, place) {
  if (!/^https?:/.test(place)) return [];
  return /** @type {Encoding[]} */ (['br', 'gzip'])
    .filter((encoding) => (encodings[encoding] ?? Infinity) < WORTHWHILE * bytes && canDecompress(encoding))
    .sort((a, b) => (encodings[a] ?? 0) - (encodings[b] ?? 0));
}

/**
 * The plain bytes, or nothing where the encoded file is missing or unusable.
 * @param {PackageFile} file
 * @param {Encoding} encoding
 * @param {import('./http.js').HttpOptions & PackageFileOptions} options
 * @returns {Promise<Uint8Array<ArrayBuffer> | undefined>}
 */
async function fetchEncoded(file, encoding, options) {
  const encodedBytes = file.encodings[encoding] ?? file.bytes;
  const maxBytes = Math.max(file.bytes, encodedBytes) + SLACK_BYTES;
  /** @param {number} bytes */
  const onBytes = (bytes) => options.onBytes?.(Math.floor((bytes * file.bytes) / encodedBytes));
  try {
    return await fetchIntact(file.file + SUFFIXES[encoding], file, encoding, { ...options, maxBytes, usualBytes: encodedBytes, onBytes });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    // Without any answer the plain file would get none either; anything else may concern this file alone.
    if (error instanceof MinnowError && error.code === 'NETWORK') throw error;
    if (error instanceof MinnowError && error.code === 'HTTP') options.absent?.add(encoding);
    return undefined;
  }
}

/**
 * The plain bytes of what is there under a name, or nothing where that is not the file.
 * @param {string} name
 * @param {PackageFile} file
 * @param {Encoding} encoding
 * @param {import('./http.js').HttpOptions & import('./download.js').DownloadOptions & PackageFileOptions} options
 * @returns {Promise<Uint8Array<ArrayBuffer> | undefined>}
 */
async function fetchIntact(name, file, encoding, options) {
  try {
    const plain = await plainOf(await download(name, options.places, options), file, encoding);
    if (plain) return plain;
  } catch (error) {
    if (!(error instanceof MinnowError) || error.code !== 'INTEGRITY') throw error;
  }
  options.onHalf?.();
  return undefined;
}

/**
 * What came, if it is the file: as it is, or encoded once more than the server said.
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {PackageFile} file
 * @param {Encoding} encoding
 * @returns {Promise<Uint8Array<ArrayBuffer> | undefined>}
 */
async function plainOf(bytes, file, encoding) {
  if (await isIntact(bytes, file)) return bytes;
  const plain = await decompress(bytes, encoding, file.bytes).catch(() => undefined);
  return plain && (await isIntact(plain, file)) ? plain : undefined;
}
