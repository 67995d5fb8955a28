/** Split packages in the npm package: ModelChain, against the whole model and against the native tool. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { IDBFactory } from 'fake-indexeddb';
import 'fake-indexeddb/auto';
import { startTestServer } from '../e2e/test_server.js';
import { dataFile, distFolder, importNodeModule, importPageModule, missing, packModel, runNatively, wasmFolder } from './native_tool.js';
import { NodeWorker } from './node_worker.js';

const globals = /** @type {any} */ (globalThis);

const RESNET = 'mlperf_tiny/pretrainedResnet_quant.tflite';
const LABELS = ['--labels', dataFile('labels/cifar10_labels.txt')];
const PARTS = 3;

/** @param {string} folder */
const manifestOf = (folder) => JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8'));

/** @param {{ dtype: string, shape: readonly number[] }} spec @param {number} seed */
function madeUp({ dtype, shape }, seed) {
  const length = shape.reduce((product, dim) => product * dim, 1);
  const bits = (/** @type {number} */ i) => ((i + 1) * 2654435761 * (seed + 1)) >>> 24;
  if (dtype === 'float32') return Float32Array.from({ length }, (_, i) => bits(i) / 255);
  return dtype === 'int8' ? Int8Array.from({ length }, (_, i) => bits(i)) : Uint8Array.from({ length }, (_, i) => bits(i));
}

describe('ModelChain', { skip: missing }, () => {
  /** @type {import('../e2e/test_server.js').TestServer} */
  let server;
  /** @type {typeof import('../../wasm_glue/src/minnow.js')} */
  let page;
  /** @type {typeof import('../../wasm_glue/src/node.js')} */
  let node;
  /** @type {typeof import('../../wasm_glue/src/chain/model_chain.js').ModelChain} */
  let ModelChain;
  let whole = '';
  let folder = '';
  let url = '';

  before(async () => {
    page = await importPageModule();
    node = await importNodeModule();
    ({ ModelChain } = await import(pathToFileURL(path.join(distFolder, 'chain.js')).href));
    whole = packModel(RESNET, ['--shard-size', '16k', ...LABELS]);
    folder = packModel(RESNET, ['--shard-size', '16k', '--split', String(PARTS), ...LABELS]);
    server = await startTestServer({ '/pkg/': folder, '/whole/': whole, '/wasm/': wasmFolder });
    url = `${server.origin}/pkg/`;
  });
  after(() => server.close());
  beforeEach(() => {
    globalThis.indexedDB = new IDBFactory();
    server.clearFaults();
    server.clearLog();
    server.on();
  });

  /** @param {import('../../wasm_glue/src/chain.js').ChainOptions} [options] */
  const inPage = (options) => ({ wasmUrl: `${server.origin}/wasm/`, worker: false, ...options });
  const input = () => /** @type {Int8Array} */ (madeUp({ dtype: 'int8', shape: [1, 32, 32, 3] }, 0));
  const picture = () =>
    /** @type {any} */ ({ width: 100, height: 60, data: Uint8ClampedArray.from({ length: 24000 }, (_, i) => (i % 4 === 3 ? 255 : (i * 7) >> 3)) });
  const partManifests = () => Array.from({ length: PARTS }, (_, i) => manifestOf(path.join(folder, `part-${i}`)));
  /** @param {string} start of a path */
  const requested = (start) => server.requests.filter((request) => request.path.startsWith(start));
  const expected = async () => (await (await node.Model.create(whole)).run(input()))[0].data;

  /** @type {[string, number, string[]][]} */
  const models = [
    ['coral/tf2_mobilenet_v2_1.0_224_ptq.tflite', 4, []],
    ['mlperf_tiny/kws_ref_model.tflite', 3, []],
    ['ultra_light_face/version-RFB-320.onnx', 3, []],
    ['mediapipe/face_landmark_f32.tflite', 5, []],
  ];
  for (const [file, count, options] of models) {
    test(`${file} in ${count} parts gives the bytes of the whole, with any number of parts in memory`, async () => {
      const all = await node.Model.create(packModel(file, options));
      const split = packModel(file, ['--split', String(count), ...options]);
      const inputs = [0, 1].map((seed) => all.info.inputs.map((spec) => madeUp(spec, seed)));
      const results = [];
      for (const tensors of inputs) results.push(await all.run(tensors));
      assert.notDeepEqual(results[0], results[1]);
      for (const partsInMemory of [1, 2, count]) {
        const chain = await node.ModelChain.create(split, { partsInMemory });
        assert.deepEqual([chain.info.inputs, chain.info.outputs, chain.info.task], [all.info.inputs, all.info.outputs, all.info.task]);
        assert.equal(chain.partCount, count);
        assert.deepEqual(await chain.run(inputs[0]), results[0]);
        // Two at once are done in turn, with their own inputs.
        assert.deepEqual(await Promise.all([chain.run(inputs[1]), chain.run(inputs[0])]), [results[1], results[0]]);
        chain.dispose();
      }
      // Sums of floats are the engine's own; integers are the same everywhere.
      if (all.info.inputs.some(({ dtype }) => dtype === 'float32')) return;
      const raw = path.join(path.dirname(split), `chain_input_${process.pid}.bin`);
      writeFileSync(raw, Buffer.concat(inputs[0].map(({ buffer }) => Buffer.from(/** @type {ArrayBuffer} */ (buffer)))));
      const bytes = Buffer.concat(results[0].map(({ data }) => Buffer.from(/** @type {ArrayBuffer} */ (data.buffer))));
      assert.deepEqual(runNatively(split, raw), bytes, 'the native tool runs the parts to the same end');
    });
  }

  test('one part at a time takes less memory than the whole; figures for MobileNetV2 in 4 parts', async () => {
    const [file, count] = models[0];
    const all = await node.Model.create(packModel(file));
    const split = packModel(file, ['--split', String(count)]);
    /** Of each part alone. @type {import('../../wasm_glue/src/minnow.js').MemoryReport[]} */
    const alone = [];
    for (let i = 0; i < count; i++) alone.push((await node.Model.create(path.join(split, `part-${i}`))).memory);
    const tensors = all.info.inputs.map((spec) => madeUp(spec, 0));
    /** @param {{ weights: number, activations: number }} memory */
    const sum = ({ weights, activations }) => weights + activations;
    for (const partsInMemory of [1, 2, count]) {
      const chain = await node.ModelChain.create(split, { partsInMemory });
      for (let run = 0; run < 2; run++) await chain.run(tensors);
      // The first k − 1 parts stay, the others take turns.
      const turns = alone.slice(partsInMemory - 1).map((last) => [...alone.slice(0, partsInMemory - 1), last]);
      const sums = turns.map((together) => together.reduce((bytes, memory) => bytes + sum(memory), 0));
      assert.equal(sum(chain.peakMemory), Math.max(...sums));
      assert.equal(sum(chain.memory), sums.at(-1));
      if (partsInMemory === 1) {
        assert.ok(sum(chain.peakMemory) < 0.5 * sum(all.memory) && chain.peakMemory.total < 0.6 * all.memory.total);
        const told = sum(manifestOf(split).memory);
        assert.ok(Math.abs(told / Math.max(...sums) - 1) < 0.01, `the manifest says so beforehand, and says ${told}`);
      }
      console.log(`${partsInMemory} of ${count} parts in memory: weights and activations ${sum(chain.peakMemory)} bytes at most, the whole ${sum(all.memory)}; wasm memory ${chain.peakMemory.total} and ${all.memory.total}`);
      chain.dispose();
    }
  });

  test('a picture is classified as by the whole', async () => {
    const classifier = await node.ImageClassifier.create(whole);
    const chain = await node.ModelChain.create(folder);
    const results = await classifier.classify(picture());
    assert.ok(results[0].label);
    assert.deepEqual(await chain.classify(picture()), results);
    assert.deepEqual(await chain.classify(picture(), { top: 2 }), results.slice(0, 2));
    assert.deepEqual(chain.info.labels, classifier.info.labels);
    assert.ok(chain.timing.loadMs > 0 && chain.timing.imageMs > 0 && chain.timing.runMs > 0);
    await assert.rejects(chain.classify(/** @type {any} */ ('photo.jpg')), (error) => error instanceof page.MinnowError && error.code === 'BAD_IMAGE');
    const tensors = await node.ModelChain.create(packModel('mlperf_tiny/kws_ref_model.tflite', ['--split', '3']));
    await assert.rejects(tensors.classify(picture()), { code: 'WRONG_TASK', message: /use run\(\)/ });
    await assert.rejects(chain.run(new Int8Array(5)), { code: 'INVALID_ARGUMENT', message: /inputs\[0\].*Int8Array of 3072/ });
  });

  test('create() brings in the first part only; the first run the others; then no request is made any more', async () => {
    /** @type {import('../../wasm_glue/src/minnow.js').Progress[]} */
    const progress = [];
    const chain = await ModelChain.create(url, inPage({ onProgress: (p) => progress.push(p) }));
    assert.ok(requested('/pkg/part-0/000').length > 0 && requested('/pkg/part-1/000').length === 0);
    assert.equal((await page.storage.list()).length, 0, 'an incomplete package is not one yet');
    const [{ data }] = await chain.run(input());
    assert.deepEqual(data, await expected());
    const paths = requested('/pkg/').map((request) => request.path);
    assert.equal(new Set(paths).size, paths.length, 'each file once');
    assert.deepEqual([...new Set(progress.map(({ phase }) => phase))], ['manifest', 'download', 'prepare']);
    assert.ok(progress.every(({ loaded, total }, i) => loaded <= total && loaded >= (progress[i - 1]?.loaded ?? 0)));
    const { loaded, total } = progress[progress.length - 1];
    assert.deepEqual([loaded, total], [chain.info.packageBytes, chain.info.packageBytes]);
    assert.equal(chain.info.fromCache, false);
    chain.dispose();
    assert.deepEqual((await page.storage.list()).map((stored) => [stored.url, stored.bytes]), [[`${url}manifest.json`, total]]);
    server.clearLog();
    const again = await ModelChain.create(url, inPage());
    assert.deepEqual((await again.run(input()))[0].data, data);
    assert.deepEqual([requested('/pkg/').length, again.info.fromCache], [0, true]);
    again.dispose();
    assert.equal(await page.storage.delete(url), true);
    assert.equal((await page.storage.list()).length, 0);
  });

  test('preload() brings in all; then runs need no network', async () => {
    const chain = await ModelChain.create(url, inPage());
    await chain.preload();
    assert.equal((await page.storage.list()).length, 1);
    server.clearLog();
    const wasm = readFileSync(path.join(wasmFolder, 'minnow-scalar.wasm'));
    const offline = async () => new Response(wasm, { headers: { 'Content-Type': 'application/wasm' } });
    const later = await ModelChain.create(url, inPage({ fetch: offline, variant: 'scalar' }));
    assert.deepEqual((await later.run(input()))[0].data, await expected());
    assert.equal(requested('/pkg/').length, 0);
  });

  test("storage: 'none' fetches the parts in each run, and drops them", async () => {
    const chain = await ModelChain.create(url, inPage({ storage: 'none' }));
    await chain.preload();
    for (let run = 0; run < 2; run++) assert.deepEqual((await chain.run(input()))[0].data, await expected());
    assert.ok(requested('/pkg/part-1/000').length >= 2);
  });

  test('a package in memory', async () => {
    const shards = async (/** @type {string} */ file) => readFileSync(path.join(folder, file));
    const manifest = readFileSync(path.join(folder, 'manifest.json'), 'utf8');
    for (const text of [manifest, JSON.parse(manifest)]) {
      const chain = await ModelChain.create({ manifest: text, shards }, inPage());
      assert.deepEqual((await chain.run(input()))[0].data, await expected());
    }
    const map = new Map([['part-0/manifest.json', await shards('part-0/manifest.json')]]);
    await assert.rejects(ModelChain.create({ manifest, shards: map }, inPage()), { code: 'INTEGRITY', file: 'part-1/manifest.json' });
    await assert.rejects(ModelChain.create(/** @type {any} */ ({}), inPage()), { code: 'INVALID_ARGUMENT' });
  });

  test('a missing, damaged or foreign part is named, and the chain works again once it is right', async () => {
    const [, { shards }] = partManifests();
    const { file } = shards[0];
    for (const ending of ['', '.br', '.gz']) server.fault(`/pkg/part-1/${file}${ending}`, { status: 404 });
    const chain = await ModelChain.create(url, inPage());
    const isHttp = (/** @type {any} */ error) => {
      assert.ok(error instanceof page.MinnowError);
      assert.deepEqual([error.code, error.status, error.url], ['HTTP', 404, `${url}part-1/${file}`]);
      return true;
    };
    await assert.rejects(chain.run(input()), isHttp);
    await assert.rejects(chain.preload(), isHttp);
    server.clearFaults();
    for (const ending of ['', '.br', '.gz']) server.fault(`/pkg/part-1/${file}${ending}`, { flipBit: 999 });
    await assert.rejects(chain.run(input()), { code: 'INTEGRITY', file: `part-1/${file}` });
    server.clearFaults();
    assert.deepEqual((await chain.run(input()))[0].data, await expected());
    chain.dispose();
    await page.storage.clear();

    server.fault('/pkg/part-2/manifest.json', { status: 404 });
    await assert.rejects(ModelChain.create(url, inPage()), { code: 'HTTP', url: `${url}part-2/manifest.json` });
    server.fault('/pkg/part-2/manifest.json', { body: readFileSync(path.join(folder, 'part-1/manifest.json')), contentType: 'application/json' });
    await assert.rejects(ModelChain.create(url, inPage()), { code: 'INTEGRITY', file: 'part-2/manifest.json' });
    server.off();
    await assert.rejects(ModelChain.create(`${url}?other`, inPage({ signal: AbortSignal.timeout(100) })), { name: 'TimeoutError' });
  });

  test('whole and split packages are told apart', async () => {
    const options = inPage({ storage: 'none' });
    await assert.rejects(page.Model.create(url, options), { code: 'WRONG_TASK', message: /use ModelChain/, field: 'parts', url: `${url}manifest.json` });
    await assert.rejects(page.ImageClassifier.create(url, options), { code: 'WRONG_TASK', message: /use ModelChain/ });
    await assert.rejects(ModelChain.create(`${server.origin}/whole/`, options), { code: 'BAD_MANIFEST', field: 'parts', message: /this package is whole/ });
    const [{ data }] = await (await page.Model.create(`${url}part-0/`, options)).run(input());
    assert.equal(data.constructor, Int8Array, 'a part is a model of its own');
  });

  test('wrong manifests are explained', async () => {
    const shards = async (/** @type {string} */ file) => readFileSync(path.join(folder, file));
    /** @param {(manifest: any) => void} spoil @param {string} field */
    const expectRefusal = async (spoil, field) => {
      const manifest = manifestOf(folder);
      spoil(manifest);
      await assert.rejects(ModelChain.create({ manifest, shards }, inPage()), { code: 'BAD_MANIFEST', field });
    };
    await expectRefusal((m) => (m.parts = m.parts.slice(0, 1)), 'parts');
    await expectRefusal((m) => (m.parts[1].folder = '../x'), 'parts[1].folder');
    await expectRefusal((m) => (m.parts[1].manifest.sha256 = 'x'), 'shards[1].sha256');
    await expectRefusal((m) => (m.parts[0].inputs = [{ part: 0, output: 0 }]), 'parts[0].inputs[0].input');
    await expectRefusal((m) => (m.parts[1].inputs[0].part = 1), 'parts[1].inputs[0].part');
    await expectRefusal((m) => (m.parts[1].inputs[0].output = 7), 'parts[1].inputs');
    await expectRefusal((m) => (m.parts[1].inputs[0] = { input: 0 }), 'parts');
    await expectRefusal((m) => (m.results = []), 'results');
    await expectRefusal((m) => (m.results[0].part = 3), 'results[0].part');
    await expectRefusal((m) => (m.results[0].part = 0), 'results');
    await expectRefusal((m) => (m.name = 7), 'name');
    const newer = { ...manifestOf(folder), version: 3 };
    await assert.rejects(ModelChain.create({ manifest: newer, shards }, inPage()), { code: 'UNSUPPORTED_VERSION' });
  });

  test('memory.maxBytes holds for the parts together', async () => {
    const most = Math.max(...partManifests().map(({ memory }) => memory.weights + memory.activations + memory.staging)) + 2 ** 20;
    const chain = await ModelChain.create(url, inPage({ memory: { maxBytes: most + 2 ** 17 } }));
    assert.deepEqual((await chain.run(input()))[0].data, await expected());
    const two = await ModelChain.create(url, inPage({ partsInMemory: 2, memory: { maxBytes: most + 2 ** 17 } }));
    await assert.rejects(two.run(input()), (error) => error instanceof page.MinnowError && error.code === 'OUT_OF_MEMORY');
    for (const partsInMemory of [0, 1.5, NaN]) {
      await assert.rejects(ModelChain.create(url, inPage({ partsInMemory })), { code: 'INVALID_ARGUMENT', message: /partsInMemory/ });
    }
  });

  test('aborting create() and run() rejects at once, and the chain goes on', async () => {
    await assert.rejects(ModelChain.create(url, inPage({ signal: AbortSignal.abort() })), { name: 'AbortError' });
    for (const stage of ['manifest', 'download', 'prepare']) {
      const controller = new AbortController();
      const onProgress = (/** @type {any} */ { phase }) => phase === stage && controller.abort();
      await assert.rejects(ModelChain.create(url, inPage({ storage: 'none', signal: controller.signal, onProgress })), { name: 'AbortError' }, stage);
    }
    const chain = await ModelChain.create(url, inPage());
    await assert.rejects(chain.run(input(), { signal: AbortSignal.abort() }), { name: 'AbortError' });
    await assert.rejects(chain.preload({ signal: AbortSignal.abort() }), { name: 'AbortError' });
    const [, { shards }] = partManifests();
    for (const { file } of shards) for (const ending of ['', '.br', '.gz']) server.fault(`/pkg/part-1/${file}${ending}`, { hold: new Promise(() => {}) });
    const controller = new AbortController();
    const running = assert.rejects(chain.run(input(), { signal: controller.signal }), { name: 'AbortError' });
    const waiting = chain.run(input());
    while (requested('/pkg/part-1/000').length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    server.clearFaults();
    controller.abort();
    await running;
    assert.deepEqual((await waiting)[0].data, await expected(), 'the one behind it gets its turn');
  });

  test('dispose() ends what is under way; what comes later is DISPOSED', async () => {
    const chain = await ModelChain.create(url, inPage());
    const [, { shards }] = partManifests();
    for (const ending of ['', '.br', '.gz']) server.fault(`/pkg/part-1/${shards[0].file}${ending}`, { hold: new Promise(() => {}) });
    const running = [chain.run(input()), chain.classify(picture()), chain.preload()].map((run) =>
      assert.rejects(run, (error) => error instanceof page.MinnowError && error.code === 'DISPOSED'),
    );
    while (requested('/pkg/part-1/000').length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    chain.dispose();
    chain.dispose();
    await Promise.all(running);
    assert.deepEqual(chain.memory, { weights: 0, activations: 0, total: 0 });
    await assert.rejects(chain.run(input()), { code: 'DISPOSED', message: /create it again/ });
  });

  describe('in workers', () => {
    /** @type {string[]} */
    let log = [];
    let alive = 0;
    let started = 0;

    /** Tells when a part runs, and how many workers there are. */
    class WatchedWorker extends NodeWorker {
      #isAlive = true;
      /** @param {string | URL} scriptUrl @param {{ name?: string }} [options] */
      constructor(scriptUrl, options) {
        super(scriptUrl, options);
        alive++;
        started++;
      }
      /** @param {any} data @param {any[]} [transfer] */
      postMessage(data, transfer) {
        if (data.path?.[0] === 'run') {
          log.push('begins');
          this.addEventListener('message', (event) => /** @type {any} */ (event).data.id === data.id && log.push('ends'));
        }
        super.postMessage(data, transfer);
      }
      terminate() {
        if (this.#isAlive) alive--;
        this.#isAlive = false;
        super.terminate();
      }
    }
    before(() => (globals.Worker = WatchedWorker));
    after(() => delete globals.Worker);
    /** Workers end a little after they are told to. @param {number} count */
    const untilAlive = async (count) => {
      for (let i = 0; i < 150 && alive !== count; i++) await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(alive, count);
    };
    beforeEach(async () => {
      await untilAlive(0);
      log = [];
      started = 0;
    });

    test('the next part is fetched while one runs, and only that one', async () => {
      const read = async (/** @type {string} */ file) => {
        if (file.includes('/000')) log.push(`fetch ${file.slice(0, 6)}`);
        return readFileSync(path.join(folder, file));
      };
      const manifest = readFileSync(path.join(folder, 'manifest.json'), 'utf8');
      const chain = await ModelChain.create({ manifest, shards: read }, {});
      assert.deepEqual(log, ['fetch part-0']);
      log.length = 0;
      assert.deepEqual((await chain.run(input()))[0].data, await expected());
      assert.deepEqual(log, ['fetch part-1', 'begins', 'ends', 'fetch part-2', 'begins', 'ends', 'begins', 'ends']);
      chain.dispose();
    });

    test('workers of parts that gave up their place end', async () => {
      const chain = await ModelChain.create(url, { storage: 'none' });
      for (let run = 0; run < 2; run++) assert.deepEqual((await chain.run(input()))[0].data, await expected());
      assert.equal(started, 2 * PARTS);
      await untilAlive(1);
      chain.dispose();
      await untilAlive(0);
    });

    test('all parts stay where there is room, and pictures are sent to the first', async () => {
      const chain = await ModelChain.create(url, { storage: 'none', partsInMemory: PARTS });
      const results = await (await node.ImageClassifier.create(whole)).classify(picture());
      for (let run = 0; run < 3; run++) assert.deepEqual(await chain.classify(picture()), results);
      assert.deepEqual([started, alive], [PARTS, PARTS]);
      assert.equal(chain.memory.weights, partManifests().reduce((sum, { memory }) => sum + memory.weights, 0));
      chain.dispose();
    });
  });
});
