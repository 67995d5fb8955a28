/** Runs `minnow check` over the ONNX suites and reads what it says. */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { DATA } from '../parity/native_minnow.js';

/** @typedef {{ name: string, status: 'pass' | 'fail' | 'refused', reason: string,
 *   max_abs_error: number | null, operators: string[] }} ConformanceCase */
/** @typedef {{ cases: ConformanceCase[], passed: number, failed: number, refused: number }}
 *   ConformanceReport */

const TOOL = fileURLToPath(new URL('../../build/native/minnow', import.meta.url));
const MAX_JSON_BYTES = 64 * 2 ** 20;

/** Suites, and how many cases must pass at least: what passed when this was last changed. */
export const SUITES = [
  { folder: 'onnx_node', passing: 1208 },
  { folder: 'onnx_simple', passing: 7 },
  { folder: 'onnx_pytorch_converted', passing: 81 },
];

/**
 * @param {string} suite folder below DATA
 * @param {string[]} [options] of `minnow check`
 * @returns {Promise<{ report: ConformanceReport, exitCode: number }>}
 */
export function checkSuite(suite, options = []) {
  const folder = path.join(DATA, suite);
  const cases = readdirSync(folder)
    .sort()
    .map((name) => path.join(folder, name));
  return new Promise((resolve, reject) => {
    execFile(TOOL, ['check', ...cases, '--json', ...options], { maxBuffer: MAX_JSON_BYTES }, (error, stdout) => {
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
export function refusalKind(reason) {
  const listed = /^ {2}(.+?), \d+ uses?:/m.exec(reason);
  if (listed) return String(listed[1]);
  return reason.replace(/^[^:]*: /, '').replace(/"[^"]*"/g, '"…"').split('\n')[0] ?? '';
}

/**
 * The refused cases' names by the kind of their refusal, the most frequent first.
 * @param {ConformanceCase[]} cases
 */
export function refusalsByKind(cases) {
  /** @type {Map<string, string[]>} */
  const kinds = new Map();
  for (const { name, reason, status } of cases) {
    if (status !== 'refused') continue;
    const kind = refusalKind(reason);
    kinds.set(kind, [...(kinds.get(kind) ?? []), name]);
  }
  return [...kinds].sort((a, b) => b[1].length - a[1].length || (a[0] < b[0] ? -1 : 1));
}
