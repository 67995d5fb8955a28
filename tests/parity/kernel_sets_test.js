/** Every native kernel set gives the same bytes for whole models; tests/js does the same for the WebAssembly variants. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { KERNEL_SETS, missingNative, packOnce, runTensors } from './native_minnow.js';
import { firstRuns, PARITY_DATA, PARITY_MODELS, randomInputs, realInputs } from './parity_models.js';

/** @typedef {import('./parity_models.js').Batch} Batch */

/** Of the fast kernels; the comparison with LiteRT.js runs all inputs. */
const MIN_RUNS = 16;

describe('whole models with each kernel set', { skip: missingNative(...PARITY_DATA) }, () => {
  for (const model of PARITY_MODELS) {
    describe(model.name, () => {
      let folder = '';
      /** @type {Batch} */
      let batch;
      /** @type {Buffer} */
      let expected;

      before(async () => {
        folder = await packOnce(model.file);
        const { inputs } = JSON.parse(await readFile(path.join(folder, 'manifest.json'), 'utf8'));
        const inputBytes = inputs[0].shape.reduce((/** @type {number} */ a, /** @type {number} */ b) => a * b);
        const random = randomInputs(inputBytes);
        const runs = Math.max(model.scalarRuns, MIN_RUNS);
        const real = (await realInputs(model, folder, runs - 1)) ?? random;
        // Random bytes saturate where real inputs do not: the first run is one of them.
        const data = Buffer.concat([random.data.subarray(0, inputBytes), real.data]);
        batch = { ...real, data, count: real.count + 1 };
        expected = await runTensors(folder, batch.data);
      });

      for (const kernels of KERNEL_SETS) {
        test(kernels, async () => {
          const { data, count } = kernels === 'scalar' ? firstRuns(batch, model.scalarRuns) : batch;
          const wanted = expected.subarray(0, (expected.length / batch.count) * count);
          const actual = await runTensors(folder, data, kernels);
          assert.equal(actual.length, wanted.length);
          const at = actual.findIndex((value, i) => value !== wanted[i]);
          assert.equal(at, -1, `byte ${at} of the outputs is ${actual[at]}, the default kernels gave ${wanted[at]}`);
        });
      }
    });
  }
});
