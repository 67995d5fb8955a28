/** docs/OPERATORS.md says what the operator tables and the suites say today. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { missingNative } from '../parity/native_minnow.js';
import { SUITES } from './conformance_run.js';
import { operatorsPage, PAGE, runSuites } from './operators_page.mjs';

test('docs/OPERATORS.md is up to date', { skip: missingNative(...SUITES.map(({ folder }) => folder)) }, async () => {
  const current = operatorsPage(await runSuites());
  assert.equal(readFileSync(PAGE, 'utf8'), current, 'run node tests/conformance/operators_page.mjs');
});
