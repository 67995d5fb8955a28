/** MINNOW_OPS: a build of the runtime with the operators that are needed, and no others. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { usableVariants } from '../../wasm_glue/src/page/features.js';
import { importNodeModule, missing, packModel, root, wasmFolder } from './native_tool.js';

const MOBILENET_V2 = 'coral/tf2_mobilenet_v2_1.0_224_ptq.tflite';
const KEYWORDS = 'mlperf_tiny/kws_ref_model.tflite';
/** Stays there, so that only what changed is built again. */
const BUILD = path.join(root, 'build/op_selection');
const MODULE = 'minnow-simd128.wasm';

describe('the table of a build’s operators', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'minnow_ops_'));
  after(() => rmSync(folder, { recursive: true }));

  /** @param {string} selection @param {...string} options */
  const select = (selection, ...options) => {
    const args = [`-DMINNOW_OPS=${selection}`, ...options, '-P', path.join(root, 'tools/op_selection.cmake')];
    const { status, stdout, stderr } = spawnSync('cmake', args, { cwd: folder, encoding: 'utf8' });
    return { ok: status === 0, says: (stdout + stderr).replace(/\s+/g, ' ') };
  };
  const rowsOf = (/** @type {string} */ file) => readFileSync(file, 'utf8').match(/^MNW_OP.*$/gm) ?? [];

  test('has the named ones as they are, and each other one as left out', () => {
    assert.match(select('ADD;CONV_2D').says, /Operators: ADD CONV_2D; \d+ left out/);
    const all = rowsOf(path.join(root, 'core/ops/op_table.inc'));
    const expected = all.map((row) => (/\((1, CONV_2D|4, ADD),/.test(row) ? row : row.replace(/^MNW_OP(\(\d+, \w+).*$/, 'MNW_OP_LEFT_OUT$1)')));
    assert.ok(all.length > 30);
    assert.deepEqual(rowsOf(path.join(folder, 'generated/op_selection.inc')), expected);
  });

  test('is refused with a name that is none, with none, and without packages or the tool', () => {
    for (const [selection, complaint] of /** @type {const} */ ([
      ['ADD;CONV_3D', /MINNOW_OPS names CONV_3D, which is no operator\. There are: CONV_2D/],
      ['', /selects no operator: give all, names, or auto:PACKAGE/],
      ['auto:', /selects no operator/],
    ])) {
      const { ok, says } = select(selection);
      assert.equal(ok, false, selection);
      assert.match(says, complaint);
    }
    const noTool = select('auto:out', '-DMINNOW_TOOL=/nowhere/minnow');
    assert.equal(noTool.ok, false);
    assert.match(noTool.says, /there is none at \/nowhere\/minnow: run tools\/build\.sh native/);
  });

  test('tells why a package cannot be asked', { skip: missing }, () => {
    const { ok, says } = select(`auto:${folder}/absent`);
    assert.equal(ok, false);
    assert.match(says, /absent tells no operators: minnow inspect: /);
  });
});

const cannotBuild = missing ?? (!existsSync(path.join(root, '.toolchain/emscripten.cmake')) && 'no wasm compiler: run tools/setup.sh');
const cannotRun = !(await usableVariants()).includes('simd128') && 'this Node has no simd128';

describe('a build with the operators of MobileNetV2 only', { skip: cannotBuild || cannotRun }, () => {
  const built = path.join(BUILD, 'wasm_glue', MODULE);
  const wasmUrl = pathToFileURL(path.join(BUILD, 'wasm_glue/')).href;
  let mobilenet = '';

  before(() => {
    mobilenet = packModel(MOBILENET_V2);
    const options = ['--preset', 'wasm-simd128', '-B', BUILD, `-DMINNOW_OPS=auto:${mobilenet}`, '-DMINNOW_BUILD_TESTS=OFF'];
    execFileSync('cmake', options, { cwd: root, stdio: 'pipe' });
    execFileSync('cmake', ['--build', BUILD, '--target', 'minnow_wasm'], { cwd: root, stdio: 'pipe' });
  });

  test('is smaller by a third at least', (t) => {
    const [part, whole] = [built, path.join(wasmFolder, MODULE)].map((file) => readFileSync(file));
    const [partBytes, wholeBytes] = [part, whole].map((module) => brotliCompressSync(module).length);
    t.diagnostic(`${MODULE}: ${part.length} of ${whole.length} bytes, after brotli ${partBytes} of ${wholeBytes}`);
    assert.ok(partBytes < (2 / 3) * wholeBytes);
  });

  test('gives the same answer', async () => {
    const { Model } = await importNodeModule();
    const outputs = [];
    for (const options of [{}, { wasmUrl }]) {
      const model = await Model.create(mobilenet, { variant: 'simd128', ...options });
      const { shape } = model.info.inputs[0];
      const input = Uint8Array.from({ length: shape.reduce((product, dim) => product * dim, 1) }, (_, i) => (i * i) % 251);
      outputs.push((await model.run(input))[0].data);
    }
    assert.ok(new Set([...outputs[0]].map(String)).size > 2, 'the output says something');
    assert.deepEqual(outputs[1], outputs[0]);
  });

  test('refuses a model that needs others, by their name', async () => {
    const { Model } = await importNodeModule();
    await assert.rejects(Model.create(packModel(KEYWORDS), { variant: 'simd128', wasmUrl }), (/** @type {any} */ error) => {
      assert.equal(error.code, 'UNSUPPORTED_OPERATOR');
      assert.match(error.message, /this build leaves out AVERAGE_POOL_2D \(operator \d+\): rebuild with it in MINNOW_OPS/);
      return true;
    });
  });
});
