import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ENGINE_CODES } from '../../wasm_glue/src/base/error_codes.js';
import { MinnowError, errorFromWire, errorToWire } from '../../wasm_glue/src/base/errors.js';
import { root, wasmFolder } from './native_tool.js';

test('error_codes.js is generated from the status list as it is now', () => {
  execFileSync(process.execPath, [path.join(root, 'wasm_glue/generate_error_codes.mjs'), '--check']);
});

test('the wasm module names the same codes', (t) => {
  const file = path.join(wasmFolder, 'minnow-scalar.wasm');
  if (!existsSync(file)) return t.skip('the wasm module is not built (tools/build.sh wasm js)');
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)));
  const { memory, io, status_name } = /** @type {any} */ (exports);
  for (const [status, name] of Object.entries(ENGINE_CODES)) {
    const length = status_name(Number(status));
    assert.equal(Buffer.from(memory.buffer, io(), length).toString(), name);
  }
});

test('errors keep class, code and details on their way from the worker', () => {
  const sent = new MinnowError('HTTP', 'gone', { url: 'https://x/y', status: 404, cause: new Error('why') });
  const got = /** @type {MinnowError} */ (errorFromWire(structuredClone(errorToWire(sent))));
  assert.ok(got instanceof MinnowError && got instanceof Error);
  assert.deepEqual([got.code, got.message, got.url, got.status], ['HTTP', 'gone', 'https://x/y', 404]);
  assert.equal(got.cause, 'why');
  const aborted = errorFromWire(structuredClone(errorToWire(new DOMException('no more', 'AbortError'))));
  assert.ok(aborted instanceof DOMException && aborted.name === 'AbortError');
  assert.equal(errorFromWire(structuredClone(errorToWire(new TypeError('odd')))).name, 'TypeError');
  assert.equal(errorFromWire(structuredClone(errorToWire('text'))).message, 'text');
});
