/**
 * Packs models with and without --calibrate and judges them on samples that calibration never sees.
 *
 *   npm run bench:compression -- [ROW…] [--json FILE] [--twice]
 *
 * ROW are keys of compression_rows.js; all of them rewrite the table of docs/COMPRESSION.md. --twice packs each row again and
 * compares the files, which the keyword row does always. Ends with status 1 where a row misses what it must reach.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { missingNative } from '../../parity/native_minnow.js';
import { TABLE_HEAD, lineOf } from './compression_report.js';
import { COMPRESSION_ROWS } from './compression_rows.js';
import { measureRow } from './measure_row.js';

/** @typedef {import('./measure_row.js').RowResult} RowResult */

const PAGE = fileURLToPath(new URL('../../../docs/COMPRESSION.md', import.meta.url));
const MARKS = ['<!-- table -->\n', '<!-- end -->'];

/** @param {string[]} lines between the page's marks */
function writePage(lines) {
  const text = readFileSync(PAGE, 'utf8');
  const [start, end] = [text.indexOf(MARKS[0]) + MARKS[0].length, text.indexOf(MARKS[1])];
  writeFileSync(PAGE, `${text.slice(0, start)}${lines.join('\n')}\n${text.slice(end)}`);
}

/** @param {string[]} keys @param {{ twice: boolean }} options @returns {Promise<RowResult[]>} printed as they come */
async function measureRows(keys, options) {
  const work = mkdtempSync(path.join(tmpdir(), 'minnow_compression_'));
  const results = [];
  console.log(TABLE_HEAD.join('\n'));
  try {
    for (const row of COMPRESSION_ROWS.filter(({ key }) => keys.length === 0 || keys.includes(key))) {
      const scratch = path.join(work, row.key);
      mkdirSync(scratch);
      const result = await measureRow(row, scratch, options);
      rmSync(scratch, { recursive: true });
      console.log(lineOf(result));
      results.push(result);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return results;
}

async function main() {
  const { values, positionals: keys } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'string' }, twice: { type: 'boolean', default: false } },
  });
  const known = COMPRESSION_ROWS.map(({ key }) => key);
  const unknown = keys.find((key) => !known.includes(key));
  if (unknown) {
    console.error(`There is no row '${unknown}'; there are ${known.join(', ')}`);
    process.exitCode = 2;
    return;
  }
  const missing = missingNative('photos/imagenet', 'photos/imagenet_eval', 'labels/imagenet_wnids.tsv', 'models', 'train/speech_negatives');
  if (missing) {
    console.log(`SKIPPED: ${missing}`);
    return;
  }
  const results = await measureRows(keys, values);
  if (values.json) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);
  if (keys.length === 0) writePage([...TABLE_HEAD, ...results.map(lineOf)]);
  const missed = results.filter(({ must, isMet }) => must !== undefined && !isMet);
  if (missed.length > 0) {
    console.log(`Missed: ${missed.map(({ key }) => key).join(', ')}`);
    process.exitCode = 1;
  }
}

await main();
