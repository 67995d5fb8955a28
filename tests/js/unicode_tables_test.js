import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = new URL('../../', import.meta.url);

test('the Unicode tables are what their program writes', (t) => {
  const kept = readFileSync(new URL('core/frontend/unicode_tables.inc', root), 'utf8');
  const version = /from Unicode ([\d.]+);/.exec(kept)?.[1];
  if (version !== process.versions.unicode) {
    t.skip(`the tables are of Unicode ${version}, this Node knows ${process.versions.unicode}`);
    return;
  }
  const program = fileURLToPath(new URL('tools/unicode_tables.mjs', root));
  const made = execFileSync(process.execPath, [program, '--print'], { encoding: 'utf8' });
  assert.equal(made, kept);
});
