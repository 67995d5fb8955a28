/**
 * Every model of the data folder: packed and compared with its reference, or refused and why. The test
 * beside it holds the bounds; run as a program it writes docs/MODELS.md.
 *
 *   node tests/parity/model_table.js
 */
import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { LiteRtReference } from '../reference/litert_reference.js';
import { OnnxReference } from '../reference/onnx_reference.js';
import { DATA, listPhotos, packInto, runPhotos, runTensors, withTempDir } from './native_minnow.js';
import { compareReals, compareSteps, randomTensors, splitOutputs } from './tensor_comparison.js';

/** @typedef {import('../reference/litert_page.js').TensorDetails} TensorDetails */
/**
 * @typedef {object} ModelRow
 * @property {string} file relative to the folder of models
 * @property {boolean} runs
 * @property {number} error of floats: the largest, relative to the range; of integers: share not within one step
 * @property {string} figure in words, or the reason of the refusal
 */

export const MODELS = path.join(DATA, 'models');
const RUNS = 2;
const IS_MODEL = /\.(tflite|onnx|net|bin)$|model\.json$/;
/** Tensors of another file's model. */
const IS_PART = /mobilenet_v2_035_tfjs\/weights\.bin$/;
/** On noise its outputs are next to 0, and so is the range that errors are measured by. */
const PHOTOS_ONLY = /selfie_segmentation/;
/**
 * Compared elsewhere: int16_operators_test.js (golden files), integer_lstm_test.js (LiteRT.js refuses the file),
 * deep_compression_test.js (photos, its graph written as ONNX).
 */
const TESTED_ELSEWHERE = [
  { files: /^seanet_int16\//, figure: 'exact: golden file' },
  { files: /squeezenet_deep_compression/, figure: 'logits of photos within 1e-4 of the range (ONNX Runtime)' },
  { files: /keras_lstm_mnist_ptq/, figure: 'reads ten of ten drawn digits; LiteRT.js does not load it' },
];

/** @returns {string[]} the folder's models */
export function listModels() {
  const files = readdirSync(MODELS, { recursive: true, encoding: 'utf8' });
  return files.filter((file) => IS_MODEL.test(file) && !IS_PART.test(file)).sort();
}

/** @returns {Promise<ModelRow[]>} */
export async function measureModels() {
  const litert = await LiteRtReference.open();
  try {
    const rows = [];
    for (const file of listModels()) rows.push(await measureModel(file, litert));
    return rows;
  } finally {
    await litert.close();
  }
}

/**
 * @param {string} file
 * @param {LiteRtReference} litert
 * @returns {Promise<ModelRow>}
 */
async function measureModel(file, litert) {
  return withTempDir(async (dir) => {
    const folder = path.join(dir, 'package');
    const refusal = await packInto(path.join(MODELS, file), folder).then(
      () => undefined,
      (/** @type {Error & {stderr?: string}} */ error) => (error.stderr ?? String(error)).trim(),
    );
    if (refusal !== undefined) return { file, runs: false, error: 0, figure: shorten(refusal) };
    const elsewhere = TESTED_ELSEWHERE.find(({ files }) => files.test(file));
    if (elsewhere) return { file, runs: true, error: 0, figure: elsewhere.figure };
    return { file, runs: true, ...(await compareWithReference(file, folder, litert)) };
  });
}

/** @param {string} text of the tool @returns {string} how it begins, without status and file name */
function shorten(text) {
  return text.replace(/^minnow[^:]*: /, '').replace(/^[A-Z_]+: [^:]+: /, '').replace(/\s+/g, ' ').slice(0, 200);
}

/**
 * @param {string} file
 * @param {string} folder of the package
 * @param {LiteRtReference} litert
 * @returns {Promise<{ error: number, figure: string }>}
 */
async function compareWithReference(file, folder, litert) {
  const model = path.join(MODELS, file);
  const onnx = file.endsWith('.onnx') ? await OnnxReference.open(model) : undefined;
  try {
    const loaded = onnx ?? (await litert.load(model));
    const data = PHOTOS_ONLY.test(file)
      ? (await runPhotos(folder, listPhotos().slice(0, RUNS))).inputs
      : Buffer.concat(randomTensors(loaded.inputs, RUNS));
    const wanted = await (onnx ?? litert).run(data, RUNS);
    return describe(wanted, await runTensors(folder, data), loaded.outputs, onnx ? 'ONNX Runtime' : 'LiteRT.js');
  } finally {
    await onnx?.close();
  }
}

/**
 * @param {Uint8Array} wanted
 * @param {Uint8Array} found
 * @param {TensorDetails[]} outputs
 * @param {string} reference
 */
function describe(wanted, found, outputs, reference) {
  const [expected, actual] = [wanted, found].map((bytes) => splitOutputs(bytes, outputs, RUNS));
  if (Buffer.compare(wanted, found) === 0) return { error: 0, figure: `the same bytes as ${reference}` };
  const errors = outputs.map(({ dtype }, i) =>
    dtype === 'float32' ? compareReals(expected[i], actual[i]).error : 1 - compareSteps(expected[i], actual[i]).withinOneStep,
  );
  const error = Math.max(...errors);
  const isReal = outputs.every(({ dtype }) => dtype === 'float32');
  const figure = isReal
    ? `largest error ${error.toExponential(0)} of the range (${reference})`
    : `${((1 - error) * 100).toFixed(2)} % within one step (${reference})`;
  return { error, figure };
}

/** @param {ModelRow[]} rows @returns {string} "109 of 113 models run (96 %)" */
export function summary(rows) {
  const running = rows.filter(({ runs }) => runs).length;
  return `${running} of ${rows.length} models run (${Math.floor((100 * running) / rows.length)} %)`;
}

/** @param {ModelRow[]} rows @returns {string} docs/MODELS.md */
export function renderModels(rows) {
  const isOperator = (/** @type {ModelRow} */ { file, runs }) => runs && file.startsWith('seanet_int16/');
  const operators = rows.filter(isOperator);
  const folded = { file: `seanet_int16: ${operators.length} operators`, runs: true, error: 0, figure: 'exact: golden files' };
  const shown = [...rows.filter((row) => !isOperator(row)), ...(operators.length > 0 ? [folded] : [])];
  const lines = shown.map(({ file, runs, figure }) => `| ${file} | ${runs ? 'runs' : 'refused'} | ${figure.replaceAll('|', '/')} |`);
  return `# Models

Generated by \`node tests/parity/model_table.js\` from the models of the test data; \`tests/parity/model_table_test.js\` holds it to
them. ${summary(rows)}. Inputs are noise, but for selfie segmentation (photos).

| model | | against its reference |
| --- | --- | --- |
${lines.join('\n')}
`;
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const rows = await measureModels();
  await writeFile(fileURLToPath(new URL('../../docs/MODELS.md', import.meta.url)), renderModels(rows));
  console.log(summary(rows));
}
