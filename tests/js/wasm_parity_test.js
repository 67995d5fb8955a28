import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { usableVariants } from '../../wasm_glue/src/page/features.js';
import { dataFile, importNodeModule, missing, packModel, runNatively, wasmFolder } from './native_tool.js';

/** A model, the inputs it is given, and the folder of recorded ones where there are some. */
const models = [
  { file: 'coral/tf2_mobilenet_v2_1.0_224_ptq.tflite', runs: 2 },
  { file: 'coral/mobilenet_v2_1.0_224_quant.tflite', runs: 2 },
  { file: 'coral/mobilenet_v1_0.25_128_quant.tflite', runs: 4 },
  { file: 'mlperf_tiny/pretrainedResnet_quant.tflite', runs: 8 },
  { file: 'mlperf_tiny/pretrainedResnet_large_int8.tflite', runs: 4 },
  { file: 'mlperf_tiny/vww_96_int8.tflite', runs: 8 },
  { file: 'mlperf_tiny/str_ww_ref_model.tflite', runs: 8 },
  { file: 'person_detection/person_detect.tflite', runs: 8 },
  { file: 'mlperf_tiny/ad01_int8.tflite', runs: 8 },
  { file: 'mlperf_tiny/kws_ref_model.tflite', runs: 50, recorded: 'mlperf_tiny/kws01' },
];

describe('native and wasm give the same bytes', { skip: missing }, async () => {
  const usable = await usableVariants();
  for (const { file, runs, recorded } of models) {
    for (const variant of /** @type {const} */ (['scalar', 'simd128', 'relaxed'])) {
      const isBuilt = existsSync(path.join(wasmFolder, `minnow-${variant}.wasm`));
      const skip = !usable.includes(variant) ? `this Node has no ${variant}` : !isBuilt && `minnow-${variant}.wasm is not built`;
      test(`${path.basename(file)}, ${variant}`, { skip }, async () => {
        const folder = packModel(file);
        const { Model } = await importNodeModule();
        const model = await Model.create(folder, { variant });
        assert.equal(model.variant, variant);
        const elements = model.info.inputs[0].shape.reduce((product, dim) => product * dim, 1);
        const inputs = recorded ? recordedInputs(recorded, runs) : madeUpInputs(elements, runs);
        const outputs = [];
        for (const bytes of inputs) {
          const isSigned = model.info.inputs[0].dtype === 'int8';
          const view = new Uint8Array(bytes);
          const [{ data }] = await model.run(isSigned ? new Int8Array(view.buffer) : view);
          outputs.push(Buffer.from(data.buffer));
        }
        const work = mkdtempSync(path.join(tmpdir(), 'minnow_parity_'));
        try {
          writeFileSync(path.join(work, 'input.bin'), Buffer.concat(inputs));
          const native = runNatively(folder, path.join(work, 'input.bin'));
          assert.ok(native.equals(Buffer.concat(outputs)), 'every byte of every run');
          assert.ok(new Set(native).size > 2, 'the outputs say something');
        } finally {
          rmSync(work, { recursive: true });
        }
      });
    }
  }
});

/** Smooth at first, then noise: large and small sums. @param {number} elements @param {number} count */
function madeUpInputs(elements, count) {
  return Array.from({ length: count }, (_, run) => {
    let state = 12345 + run;
    return Buffer.from(
      Uint8Array.from({ length: elements }, (_, i) => {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0;
        return run === 0 ? (i * 255) / elements : run === 1 ? state >>> 24 : ((i >> (run + 2)) * 37 + (state >>> 27)) & 255;
      }),
    );
  });
}

/** @param {string} relative @param {number} count */
function recordedInputs(relative, count) {
  const folder = dataFile(relative);
  const names = readdirSync(folder).filter((name) => name.endsWith('.bin'));
  return names.slice(0, count).map((name) => readFileSync(path.join(folder, name)));
}
