import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { IDBFactory } from 'fake-indexeddb';
import 'fake-indexeddb/auto';
import { startTestServer } from '../e2e/test_server.js';
import { dataFile, importNodeModule, importPageModule, missing, packModel, wasmFolder } from './native_tool.js';
import { NodeWorker } from './node_worker.js';

const globals = /** @type {any} */ (globalThis);

describe('Model and ImageClassifier', { skip: missing }, () => {
  /** @type {import('../e2e/test_server.js').TestServer} */
  let server;
  /** @type {typeof import('../../wasm_glue/src/minnow.js')} */
  let page;
  /** @type {typeof import('../../wasm_glue/src/node.js')} */
  let node;
  let folder = '';
  let tensorsFolder = '';
  let url = '';

  before(async () => {
    page = await importPageModule();
    node = await importNodeModule();
    const labels = dataFile('labels/cifar10_labels.txt');
    folder = packModel('mlperf_tiny/pretrainedResnet_quant.tflite', ['--shard-size', '16k', '--labels', labels]);
    tensorsFolder = packModel('mlperf_tiny/ad01_int8.tflite');
    server = await startTestServer({ '/pkg/': folder, '/wasm/': wasmFolder });
    url = `${server.origin}/pkg/`;
  });
  after(() => server.close());
  beforeEach(() => {
    globalThis.indexedDB = new IDBFactory();
    server.clearFaults();
    server.clearLog();
    server.on();
  });

  /** @param {import('../../wasm_glue/src/minnow.js').CreateOptions} [options] */
  const inPage = (options) => ({ wasmUrl: `${server.origin}/wasm/`, worker: false, ...options });
  const input = () => Int8Array.from({ length: 32 * 32 * 3 }, (_, i) => (i * 2654435761) >> 24);
  const picture = () => ({
    width: 100,
    height: 60,
    data: Uint8ClampedArray.from({ length: 4 * 100 * 60 }, (_, i) => (i % 4 === 3 ? 255 : (i * 7) >> 3)),
  });

  test('a model tells what it is', async () => {
    const model = await node.Model.create(folder);
    assert.equal(model.info.name, 'pretrainedResnet_quant');
    assert.equal(model.info.task, 'image-classification');
    assert.deepEqual(model.info.inputs.map(({ dtype, shape }) => [dtype, shape]), [['int8', [1, 32, 32, 3]]]);
    assert.equal(model.info.labels.length, 10);
    assert.equal(model.info.labels[0], 'airplane');
    assert.equal(model.info.fromCache, false);
    assert.ok(model.info.packageBytes > 50000);
    assert.ok(model.memory.total >= model.memory.weights + model.memory.activations);
    assert.ok(model.timing.loadMs > 0 && model.timing.runMs === 0);
    const [{ dtype, shape, data }] = await model.run(input());
    assert.deepEqual([dtype, shape, data.length, data instanceof Int8Array], ['int8', [1, 10], 10, true]);
    assert.ok(model.timing.runMs > 0);
    model.dispose();
  });

  test('inputs of another kind, length or number are refused by name', async () => {
    const model = await node.Model.create(folder);
    const expected = /inputs\[0\] \(".*"\) must be a Int8Array of 3072 \(shape \[1,32,32,3\]\), and is a /;
    for (const wrong of /** @type {any[]} */ ([new Uint8Array(3072), new Int8Array(3071), 7, undefined, new ArrayBuffer(3072)])) {
      await assert.rejects(model.run(wrong), { code: 'INVALID_ARGUMENT', message: expected });
    }
    await assert.rejects(model.run([input(), input()]), { code: 'INVALID_ARGUMENT', message: /has 1 inputs, 2 were/ });
  });

  test('runs asked for at once are done one after the other, with their own inputs', async () => {
    const model = await node.Model.create(folder);
    const inputs = [0, 50, 100].map((shift) => input().map((value) => value + shift));
    const alone = [];
    for (const data of inputs) alone.push((await model.run(data))[0].data);
    const together = await Promise.all(inputs.map((data) => model.run(data)));
    assert.deepEqual(together.map(([{ data }]) => data), alone);
  });

  test('dispose() may be called twice, and what comes later is DISPOSED', async () => {
    const model = await node.Model.create(folder);
    const waiting = assert.rejects(model.run(input()), { code: 'DISPOSED' });
    model.dispose();
    model.dispose();
    await waiting;
    await assert.rejects(model.run(input()), { code: 'DISPOSED', message: /create it again/ });
    assert.equal(typeof model[Symbol.dispose], 'function');
  });

  test('a run that is aborted before its turn is not run', async () => {
    const model = await node.Model.create(folder);
    const aborted = AbortSignal.abort();
    await assert.rejects(model.run(input(), { signal: aborted }), { name: 'AbortError' });
    assert.equal(model.timing.runMs, 0);
    await model.run(input());
  });

  test('a classifier gives the best classes with labels', async () => {
    const classifier = await node.ImageClassifier.create(folder);
    const all = await classifier.classify(/** @type {any} */ (picture()), { top: 10 });
    assert.equal(all.length, 10);
    assert.ok(all.every(({ score }, i) => i === 0 || score <= all[i - 1].score));
    for (const { index, label } of all) assert.equal(label, classifier.info.labels[index]);
    assert.ok(Math.abs(all.reduce((sum, { score }) => sum + score, 0) - 1) < 0.05, 'probabilities');
    const best = await classifier.classify(/** @type {any} */ (picture()));
    assert.deepEqual(best, all.slice(0, 5));
    assert.ok(classifier.timing.imageMs > 0);
    await assert.rejects(classifier.classify(/** @type {any} */ ('photo.jpg')), { code: 'BAD_IMAGE' });
  });

  test('a package of another task is WRONG_TASK', async () => {
    await assert.rejects(node.ImageClassifier.create(tensorsFolder), { code: 'WRONG_TASK', message: /use Model\.create/ });
  });

  test('a folder without a package says so', async () => {
    await assert.rejects(node.Model.create('/tmp/no/such/folder'), { code: 'HTTP', status: 404, message: /manifest\.json/ });
  });

  test('memory.maxBytes is checked before anything is fetched', async () => {
    const tooLittle = inPage({ memory: { maxBytes: 1_000_000 } });
    await assert.rejects(page.Model.create(url, tooLittle), { code: 'OUT_OF_MEMORY', message: /needs about 1\.\d MiB/ });
    assert.ok(server.requests.every(({ path }) => !path.endsWith('.mnw')));
  });

  test('addresses: the folder, with or without slash, or the manifest; others are explained', async () => {
    for (const source of [url, url.slice(0, -1), `${url}manifest.json`, new URL(`${url}manifest.json#x`)]) {
      const model = await page.Model.create(source, inPage());
      assert.equal(model.info.name, 'pretrainedResnet_quant');
    }
    await assert.rejects(page.Model.create('models/x', inPage()), { code: 'INVALID_ARGUMENT', message: /no address/ });
    await assert.rejects(page.Model.create(/** @type {any} */ (undefined), inPage()), { code: 'INVALID_ARGUMENT' });
    const wasmUrl = `${server.origin}/wasm/minnow-scalar.wasm`;
    await assert.rejects(page.Model.create(url, inPage({ wasmUrl })), { code: 'INVALID_ARGUMENT', message: /give its folder/ });
  });

  test('the second load makes no request for the package, also with the network off', async () => {
    const first = await page.Model.create(url, inPage());
    const [{ data }] = await first.run(input());
    server.clearLog();
    const second = await page.Model.create(url, inPage());
    assert.deepEqual(server.requests.map(({ path }) => path.split('/')[1]), ['wasm']);
    assert.equal(second.info.fromCache, true);
    assert.deepEqual((await second.run(input()))[0].data, data);
    server.off();
    const wasm = readFileSync(path.join(wasmFolder, 'minnow-scalar.wasm'));
    const fetchOffline = async () => new Response(wasm, { headers: { 'Content-Type': 'application/wasm' } });
    await page.Model.create(url, inPage({ fetch: fetchOffline, variant: 'scalar' }));
  });

  test("storage: 'none' keeps nothing", async () => {
    await page.Model.create(url, inPage({ storage: 'none' }));
    server.clearLog();
    const again = await page.Model.create(url, inPage({ storage: 'none' }));
    assert.ok(server.requests.length > 5);
    assert.equal(again.info.fromCache, false);
  });

  test('a storage that there is not is refused by its name', async () => {
    const storage = /** @type {any} */ ('indexdb');
    await assert.rejects(page.Model.create(url, inPage({ storage })), { code: 'INVALID_ARGUMENT', message: /no "indexdb"; give "indexeddb"/ });
  });

  test("update: 'background' fetches what is new for the next load", async () => {
    const storage = new node.MemoryStorage();
    await page.Model.create(url, inPage({ storage }));
    const text = readFileSync(path.join(folder, 'manifest.json'), 'utf8');
    server.fault('/pkg/manifest.json', { body: text.replace('pretrainedResnet_quant', 'renamed'), contentType: 'application/json' });
    assert.equal((await page.Model.create(url, inPage({ storage }))).info.name, 'pretrainedResnet_quant', 'by default nobody asks');
    const model = await page.Model.create(url, inPage({ storage, update: 'background' }));
    assert.equal(model.info.name, 'pretrainedResnet_quant');
    for (let i = 0; i < 100; i++) {
      if ((await storage.listPackages())[0].name === 'renamed') break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const updated = await page.Model.create(url, inPage({ storage }));
    assert.deepEqual([updated.info.name, updated.info.fromCache], ['renamed', true]);
  });

  test('a package in memory: map or function, manifest as text or object', async () => {
    const text = readFileSync(path.join(folder, 'manifest.json'), 'utf8');
    const manifest = JSON.parse(text);
    /** @param {string} file */
    const read = async (file) => readFileSync(path.join(folder, file));
    const map = new Map();
    for (const { file } of [...manifest.shards, manifest.labels]) map.set(file, await read(file));
    for (const source of [{ manifest, shards: map }, { manifest: text, shards: read }]) {
      const model = await page.Model.create(source, inPage());
      assert.equal(model.info.labels.length, 10);
      assert.equal(model.info.fromCache, false);
    }
    map.set(manifest.shards[1].file, map.get(manifest.shards[0].file));
    await assert.rejects(page.Model.create({ manifest, shards: map }, inPage()), { code: 'INTEGRITY', file: manifest.shards[1].file });
  });

  test('a manifest that does not belong to the shards is BAD_MANIFEST', async () => {
    const manifest = JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8'));
    /** @param {string} file */
    const shards = async (file) => readFileSync(path.join(folder, file));
    const other = { ...manifest, task: 'tensors', inputs: [{ name: 'x', dtype: 'int8', shape: [1, 32, 32, 1] }] };
    await assert.rejects(page.Model.create({ manifest: other, shards }, inPage()), { code: 'BAD_MANIFEST', field: 'inputs' });
    const short = { ...manifest, shards: manifest.shards.slice(0, -1) };
    await assert.rejects(page.Model.create({ manifest: short, shards }, inPage()), { code: 'BAD_MANIFEST', field: 'shards' });
  });

  test('aborting create() rejects with AbortError at every stage, and frees what was begun', async () => {
    for (const stage of ['runtime', 'manifest', 'download', 'prepare']) {
      const controller = new AbortController();
      const options = inPage({
        storage: 'none',
        signal: controller.signal,
        onProgress: ({ phase }) => phase === stage && controller.abort(),
      });
      await assert.rejects(page.Model.create(url, options), { name: 'AbortError' }, stage);
    }
    await assert.rejects(page.Model.create(url, inPage({ signal: AbortSignal.abort() })), { name: 'AbortError' });
  });

  describe('in a worker', () => {
    before(() => (globals.Worker = NodeWorker));
    after(() => delete globals.Worker);
    /** @param {import('../../wasm_glue/src/minnow.js').CreateOptions} [options] */
    const inWorker = (options) => ({ storage: /** @type {const} */ ('none'), ...options });

    test('loads, runs and tells the same as in the calling thread', async () => {
      /** @type {string[]} */
      const phases = [];
      const model = await page.Model.create(url, inWorker({ onProgress: ({ phase }) => phases.push(phase) }));
      assert.deepEqual([...new Set(phases)], ['runtime', 'manifest', 'download', 'prepare']);
      const here = await node.Model.create(folder);
      const data = input();
      assert.deepEqual((await model.run(data))[0], (await here.run(data))[0]);
      assert.equal(data.length, 3072, 'inputs are copied');
      assert.deepEqual(model.info, here.info);
      assert.ok(model.timing.runMs > 0 && model.memory.total > 0);
      model.dispose();
      await assert.rejects(model.run(data), { code: 'DISPOSED' });
    });

    test('without a canvas there, pictures are read here and sent over', async () => {
      const classifier = await page.ImageClassifier.create(url, inWorker());
      const here = await node.ImageClassifier.create(folder);
      const image = /** @type {any} */ (picture());
      assert.deepEqual(await classifier.classify(image), await here.classify(image));
      assert.ok(classifier.timing.imageMs > 0);
      classifier.dispose();
    });

    test('errors keep their class and code', async () => {
      await assert.rejects(page.Model.create(`${server.origin}/nowhere/`, inWorker()), (/** @type {any} */ error) => {
        assert.ok(error instanceof page.MinnowError);
        assert.deepEqual([error.code, error.status, error.url], ['HTTP', 404, `${server.origin}/nowhere/manifest.json`]);
        return true;
      });
    });

    test('a storage and a source of the page work across threads', async () => {
      const storage = new node.MemoryStorage();
      await page.Model.create(url, inWorker({ storage }));
      server.off();
      const cached = await page.Model.create(url, inWorker({ storage }));
      assert.equal(cached.info.fromCache, true);
      const manifest = readFileSync(path.join(folder, 'manifest.json'), 'utf8');
      const shards = async (/** @type {string} */ file) => readFileSync(path.join(folder, file));
      assert.equal((await page.Model.create({ manifest, shards }, inWorker())).info.labels.length, 10);
    });

    test('aborting create() and disposing during a run settle at once', async () => {
      const controller = new AbortController();
      server.fault('/pkg/manifest.json', { delayMs: 5000 });
      const creating = page.Model.create(url, inWorker({ signal: controller.signal }));
      setTimeout(() => controller.abort(), 50);
      await assert.rejects(creating, { name: 'AbortError' });
      server.clearFaults();
      const model = await page.Model.create(url, inWorker());
      const running = assert.rejects(model.run(input()), { code: 'DISPOSED' });
      // The call is on its way after a few microtasks, its answer is not back before the next task.
      for (let i = 0; i < 20; i++) await undefined;
      model.dispose();
      await running;
    });

    test('a worker that does not start is WORKER, with what to do', async () => {
      const workerUrl = new URL('file:///no/such/minnow-worker.js');
      await assert.rejects(page.Model.create(url, inWorker({ workerUrl })), { code: 'WORKER', message: /check the workerUrl option/ });
      globals.Worker = class {
        constructor() {
          throw new DOMException('Failed to construct Worker', 'SecurityError');
        }
      };
      await assert.rejects(page.Model.create(url, inWorker()), { code: 'WORKER', message: /SecurityError/ });
      globals.Worker = NodeWorker;
      await assert.rejects(page.Model.create(url, inWorker({ fetch })), { code: 'INVALID_ARGUMENT', message: /worker: false/ });
    });
  });
});
