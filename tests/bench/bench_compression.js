// Packs models with and without --calibrate and judges them on samples that calibration never sees; writes the table of
// docs/COMPRESSION.md. usage: bench_compression.js [ROW…] [-- OPTION…]   (default: all rows; the data folder is MINNOW_DATA)
// Options go to `minnow pack` behind the row's own, as in "KWS -- --prune 30%"; a --target-size or --max-drop among them replaces
// the row's. Then the table is printed only.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const data = process.env.MINNOW_DATA ?? resolve(root, '../shared/data');
const tool = join(root, 'build/native/minnow');
const page = join(root, 'docs/COMPRESSION.md');
const marks = ['<!-- table -->\n', '<!-- end -->'];
const given = process.argv.slice(2);
const wanted = given.includes('--') ? given.slice(0, given.indexOf('--')) : given;
const extra = given.slice(wanted.length + 1);
const searches = extra.some((option) => option === '--target-size' || option === '--max-drop');
const work = mkdtempSync(join(tmpdir(), 'minnow_compression_'));

/** @param {string[]} args @returns {any} */
function minnow(...args) {
  const text = execFileSync(tool, args, { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'pipe'] });
  return text.trim() ? JSON.parse(text) : null;
}

/** @param {string} folder @param {string} ending */
function filesOf(folder, ending) {
  return readdirSync(folder).filter((name) => name.endsWith(ending)).sort().map((name) => join(folder, name));
}

/** Wilson's 95 % interval of a share, in percent. @param {number} count @param {number} total */
function interval(count, total) {
  const z = 1.96, p = count / total, scale = 1 + (z * z) / total;
  const middle = (p + (z * z) / (2 * total)) / scale;
  const half = (z / scale) * Math.sqrt((p * (1 - p)) / total + (z * z) / (4 * total * total));
  return `${((100 * count) / total).toFixed(1)} (${(100 * (middle - half)).toFixed(1)}–${(100 * (middle + half)).toFixed(1)})`;
}

/** Root mean squared error by the range of the reference, in percent, of the model's outputs in a row.
 * @param {Float32Array} got @param {Float32Array} expected @param {number[]} sizes */
function rangeError(got, expected, sizes) {
  const run = sizes.reduce((sum, size) => sum + size, 0);
  let worst = 0, first = 0;
  for (const size of sizes) {
    let squares = 0, low = Infinity, high = -Infinity, count = 0;
    for (let start = first; start < expected.length; start += run) {
      for (let i = start; i < start + size; i++, count++) {
        squares += (got[i] - expected[i]) ** 2;
        low = Math.min(low, expected[i]);
        high = Math.max(high, expected[i]);
      }
    }
    worst = Math.max(worst, (100 * Math.sqrt(squares / count)) / (high - low));
    first += size;
  }
  return worst;
}

/** @param {string} folder @param {string[]} files @param {boolean} isRaw @returns {number[]} best class of each */
function classes(folder, files, isRaw) {
  const results = minnow('run', folder, ...files, '--top', '1', '--json', ...(isRaw ? ['--raw'] : []));
  return results.map((/** @type {any} */ result) => result.top[0].index);
}

/** @param {string} folder @param {string[]} files @returns {Float32Array} */
function outputs(folder, files) {
  const file = join(work, 'output.bin');
  execFileSync(tool, ['run', folder, ...files, '--output', file], { stdio: 'ignore' });
  const bytes = readFileSync(file);
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}

/** The float32 inputs of the keyword model from its int8 features: every fifth to calibrate, the others to judge. */
function keywordFiles() {
  const quantized = minnow('pack', join(data, 'models/mlperf_tiny/kws_ref_model.tflite'), '-o', join(work, 'kws8'), '--json');
  const { scale, zeroPoint } = JSON.parse(readFileSync(join(quantized.folder, 'manifest.json'), 'utf8')).inputs[0].quantization;
  for (const part of ['kws_calibrate', 'kws_judge']) mkdirSync(join(work, part), { recursive: true });
  filesOf(join(data, 'mlperf_tiny/kws01'), '.bin').forEach((path, index) => {
    const values = Float32Array.from(new Int8Array(readFileSync(path)), (value) => scale * (value - zeroPoint));
    const folder = join(work, index % 5 === 0 ? 'kws_calibrate' : 'kws_judge');
    writeFileSync(join(folder, path.slice(path.lastIndexOf('/') + 1)), new Uint8Array(values.buffer));
  });
  return { calibrate: join(work, 'kws_calibrate'), judge: filesOf(join(work, 'kws_judge'), '.bin') };
}

/** @param {string} path @returns {number} */
const classOfKeyword = (path) => Number(path.match(/_(\d+)\.bin$/)?.[1]);

function photoClasses() {
  const wnids = readFileSync(join(data, 'labels/imagenet_wnids.tsv'), 'utf8').trim().split('\n').map((line) => line.split('\t')[0]);
  return (/** @type {string} */ path) => wnids.indexOf(path.slice(path.lastIndexOf('/') + 1).split('_')[0]) + 1;
}

const labels = join(data, 'labels/imagenet_labels.txt');
/** @typedef {{name: string, model: string, options: string[], search: string[], kind: 'photos' | 'keywords' | 'tensors', labelled?: boolean}} Row */
/** @type {Row[]} */
const rows = [
  { name: 'MobileNetV2 1.0 224', model: 'coral/tf2_mobilenet_v2_1.0_224_ptq.tflite', options: ['--labels', labels], search: ['--target-size', '1.66M'], kind: 'photos', labelled: true },
  { name: 'VWW 96', model: 'mlperf_tiny/vww_96_float.tflite', options: ['--image-range', '0,1'], search: ['--max-drop', '1'], kind: 'photos' },
  { name: 'ResNet8', model: 'mlperf_tiny/pretrainedResnet.tflite', options: ['--image-range', '0,255'], search: ['--target-size', '38k'], kind: 'photos' },
  { name: 'KWS', model: 'mlperf_tiny/kws_ref_model_float32.tflite', options: [], search: ['--max-drop', '0.5'], kind: 'keywords', labelled: true },
  { name: 'Face mesh, weights', model: 'mediapipe/face_landmark_f32.tflite', options: ['--image-range', '0,1'], search: ['--activations', 'float32', '--max-drop', '1'], kind: 'tensors' },
  { name: 'Palm, weights', model: 'mediapipe/palm_detection_f32.tflite', options: ['--image-range', '0,1'], search: ['--activations', 'float32', '--max-drop', '1.5'], kind: 'tensors' },
];

/** @param {Row} row @returns {string} a line of the table */
function measure(row) {
  const keywords = row.kind === 'keywords' ? keywordFiles() : null;
  const judge = keywords ? keywords.judge : filesOf(join(data, 'photos/imagenet_eval'), '.JPEG').slice(0, row.kind === 'tensors' ? 60 : 300);
  const model = join(data, 'models', row.model);
  const [plain, small] = ['plain', 'small'].map((name) => join(work, name));
  const before = minnow('pack', model, '-o', plain, ...row.options, '--json');
  const search = [...(searches ? [] : row.search), ...extra];
  const calibrate = ['--calibrate', keywords ? keywords.calibrate : join(data, 'photos/imagenet')];
  const after = minnow('pack', model, '-o', small, ...row.options, ...calibrate, ...search, '--json');
  const cells = [row.name, search.join(' '), before.bytes.br.toLocaleString('en'), after.bytes.br.toLocaleString('en'),
    after.calibration.result.bits.toFixed(2), after.seconds.toFixed(0)];
  if (row.kind === 'tensors') {
    const manifest = JSON.parse(readFileSync(join(plain, 'manifest.json'), 'utf8'));
    const sizes = manifest.outputs.map((/** @type {any} */ output) => output.shape.reduce((/** @type {number} */ a, /** @type {number} */ b) => a * b, 1));
    cells.push('', '', `${rangeError(outputs(small, judge), outputs(plain, judge), sizes).toFixed(2)} % of the range`);
  } else {
    const [expected, got] = [plain, small].map((folder) => classes(folder, judge, row.kind === 'keywords'));
    const classOf = keywords ? classOfKeyword : photoClasses();
    const right = [expected, got].map((found) => found.filter((index, i) => index === classOf(judge[i])).length);
    const same = got.filter((index, i) => index === expected[i]).length;
    cells.push(...right.map((count) => (row.labelled ? interval(count, judge.length) : '')), interval(same, judge.length));
  }
  return `| ${cells.join(' | ')} |`;
}

function main() {
  if (!existsSync(tool) || !existsSync(join(data, 'photos/imagenet_eval'))) {
    console.log(`SKIPPED: ${existsSync(tool) ? data : tool} is missing; build with tools/build.sh native and set MINNOW_DATA`);
    return;
  }
  const chosen = rows.filter((row) => wanted.length === 0 || wanted.includes(row.name));
  const lines = ['| model | searched with | brotli bytes before | after | bits a weight | seconds | top-1 before, % | after | agreement, % |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |'];
  console.log(lines.join('\n'));
  for (const row of chosen) {
    lines.push(measure(row));
    console.log(lines[lines.length - 1]);
  }
  if (given.length > 0) return;
  const text = readFileSync(page, 'utf8');
  const [start, end] = [text.indexOf(marks[0]) + marks[0].length, text.indexOf(marks[1])];
  writeFileSync(page, `${text.slice(0, start)}${lines.join('\n')}\n${text.slice(end)}`);
}

try {
  main();
} finally {
  rmSync(work, { recursive: true, force: true });
}
