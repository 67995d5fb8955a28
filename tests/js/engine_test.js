import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Engine } from '../../wasm_glue/src/worker/engine.js';
import { imageWords } from '../../wasm_glue/src/base/option_words.js';
import { missing, packModel, wasmFolder } from './native_tool.js';

const MIB = 2 ** 20;

/** Options of a picture all of which fills the input. @param {readonly number[]} shape @param {number} width @param {number} height */
function wholeWords([, inputHeight, inputWidth], width, height) {
  const spec = { width: inputWidth, height: inputHeight, channels: 3, crop: 1 };
  return imageWords(spec, { part: { x: 0, y: 0, width, height }, box: { x: 0, y: 0, width: inputWidth, height: inputHeight } });
}

/** @param {Engine} engine @param {number} width @param {number} height @param {number} maxRows */
function beginWhole(engine, width, height, maxRows) {
  engine.beginImage(0, wholeWords(engine.inputs[0].shape, width, height), maxRows);
}

/** The same with the module's exports alone. @param {any} raw @param {number} input @param {number} width @param {number} height @param {number} maxRows @returns {number} its status */
function openImageRaw(raw, input, width, height, maxRows) {
  new Uint8Array(raw.memory.buffer, raw.io()).set(wholeWords([1, 32, 32, 3], width, height));
  return raw.image_open(input, maxRows);
}

describe('engine', { skip: missing }, () => {
  /** @type {WebAssembly.Module} */
  let module;
  /** @type {Buffer[]} */
  let shards;

  before(() => {
    module = new WebAssembly.Module(readFileSync(path.join(wasmFolder, 'minnow-scalar.wasm')));
    const folder = packModel('mlperf_tiny/pretrainedResnet_quant.tflite', ['--shard-size', '16k']);
    const manifest = JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8'));
    shards = manifest.shards.map((/** @type {{ file: string }} */ { file }) => readFileSync(path.join(folder, file)));
    assert.ok(shards.length >= 4);
  });

  /** @param {number} [limitBytes] */
  async function loaded(limitBytes) {
    const engine = await Engine.create(module, limitBytes);
    for (const shard of shards) engine.pushShard(shard);
    return engine;
  }

  /** The module's exports without the JavaScript around them. @returns {any} */
  function rawExports() {
    return new WebAssembly.Instance(module).exports;
  }

  /** @param {any} raw @param {Uint8Array} bytes */
  function pushRaw(raw, bytes) {
    for (let i = 0; i < bytes.length; i += raw.io_bytes()) {
      const piece = bytes.subarray(i, i + raw.io_bytes());
      new Uint8Array(raw.memory.buffer, raw.io()).set(piece);
      const status = raw.push(piece.length);
      if (status !== 0) return status;
    }
    return 0;
  }

  /** @param {any} raw @param {Uint8Array} bytes */
  function openRaw(raw, bytes) {
    new Uint8Array(raw.memory.buffer, raw.io()).set(bytes.subarray(0, 80));
    return raw.open(80, 0);
  }

  test('the module is pure: no imports, a small memory, a maximum that iOS accepts', () => {
    assert.deepEqual(WebAssembly.Module.imports(module), []);
    const { memory } = rawExports();
    assert.ok(memory.buffer.byteLength <= 2 * MIB);
    assert.throws(() => memory.grow(512 * 16));
  });

  test('inputs and outputs are known after the first shard, readiness after the last', async () => {
    const engine = await Engine.create(module);
    assert.equal(engine.isReady, false);
    engine.pushShard(shards[0]);
    assert.deepEqual(engine.inputs.map(({ dtype, shape }) => [dtype, shape]), [['int8', [1, 32, 32, 3]]]);
    assert.deepEqual(engine.outputs.map(({ dtype, shape }) => [dtype, shape]), [['int8', [1, 10]]]);
    assert.equal(engine.isReady, false);
    for (const shard of shards.slice(1)) engine.pushShard(shard);
    assert.equal(engine.isReady, true);
  });

  test('running before the weights are in is NOT_READY, and goes on when they are', async () => {
    const whole = await loaded();
    whole.run();
    const engine = await Engine.create(module);
    engine.pushShard(shards[0]);
    assert.throws(() => engine.run(), { code: 'NOT_READY' });
    for (const shard of shards.slice(1)) engine.pushShard(shard);
    engine.run();
    assert.deepEqual(engine.output(0), whole.output(0));
  });

  test('memory is what was planned, and the report says so', async () => {
    const { weights, activations, total } = (await loaded()).memory;
    assert.ok(weights > 70000 && activations > 50000);
    assert.ok(total < weights + activations + 2 * MIB, `${total} bytes in all`);
  });

  test('a limit is kept to, with an error that names both sizes', async () => {
    const limited = await loaded(MIB);
    beginWhole(limited, 100, 100, 64);
    const message = /bytes of memory are needed and the limit is 1048576: raise memory\.maxBytes/;
    assert.throws(() => beginWhole(limited, 4000, 4000, 64), { code: 'OUT_OF_MEMORY', message });
    assert.equal(limited.memory.total, MIB);
    beginWhole(limited, 100, 100, 64);
    beginWhole(await loaded(3 * MIB), 4000, 4000, 64);
  });

  test('damaged and foreign bytes are typed errors, never a trap', async () => {
    const engine = await Engine.create(module);
    assert.throws(() => engine.pushShard(Buffer.from('<!DOCTYPE html>'.repeat(20))), { code: 'NOT_A_PACKAGE' });
    const later = await Engine.create(module);
    later.pushShard(shards[0]);
    assert.throws(() => later.pushShard(Buffer.alloc(1000)), { code: 'NOT_A_PACKAGE', message: /shard 1/ });
  });

  test('every single-byte damage to the first shard is survived', async () => {
    const original = shards[0];
    let errors = 0;
    for (let i = 0; i < 400; i++) {
      const engine = await Engine.create(module, 64 * MIB);
      const damaged = Buffer.from(original);
      damaged[i] ^= 1 << i % 8;
      try {
        engine.pushShard(damaged);
      } catch (error) {
        const { code, message } = /** @type {any} */ (error);
        assert.notEqual(code, 'WASM', `byte ${i}: ${message}`);
        errors++;
      }
    }
    assert.ok(errors > 300, `${errors} of 400 were noticed`);
  });

  test('a shard cut short, or followed by another, is an error', async () => {
    const engine = await Engine.create(module);
    engine.pushShard(shards[0].subarray(0, shards[0].length - 1));
    assert.throws(() => engine.pushShard(shards[1]), (/** @type {any} */ { code }) => code !== 'WASM');
    const other = await Engine.create(module);
    other.pushShard(shards[0]);
    assert.throws(() => other.pushShard(shards[2]), { code: 'CORRUPT' });
  });

  test('a shard can be pushed anew after rewind', async () => {
    const raw = rawExports();
    assert.equal(openRaw(raw, shards[0]), 0);
    assert.equal(pushRaw(raw, shards[0]), 0);
    assert.equal(raw.prepare(), 0);
    assert.equal(pushRaw(raw, shards[1].subarray(0, 1000)), 0);
    assert.equal(raw.rewind(1), 0);
    for (const shard of shards.slice(1)) assert.equal(pushRaw(raw, shard), 0);
    assert.equal(raw.is_ready(), 1);
    assert.equal(raw.rewind(0), 0);
    assert.equal(raw.is_ready(), 0);
    assert.equal(raw.run(), 10, 'the session went with the graph');
    for (const shard of shards) assert.equal(pushRaw(raw, shard), 0);
    assert.equal(raw.prepare(), 0);
    assert.equal(raw.run(), 0);
  });

  test('exports called out of order answer with a status', () => {
    const raw = rawExports();
    for (const name of ['push', 'rewind', 'prepare', 'run', 'tensor_info', 'image_open', 'image_rows', 'image_end']) {
      assert.notEqual(raw[name](0, 0, 0, 0), 0, name);
      assert.ok(raw.error_message() > 5, name);
    }
    assert.deepEqual([raw.input_count(), raw.output_count(), raw.is_ready(), raw.image_buffer()], [0, 0, 0, 0]);
    assert.equal(openRaw(raw, shards[0]), 0);
    assert.equal(openRaw(raw, shards[0]), 1, 'one instance, one model');
    assert.equal(pushRaw(raw, shards[0]), 0);
    assert.equal(raw.prepare(), 0);
    assert.notEqual(raw.tensor_info(0, 1), 0);
    assert.notEqual(openImageRaw(raw, 0, 0, 10, 10), 0);
    assert.notEqual(openImageRaw(raw, 0, 2 ** 31, 10, 64), 0);
    assert.notEqual(openImageRaw(raw, 1, 10, 10, 64), 0);
    assert.equal(openImageRaw(raw, 0, 10, 10, 64), 0);
  });

  test('a picture of the size of the input arrives as it is; rows missing or too many are errors', async () => {
    const engine = await loaded();
    const rgba = Uint8Array.from({ length: 4 * 32 * 32 }, (_, i) => i * 37 + (i >> 6));
    beginWhole(engine, 32, 32, 20);
    engine.pushImageRows(rgba.subarray(0, 4 * 32 * 20), 20);
    assert.throws(() => engine.pushImageRows(rgba.subarray(0, 4 * 32 * 20), 20), { code: 'INVALID_ARGUMENT' });
    beginWhole(engine, 32, 32, 20);
    engine.pushImageRows(rgba.subarray(0, 4 * 32 * 20), 20);
    engine.pushImageRows(rgba.subarray(4 * 32 * 20), 12);
    engine.endImage();
    engine.run();
    const fromPicture = engine.output(0);
    const values = Int8Array.from({ length: 3 * 32 * 32 }, (_, i) => rgba[4 * Math.floor(i / 3) + (i % 3)] - 128);
    engine.setInput(0, values);
    engine.run();
    assert.deepEqual(engine.output(0), fromPicture);
    beginWhole(engine, 32, 32, 64);
    assert.throws(() => engine.endImage(), { code: 'TRUNCATED' });
    assert.throws(() => engine.pushImageRows(rgba, 32), { code: 'NOT_READY' });
  });

  test('pictures of many sizes use the same memory again', async () => {
    const engine = await loaded();
    const rows = new Uint8Array(4 * 4000 * 64);
    const read = () => {
      beginWhole(engine, 4000, 64, 64);
      engine.pushImageRows(rows, 64);
      engine.endImage();
    };
    read();
    const { total } = engine.memory;
    for (let i = 0; i < 50; i++) read();
    assert.equal(engine.memory.total, total);
  });
});
