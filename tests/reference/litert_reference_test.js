/** The reference itself: LiteRT.js gives sensible answers for int8, uint8 and float32 models. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { missingEngine } from '../e2e/engines/browser_engine.js';
import { LiteRtReference } from './litert_reference.js';

const DATA = fileURLToPath(new URL('../../../shared/data', import.meta.url));
const KEYWORDS = path.join(DATA, 'mlperf_tiny/kws01');
const skip = missingEngine('chromium') ?? (existsSync(KEYWORDS) ? false : `no test data in ${DATA}`);

describe('LiteRT.js reference', { skip }, () => {
  /** @type {LiteRtReference} */
  let reference;
  before(async () => {
    reference = await LiteRtReference.open();
  });
  after(() => reference?.close());

  test('recognises keywords with an int8 model', async () => {
    const rows = readFileSync(path.join(KEYWORDS, 'y_labels.csv'), 'utf8').trim().split('\n').slice(0, 100);
    const samples = rows.map((row) => row.split(',').map((field) => field.trim()));
    const { inputs, outputs } = await reference.load(path.join(DATA, 'models/mlperf_tiny/kws_ref_model.tflite'));
    assert.deepEqual([inputs[0].dtype, inputs[0].shape, outputs[0].shape], ['int8', [1, 49, 10, 1], [1, 12]]);
    const features = Buffer.concat(samples.map(([file]) => readFileSync(path.join(KEYWORDS, file))));
    const scores = new Int8Array(await reference.run(features, samples.length));
    const right = samples.filter(([, , label], index) => {
      const row = scores.subarray(12 * index, 12 * index + 12);
      return row.indexOf(Math.max(...row)) === Number(label);
    });
    assert.ok(right.length >= 80, `${right.length} of ${samples.length} right`);
  });

  test('runs models with uint8, with an open batch and with misplaced quantized dimensions', async () => {
    for (const [file, inputBytes, outputBytes] of /** @type {const} */ ([
      ['coral/mobilenet_v1_0.25_128_quant', 128 * 128 * 3, 1001],
      ['mlperf_tiny/pretrainedResnet_large_int8', 32 * 32 * 3, 10],
      ['person_detection/person_detect', 96 * 96, 2],
      ['mlperf_tiny/ad01_fp32', 640 * 4, 640 * 4],
    ])) {
      const { inputs } = await reference.load(path.join(DATA, `models/${file}.tflite`));
      assert.equal(inputs[0].sizeBytes, inputBytes);
      const outputs = await reference.run(new Uint8Array(2 * inputBytes), 2);
      assert.equal(outputs.length, 2 * outputBytes);
      assert.deepEqual(outputs.subarray(0, outputBytes), outputs.subarray(outputBytes));
      assert.ok(new Set(outputs).size > 1, `${file} answers a constant`);
    }
    await assert.rejects(reference.run(new Uint8Array(3), 1), /take 2560 bytes of input, not 3/);
  });
});
