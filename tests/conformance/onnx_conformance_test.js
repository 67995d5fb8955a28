/**
 * The ONNX backend cases through `minnow check`: every case of an operator that the importer claims
 * passes, and what is refused is refused for a reason that is told.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import { DATA, missingNative } from '../parity/native_minnow.js';

/** @typedef {{ name: string, status: 'pass' | 'fail' | 'refused', reason: string,
 *   max_abs_error: number | null }} ConformanceCase */
/** @typedef {{ cases: ConformanceCase[], passed: number, failed: number, refused: number }}
 *   ConformanceReport */

const TOOL = fileURLToPath(new URL('../../build/native/minnow', import.meta.url));
const MAX_JSON_BYTES = 64 * 2 ** 20;

/** Suites, and how many cases must pass at least: what passed when this was last changed. */
const SUITES = [
  { folder: 'onnx_node', passing: 1130 },
  { folder: 'onnx_simple', passing: 7 },
  { folder: 'onnx_pytorch_converted', passing: 81 },
];

/**
 * @param {string} suite folder below DATA
 * @returns {Promise<{ report: ConformanceReport, exitCode: number }>}
 */
function checkSuite(suite) {
  const folder = path.join(DATA, suite);
  const cases = readdirSync(folder)
    .sort()
    .map((name) => path.join(folder, name));
  return new Promise((resolve, reject) => {
    execFile(TOOL, ['check', ...cases, '--json'], { maxBuffer: MAX_JSON_BYTES }, (error, stdout) => {
      if (error && typeof error.code !== 'number') {
        reject(error);
        return;
      }
      resolve({ report: JSON.parse(stdout), exitCode: Number(error?.code ?? 0) });
    });
  });
}

/**
 * What a refusal is about: the first thing on the importer's list, or the error without the file.
 * @param {string} reason
 */
function refusalKind(reason) {
  const listed = /^ {2}(.+?), \d+ uses?:/m.exec(reason);
  if (listed) return String(listed[1]);
  return reason.replace(/^[^:]*: /, '').replace(/"[^"]*"/g, '"…"').split('\n')[0] ?? '';
}

/** @param {ConformanceCase[]} cases */
function listRefusals(cases) {
  /** @type {Map<string, string[]>} */
  const kinds = new Map();
  for (const { name, reason } of cases) {
    const kind = refusalKind(reason);
    kinds.set(kind, [...(kinds.get(kind) ?? []), name]);
  }
  return [...kinds].sort((a, b) => b[1].length - a[1].length);
}

for (const { folder, passing } of SUITES) {
  const skip = missingNative(folder);
  test(`${folder}: no claimed operator fails`, { skip }, async (t) => {
    const { report, exitCode } = await checkSuite(folder);
    const refused = report.cases.filter((entry) => entry.status === 'refused');
    t.diagnostic(`${report.passed} pass, ${report.failed} fail, ${report.refused} refused`);
    for (const [kind, names] of listRefusals(refused)) {
      t.diagnostic(`refused: ${kind}: ${names.join(' ')}`);
    }
    const failures = report.cases.filter((entry) => entry.status === 'fail');
    assert.deepEqual(failures, []);
    assert.equal(exitCode, 0);
    assert.equal(report.passed + report.failed + report.refused, report.cases.length);
    assert.ok(report.passed >= passing, `only ${report.passed} cases pass, not ${passing}`);
    for (const entry of refused) assert.notEqual(entry.reason, '', `${entry.name} has no reason`);
  });
}
