import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256 } from '../../wasm_glue/src/minnow-crypto.js';
import { sha256Hex } from '../../wasm_glue/src/sha256.js';
import { sha256Of } from './sample_package.js';

test('the stand-in for crypto.subtle computes SHA-256', async () => {
  for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000, 70001]) {
    const bytes = Uint8Array.from({ length }, (_, i) => i * 7 + (i >> 8));
    const expected = sha256Of(Buffer.from(bytes));
    assert.equal(Buffer.from(sha256(bytes)).toString('hex'), expected);
    assert.equal(await sha256Hex(bytes), expected);
  }
});
