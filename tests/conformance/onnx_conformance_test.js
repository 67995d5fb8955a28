/**
 * The ONNX backend cases through `minnow check`, and what it packed once more through the wasm
 * module: every case of an operator that the importer claims passes in both, with the same bits,
 * and what is refused is refused for a reason that is told.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import { missingNative } from '../parity/native_minnow.js';
import { readRecord, runRecord } from './case_record.js';
import { checkSuite, refusalsByKind, SUITES } from './conformance_run.js';

const WASM = fileURLToPath(new URL('../../build/wasm-simd128/wasm_glue/minnow-simd128.wasm', import.meta.url));

/** @param {string} folder of records @param {number} count */
async function assertWasmAgrees(folder, count) {
  const module = new WebAssembly.Module(readFileSync(WASM));
  const files = readdirSync(folder).sort();
  const problems = [];
  for (const file of files) {
    const { problem, sameAsNative } = await runRecord(module, readRecord(readFileSync(path.join(folder, file))));
    if (problem) problems.push(`${file}: ${problem}`);
    else if (!sameAsNative) problems.push(`${file}: other bits than natively`);
  }
  assert.deepEqual(problems, []);
  assert.ok(files.length >= count, `${files.length} records of ${count} cases`);
}

for (const { folder, passing } of SUITES) {
  const skip = missingNative(folder);
  test(`${folder}: no claimed operator fails, natively or in wasm`, { skip }, async (t) => {
    const records = mkdtempSync(path.join(tmpdir(), 'minnow-cases-'));
    t.after(() => rmSync(records, { recursive: true }));
    const { report, exitCode } = await checkSuite(folder, ['--kernels', 'simd128', '--keep', records]);
    t.diagnostic(`${report.passed} pass, ${report.failed} fail, ${report.refused} refused`);
    for (const [kind, names] of refusalsByKind(report.cases)) {
      t.diagnostic(`refused: ${kind}: ${names.join(' ')}`);
    }
    const failures = report.cases.filter((entry) => entry.status === 'fail');
    assert.deepEqual(failures, []);
    assert.equal(exitCode, 0);
    assert.equal(report.passed + report.failed + report.refused, report.cases.length);
    assert.ok(report.passed >= passing, `only ${report.passed} cases pass, not ${passing}`);
    const refused = report.cases.filter((entry) => entry.status === 'refused');
    for (const entry of refused) assert.notEqual(entry.reason, '', `${entry.name} has no reason`);
    await t.test('in wasm', { skip: !existsSync(WASM) && 'no simd128 module: run tools/build.sh wasm' }, () =>
      assertWasmAgrees(records, report.passed),
    );
  });
}
