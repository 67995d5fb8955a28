/**
 * The native tool's outputs against those of LiteRT.js (XNNPACK in Chromium), on the same input tensors:
 * photos as our front end prepares them, keywords, and random bytes.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { missingEngine } from '../e2e/engines/browser_engine.js';
import { LiteRtReference } from '../reference/litert_reference.js';
import { DATA, missingNative, packOnce, runTensors } from './native_minnow.js';
import { asValues, compareOutputs, describeComparison, topClass } from './output_comparison.js';
import { PARITY_DATA, PARITY_MODELS, randomInputs, readKeywords, realInputs } from './parity_models.js';

/** @typedef {import('./output_comparison.js').Comparison} Comparison */
/** @typedef {import('./output_comparison.js').Values} Values */
/** @typedef {import('./parity_models.js').Batch} Batch */
/** @typedef {{ what: string, batch: Batch, expected: Values, actual: Values, found: Comparison }} Measured */

/** What Minnow promises: of the runs, and of the values. */
const MIN_SAME_TOP = 0.99;
const MIN_WITHIN_ONE_STEP = 0.99;
/** MLPerf Tiny's own bar for the keyword model. */
const MIN_KEYWORD_ACCURACY = 0.9;

const skip = missingEngine('chromium') ?? missingNative(...PARITY_DATA);

describe('native outputs against LiteRT.js', { skip }, () => {
  /** @type {LiteRtReference} */
  let reference;
  before(async () => {
    reference = await LiteRtReference.open();
  });
  after(() => reference?.close());

  for (const model of PARITY_MODELS) {
    describe(model.name, () => {
      /** @type {Measured[]} */
      const measured = [];

      before(async () => {
        const folder = await packOnce(model.file);
        const { inputs, outputs } = await reference.load(path.join(DATA, model.file));
        const real = await realInputs(model, folder);
        const random = randomInputs(inputs[0].sizeBytes);
        for (const [what, batch] of /** @type {const} */ ([[model.real, real], ['random', random]])) {
          if (!batch) continue;
          const expected = asValues(await reference.run(batch.data, batch.count), outputs[0].dtype);
          const actual = asValues(await runTensors(folder, batch.data), outputs[0].dtype);
          measured.push({ what, batch, expected, actual, found: compareOutputs(expected, actual, batch.count) });
        }
      });

      test('keep within the bounds', (t) => {
        assert.equal(measured.length, model.real === 'none' ? 1 : 2);
        for (const { what, found } of measured) {
          t.diagnostic(`${model.name}, ${what}: ${describeComparison(found)}`);
          assert.ok(found.withinOneStep >= MIN_WITHIN_ONE_STEP * found.values, describeComparison(found));
          if (model.classifies) assert.ok(found.sameTop >= MIN_SAME_TOP * found.runs, describeComparison(found));
        }
      });

      test('are the same bytes', () => {
        for (const { batch, found } of measured) {
          const { first } = found;
          assert.equal(
            first,
            undefined,
            first &&
              `Minnow was bit-exact here and is no longer: ${found.values - found.equal} values differ, the first for ` +
                `${batch.nameOf(first.run)}: output ${first.index} is ${first.actual}, LiteRT.js says ${first.expected}. ` +
                'Look for a change in kernels, import passes or requantisation since this test passed',
          );
        }
      });

      if (model.real !== 'keywords') return;
      test('recognise the keywords', (t) => {
        const { classes } = readKeywords();
        const [{ actual, expected }] = measured;
        const length = actual.length / classes.length;
        const [ours, theirs] = [actual, expected].map(
          (values) => classes.filter((label, run) => topClass(values, run, length) === label).length,
        );
        t.diagnostic(`${model.name}: ${ours} of ${classes.length} keywords right (LiteRT.js: ${theirs})`);
        assert.ok(ours >= MIN_KEYWORD_ACCURACY * classes.length);
      });
    });
  }
});
