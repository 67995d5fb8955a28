/** Reads the manifest of a split package and those of its parts, and checks that they fit together. */
import { Checker } from '../base/checker.js';
import { readManifest } from '../manifest/manifest.js';

/** @typedef {import('../base/types.js').Manifest} Manifest */
/** @typedef {import('../base/types.js').PackageFile} PackageFile */
/** @typedef {import('../base/types.js').TensorSpec} TensorSpec */

/** Where a tensor comes from: an output of an earlier part; without `part`, an input of the whole. @typedef {{ part?: number, index: number }} TensorSource */

/**
 * @typedef {object} ChainPart
 * @property {string} folder
 * @property {PackageFile} manifest its file, with the folder in its name
 * @property {readonly TensorSource[]} inputs
 */

/**
 * @typedef {object} ChainManifest
 * @property {Omit<Manifest, 'shards'>} whole
 * @property {readonly ChainPart[]} parts in the order they run
 * @property {readonly TensorSource[]} results of each output of the whole
 */

const MAX_PARTS = 64;
const MAX_TENSORS = 255;
const FOLDER = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/;

/**
 * @param {string | object} source the file's text, or what it parses to
 * @param {string} [url] for messages
 * @returns {Promise<ChainManifest>}
 * @throws {import('../base/errors.js').MinnowError} BAD_MANIFEST, with `field`; UNSUPPORTED_VERSION
 */
export async function readChainManifest(source, url) {
  const check = new Checker(url);
  const { parts, results, ...root } = check.object(typeof source === 'string' ? check.json(source) : source, '');
  if (parts === undefined && root.shards !== undefined) {
    check.fail('parts', 'there: this package is whole, which Model and the classes of the tasks load');
  }
  const entries = check.list(parts, 'parts', MAX_PARTS, 2).map((part, i) => check.object(part, `parts[${i}]`));
  // In all else it is an ordinary manifest, with the parts' manifests for files.
  const { shards, ...whole } = await readManifest({ ...root, shards: entries.map(({ manifest }) => manifest) }, url);
  const { inputs, outputs } = whole;
  /** @param {unknown} list @param {string} field @param {number} before */
  const sources = (list, field, before) =>
    check.list(list, field, MAX_TENSORS).map((item, i) => readSource(check, item, `${field}[${i}]`, before, inputs.length));
  const read = {
    whole,
    parts: entries.map(({ folder, inputs: list }, i) => {
      const name = check.matching(folder, `parts[${i}].folder`, FOLDER, 'a plain name');
      const manifest = { ...shards[i], file: `${name}/${shards[i].file}` };
      return { folder: name, manifest, inputs: sources(list, `parts[${i}].inputs`, i) };
    }),
    results: sources(results, 'results', entries.length),
  };
  if (read.results.length !== outputs.length) check.fail('results', 'as long as the list of outputs');
  const [first, ...others] = [...read.parts.map((part) => part.inputs), read.results];
  if (whole.task === 'image-classification' && (first.length !== 1 || others.flat().some(({ part }) => part === undefined))) {
    check.fail('parts', 'such that the first one takes the picture and nothing else does');
  }
  return read;
}

/**
 * @param {Checker} check @param {unknown} value @param {string} field
 * @param {number} before parts that have run by then
 * @param {number} inputCount
 * @returns {TensorSource}
 */
function readSource(check, value, field, before, inputCount) {
  const { input, part, output } = check.object(value, field);
  if (input !== undefined || before === 0) return { index: check.integer(input, `${field}.input`, 0, inputCount - 1) };
  return { part: check.integer(part, `${field}.part`, 0, before - 1), index: check.integer(output, `${field}.output`, 0, MAX_TENSORS - 1) };
}

/**
 * Fails where a part, or the whole's output, does not take what it is given.
 * @param {ChainManifest} chain
 * @param {readonly Manifest[]} manifests of the parts
 * @param {string} [url] for messages
 * @throws {import('../base/errors.js').MinnowError} BAD_MANIFEST
 */
export function checkFlow({ whole, parts, results }, manifests, url) {
  const check = new Checker(url);
  /** @param {TensorSource} source @returns {TensorSpec | undefined} */
  const given = ({ part, index }) => (part === undefined ? whole.inputs : manifests[part].outputs)[index];
  /** @param {TensorSpec | undefined} spec */
  const describe = (spec) => spec && `${spec.dtype}[${spec.shape}] ${spec.quantization?.scale} ${spec.quantization?.zeroPoint}`;
  /** @param {readonly TensorSource[]} sources @param {readonly TensorSpec[]} wanted @param {string} field */
  const compare = (sources, wanted, field) => {
    if (sources.length !== wanted.length || sources.some((s, i) => describe(given(s)) !== describe(wanted[i]))) {
      check.fail(field, 'what the parts in front of it give');
    }
  };
  parts.forEach(({ inputs }, i) => compare(inputs, manifests[i].inputs, `parts[${i}].inputs`));
  compare(results, whole.outputs, 'results');
  if (whole.task === 'image-classification' && !manifests[0].inputs[0].image) {
    check.fail('parts[0]', 'a part that takes pictures');
  }
}
