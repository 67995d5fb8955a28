import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startTestServer } from '../e2e/test_server.js';
import { importNodeModule, importPageModule, missing, packModel, root } from './native_tool.js';
import { NodeWorker } from './node_worker.js';

const globals = /** @type {any} */ (globalThis);

/** @typedef {{ operator: string, output: number[], minMs: number, gmacPerSecond: number, constantBytes: number, activationBytes: number }} NativeOperator */

/** @param {string} folder of a package @returns {NativeOperator[]} */
function profileNatively(folder) {
  const args = ['bench', folder, '--runs', '3', '--profile', '--json'];
  return JSON.parse(execFileSync(path.join(root, 'build/native/minnow'), args, { encoding: 'utf8' })).operators;
}

describe('Model.profile', { skip: missing }, () => {
  /** @type {typeof import('../../wasm_glue/src/minnow.js')} */
  let page;
  /** @type {typeof import('../../wasm_glue/src/node.js')} */
  let node;
  let folder = '';
  const input = () => Int8Array.from({ length: 32 * 32 * 3 }, (_, i) => (i * 2654435761) >> 24);

  before(async () => {
    page = await importPageModule();
    node = await importNodeModule();
    folder = packModel('mlperf_tiny/pretrainedResnet_quant.tflite');
  });

  test('tells of every operator what the native tool tells, and sums up', async () => {
    const model = await node.Model.create(folder);
    const { runs, ms, operators } = await model.profile(input(), { runs: 8 });
    assert.equal(runs, 8);
    const native = profileNatively(folder);
    assert.deepEqual(
      operators.map(({ name, shape, multiplyAdds, constantBytes, activationBytes }) => [name, shape, multiplyAdds, constantBytes, activationBytes]),
      native.map((o) => [o.operator, o.output, Math.round(o.gmacPerSecond * o.minMs * 1e6), o.constantBytes, o.activationBytes]),
    );
    assert.ok(operators.some(({ multiplyAdds }) => multiplyAdds > 1e6));
    assert.ok(ms > 0 && Math.abs(operators.reduce((sum, operator) => sum + operator.ms, 0) - ms) < 1e-9);
    for (const operator of operators) {
      assert.ok(operator.ms >= 0 && Math.abs(operator.gmacPerSecond * operator.ms * 1e6 - operator.multiplyAdds) < 1);
    }
  });

  test('leaves the model as it was', async () => {
    const model = await node.Model.create(folder);
    const expected = await model.run(input());
    assert.equal((await model.profile(new Int8Array(32 * 32 * 3))).runs, 20);
    assert.deepEqual(await model.run(input()), expected);
  });

  test('waits its turn, and not after an abort', async () => {
    const model = await node.Model.create(folder);
    const controller = new AbortController();
    const all = [model.run(input()), model.profile(input(), { runs: 1 }), model.run(input())];
    const aborted = model.profile(input(), { signal: controller.signal });
    controller.abort();
    await assert.rejects(aborted, { name: 'AbortError' });
    const [before, , after] = await Promise.all(all);
    assert.deepEqual(before, after);
    await assert.rejects(model.profile(input(), { signal: AbortSignal.abort() }), { name: 'AbortError' });
    model.dispose();
    await assert.rejects(model.profile(input()), { code: 'DISPOSED' });
  });

  test('refuses inputs that run() refuses, and numbers of runs that are none', async () => {
    const model = await node.Model.create(folder);
    await assert.rejects(model.profile(new Int8Array(7)), { code: 'INVALID_ARGUMENT', message: /Int8Array of 3072/ });
    await assert.rejects(model.profile([]), { code: 'INVALID_ARGUMENT' });
    for (const runs of /** @type {any[]} */ ([0, -1, 1.5, Infinity, NaN, 'many'])) {
      await assert.rejects(model.profile(input(), { runs }), { name: 'MinnowError', code: 'INVALID_ARGUMENT', message: /^runs/ });
    }
  });

  describe('in a worker', () => {
    /** @type {import('../e2e/test_server.js').TestServer} */
    let server;
    before(async () => {
      server = await startTestServer({ '/pkg/': folder });
      globals.Worker = NodeWorker;
    });
    after(async () => {
      delete globals.Worker;
      await server.close();
    });

    test('works as in the calling thread', async () => {
      const model = await page.Model.create(`${server.origin}/pkg/`, { storage: 'none' });
      const data = input();
      const expected = await model.run(data);
      const { operators } = await model.profile(data, { runs: 2 });
      const here = await (await node.Model.create(folder)).profile(data, { runs: 2 });
      assert.deepEqual(operators.map(({ name }) => name), here.operators.map(({ name }) => name));
      assert.equal(data.length, 3072, 'inputs are copied');
      assert.deepEqual(await model.run(data), expected);
      model.dispose();
    });
  });
});
