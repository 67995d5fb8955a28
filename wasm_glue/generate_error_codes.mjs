// Writes src/base/error_codes.js from the C status list, so that the `code` of an error means the same in C
// and in JavaScript. usage: generate_error_codes.mjs [--check]
import { readFileSync, writeFileSync } from 'node:fs';

const source = new URL('../core/include/minnow/status_list.inc', import.meta.url);
const target = new URL('src/base/error_codes.js', import.meta.url);

const rows = [...readFileSync(source, 'utf8').matchAll(/^MNW_STATUS\((\d+), (\w+), "([^"]*)"\)$/gm)];
if (rows.length === 0) throw new Error(`no MNW_STATUS rows in ${source.pathname}`);

const text = `// Generated from core/include/minnow/status_list.inc by generate_error_codes.mjs. Do not edit.

/** Names of the engine's status codes, by number. */
export const ENGINE_CODES = /** @type {const} */ ({
${rows.map(([, code, name, summary]) => `  ${code}: '${name}', // ${summary}`).join('\n')}
});
`;

if (!process.argv.includes('--check')) {
  writeFileSync(target, text);
} else if (readFileSync(target, 'utf8') !== text) {
  console.error('src/base/error_codes.js is out of date: run  node wasm_glue/generate_error_codes.mjs');
  process.exitCode = 1;
}
