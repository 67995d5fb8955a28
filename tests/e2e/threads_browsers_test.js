/**
 * A model on several threads, in a worker and in the page: the bytes of one thread; one thread where memory cannot be shared. The page
 * starts the helpers: in Firefox a worker that starts one itself may wait for ever, once in some hundred times on a busy machine.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { missingNative, packOnce } from '../parity/native_minnow.js';
import { ENGINE_NAMES, launchEngine, missingEngine } from './engines/browser_engine.js';
import { startTestServer } from './test_server.js';

const DIST = fileURLToPath(new URL('../../wasm_glue/dist', import.meta.url));
const MODEL = 'models/coral/mobilenet_v1_0.25_128_quant.tflite';
const THREADS = 3;
const RUNS = 20;

/**
 * In the page: the answers to the same noise.
 * @param {number} threads
 * @param {boolean} worker
 * @param {number} runs
 */
async function answersOf(threads, worker, runs) {
  const url = '/minnow/minnow.js';
  const { Model, supported } = await import(url);
  /** @type {Worker[]} */
  const helpers = [];
  let ended = 0;
  const { Worker } = globalThis;
  globalThis.Worker = class extends Worker {
    /** @param {string | URL} script @param {WorkerOptions} [options] */
    constructor(script, options) {
      super(script, options);
      if (String(script).endsWith('minnow-helper.js')) helpers.push(this);
    }
    terminate() {
      if (helpers.includes(this)) ended++;
      super.terminate();
    }
  };
  const model = await Model.create('/package/', { threads, worker, storage: 'none' });
  const [{ shape }] = model.info.inputs;
  const input = new Uint8Array(shape.reduce((/** @type {number} */ product, /** @type {number} */ size) => product * size, 1));
  const answers = [];
  for (let run = 0, state = 1; run < runs; run++) {
    for (let i = 0; i < input.length; i++) input[i] = (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24;
    const [{ data }] = await model.run(input);
    answers.push(Array.from(data).join());
  }
  const canShare = (await supported()).wasm.threads;
  const endedEarly = ended;
  model.dispose();
  for (let looks = 0; looks < 200 && ended < helpers.length; looks++) await new Promise((resolve) => setTimeout(resolve, 20));
  globalThis.Worker = Worker;
  return { threads: model.threads, canShare, answers, helpers: helpers.length, endedEarly, ended };
}

for (const name of ENGINE_NAMES) {
  test(`threads in ${name}`, { skip: missingEngine(name) ?? missingNative(MODEL) }, async (t) => {
    const server = await startTestServer({ '/minnow/': DIST, '/package/': await packOnce(MODEL) }, { isolate: true });
    server.handle('/blank.html', (_request, response) => {
      response.setHeader('Content-Type', 'text/html; charset=utf-8');
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
      response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
      response.end('<!doctype html><link rel="icon" href="data:,"><title>threads</title>');
    });
    const engine = await launchEngine(name);
    try {
      const page = await engine.newPage();
      await page.goto(`${server.origin}/blank.html`);
      const alone = await page.evaluate(answersOf, 1, false, RUNS);
      assert.equal(alone.threads, 1);
      assert.ok(new Set(alone.answers).size > 1, 'other inputs, other answers');
      for (const worker of [true, false]) {
        const shared = await page.evaluate(answersOf, THREADS, worker, RUNS);
        t.diagnostic(`${name}, ${worker ? 'in a worker' : 'in the page'}: ${shared.threads} threads`);
        assert.equal(shared.threads, alone.canShare ? THREADS : 1);
        assert.deepEqual(shared.answers, alone.answers);
        assert.equal(shared.helpers, shared.threads - 1, 'helpers that the page started');
        assert.deepEqual([shared.endedEarly, shared.ended], [0, shared.helpers], 'they end with the model');
      }
      const fetched = new Set(server.requests.map((request) => path.basename(request.path)));
      assert.equal([...fetched].some((file) => file.endsWith('-threads.wasm')), alone.canShare);
      assert.deepEqual(page.consoleMessages.filter(({ type }) => type === 'error' || type === 'pageerror'), []);
    } finally {
      await engine.close();
      await server.close();
    }
  });
}
