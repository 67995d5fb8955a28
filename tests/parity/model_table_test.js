/** All models of the data folder in one table: nine of ten run, those within their bounds, and docs/MODELS.md says so. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { missingEngine } from '../e2e/engines/browser_engine.js';
import { measureModels, renderModels, summary } from './model_table.js';
import { missingNative } from './native_minnow.js';

const MIN_RUNNING = 0.9;
const MAX_REAL_ERROR = 1e-4;
/** Of an integer output's values, that lie more than one step off. */
const MAX_STRAY_INTEGERS = 0.01;
/** LiteRT.js quantises this one's activations while it runs; Minnow computes them in float32. */
const DYNAMIC_RANGE = /kws_ref_model_float32/;
const MAX_DYNAMIC_RANGE_ERROR = 0.05;

const skip = missingEngine('chromium') ?? missingNative('models', 'photos/imagenet');

describe('all models', { skip }, () => {
  test('run within their bounds, or are refused with a reason', async (t) => {
    const rows = await measureModels();
    for (const { file, runs, error, figure } of rows) {
      if (!file.startsWith('seanet_int16/')) t.diagnostic(`${runs ? 'runs   ' : 'refused'} ${file}: ${figure}`);
      const bound = DYNAMIC_RANGE.test(file)
        ? MAX_DYNAMIC_RANGE_ERROR
        : figure.includes('one step')
          ? MAX_STRAY_INTEGERS
          : MAX_REAL_ERROR;
      assert.ok(error <= bound, `${file}: ${figure}, at most ${bound} is allowed`);
      assert.ok(figure.length > 10, `${file}: refused without a reason: "${figure}"`);
    }
    t.diagnostic(summary(rows));
    assert.ok(rows.filter(({ runs }) => runs).length >= MIN_RUNNING * rows.length, summary(rows));
    const written = await readFile(new URL('../../docs/MODELS.md', import.meta.url), 'utf8');
    assert.deepEqual(statuses(written), statuses(renderModels(rows)), 'docs/MODELS.md is old: run tests/parity/model_table.js');
  });
});

/** @param {string} table @returns {string[]} its models and whether they run; figures may differ in their last digit */
function statuses(table) {
  return [...table.matchAll(/^\| (.*?) \| (runs|refused) \|/gm)].map(([, file, status]) => `${file}: ${status}`);
}
