/**
 * Writes docs/OPERATORS.md from the operator tables and the ONNX suites' results:
 * `node tests/conformance/operators_page.mjs`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { checkSuite, refusalsByKind, SUITES } from './conformance_run.js';

/** @typedef {import('./conformance_run.js').ConformanceCase} ConformanceCase */
/** @typedef {{ folder: string, cases: ConformanceCase[] }} SuiteResult */

export const PAGE = fileURLToPath(new URL('../../docs/OPERATORS.md', import.meta.url));
const NAMES_A_LINE = 12;

/** @param {string} file relative to the repository @param {RegExp} row @returns {string[][]} */
function rowsOf(file, row) {
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
  return [...text.matchAll(row)].map((match) => match.slice(1));
}

/** @param {string[]} names */
function nameLines(names) {
  const lines = [];
  for (let i = 0; i < names.length; i += NAMES_A_LINE) {
    lines.push(names.slice(i, i + NAMES_A_LINE).map((name) => `\`${name}\``).join(', '));
  }
  return lines.join(',\n');
}

function runtimeSection() {
  const rows = rowsOf('core/ops/op_table.inc', /^MNW_OP\((\d+), (\w+), \w+, (\d+)\)/gm);
  return [
    '## The runtime\'s operators',
    'Shapes, dtypes and parameters: [FORMAT.md](FORMAT.md).',
    '',
    '| code | operator | parameter words |',
    '| ---: | --- | ---: |',
    ...rows.map(([code, name, words]) => `| ${code} | ${name} | ${words} |`),
  ];
}

/** @param {SuiteResult[]} suites */
function onnxSection(suites) {
  const names = rowsOf('packer/import/onnx/onnx_ops.inc', /^PK_ONNX_OP\("(\w+)"/gm).map(([name]) => name).sort();
  const microsoft = rowsOf('packer/import/onnx/onnx_ops.inc', /^PK_ONNX_OP\("com\.microsoft::(\w+)"/gm).map(([name]) => name).sort();
  const cases = suites.flatMap((suite) => suite.cases);
  const rows = names.map((name) => {
    const using = cases.filter((entry) => entry.operators.includes(name));
    const passing = using.filter((entry) => entry.status === 'pass');
    return `| ${name} | ${passing.length} | ${using.length} |`;
  });
  return [
    `## ONNX: ${names.length} operators`,
    'Cases of the suites whose models hold the operator, and how many of those pass: pack, run natively, run in wasm, both within ONNX\'s',
    'tolerance (1e-3 relative, 1e-7 absolute). The others are refused for what stands in the last section, by whatever operator.',
    '',
    '| operator | cases that pass | cases |',
    '| --- | ---: | ---: |',
    ...rows,
    '',
    `And of \`com.microsoft\`, ${microsoft.length}: ${nameLines(microsoft)}.`,
  ];
}

function tfliteSection() {
  const rows = rowsOf('packer/import/import_tflite_ops.c', /^\s+\{PK_TFLITE_(\w+), /gm).map(([name]) => name).sort();
  return [`## TFLite: ${rows.length} builtin operators`, `${nameLines(rows)};`, 'and the custom operator `TFLite_Detection_PostProcess`.'];
}

/** @param {SuiteResult} suite */
function refusedSection({ folder, cases }) {
  const count = cases.filter((entry) => entry.status === 'refused').length;
  return [
    `### ${folder}: ${count}`,
    ...refusalsByKind(cases).map(([kind, names]) => `- ${kind}: ${names.length}\n  ${nameLines(names).replaceAll('\n', '\n  ')}`),
  ];
}

/** @param {SuiteResult[]} suites @returns {string} */
export function operatorsPage(suites) {
  const totals = suites.map(({ folder, cases }) => {
    const count = (/** @type {string} */ status) => cases.filter((entry) => entry.status === status).length;
    return `| ${folder} | ${cases.length} | ${count('pass')} | ${count('fail')} | ${count('refused')} |`;
  });
  return `${[
    '# Operators',
    'Written by `node tests/conformance/operators_page.mjs` from the operator tables and the results of ONNX\'s own backend cases; a test',
    'compares. What is missing and how to add it: [ADDING_AN_OP.md](ADDING_AN_OP.md).',
    '',
    '| suite | cases | pass | fail | refused |',
    '| --- | ---: | ---: | ---: | ---: |',
    ...totals,
    '',
    ...runtimeSection(),
    '',
    ...onnxSection(suites),
    '',
    ...tfliteSection(),
    '',
    '## Refused cases',
    'By the first thing that the importer names. Shapes and memory are known before a model loads, so sequences, optionals, strings, random',
    'numbers and shapes that depend on values have no place; the rest is not written yet.',
    '',
    ...suites.flatMap(refusedSection),
  ].join('\n')}\n`;
}

/** @returns {Promise<SuiteResult[]>} */
export async function runSuites() {
  const results = [];
  for (const { folder } of SUITES) {
    const { report } = await checkSuite(folder);
    results.push({ folder, cases: report.cases });
  }
  return results;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  writeFileSync(PAGE, operatorsPage(await runSuites()));
}
