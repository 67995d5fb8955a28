/// <reference path="./litert_window.d.ts" />
/**
 * Runs a .tflite file with LiteRT.js (XNNPACK in WebAssembly, in headless Chromium) and gives the exact
 * output bytes: what the answers of Minnow are compared with.
 *
 *   node tests/reference/litert_reference.js MODEL INPUTS.bin --count N -o OUTPUTS.bin
 *
 * INPUTS.bin holds N times the model's input tensors, one after the other, in the model's own dtypes;
 * OUTPUTS.bin gets N times its outputs likewise. Without -o only the tensors are described, as JSON.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { launchEngine } from '../e2e/engines/browser_engine.js';
import { startTestServer } from '../e2e/test_server.js';
import { serveLiteRt } from './litert_server.js';
import { repairQuantizedDimensions } from './tflite_repair.js';

/** @typedef {import('./litert_page.js').TensorDetails} TensorDetails */

const PAGE_DIR = path.dirname(fileURLToPath(import.meta.url));
const START_TIMEOUT_MS = 60_000;

/** LiteRT.js in a browser of its own. One model at a time; always `close()` it. */
export class LiteRtReference {
  #engine;
  #server;
  #page;
  /** @type {{inputs: TensorDetails[], outputs: TensorDetails[]} | undefined} */
  #details;
  #jobs = 0;

  /**
   * @param {import('../e2e/engines/browser_engine.js').Engine} engine
   * @param {import('../e2e/test_server.js').TestServer} server
   * @param {import('../e2e/engines/browser_engine.js').EnginePage} page
   */
  constructor(engine, server, page) {
    this.#engine = engine;
    this.#server = server;
    this.#page = page;
  }

  /**
   * @param {{variant?: 'relaxed' | 'simd'}} [options] relaxed SIMD (LiteRT.js's own choice in Chromium, the
   *   default here) or plain SIMD
   */
  static async open({ variant = 'relaxed' } = {}) {
    const server = await startTestServer({ '/page/': PAGE_DIR });
    await serveLiteRt(server, '/litert/');
    const engine = await launchEngine('chromium').catch(async (error) => {
      await server.close();
      throw error;
    });
    const page = await engine.newPage();
    const reference = new LiteRtReference(engine, server, page);
    try {
      await page.goto(`${server.origin}/page/litert_page.html`);
      await page.waitFor(() => Boolean(window.litert), START_TIMEOUT_MS);
      await page.evaluate(
        (url) => window.litert.start(url),
        variant === 'simd' ? '/litert/core/wasm/litert_wasm_compat_internal.js' : '/litert/core/wasm/',
      );
      return reference;
    } catch (error) {
      await reference.close();
      throw error;
    }
  }

  /**
   * @param {string} modelPath
   * @returns {Promise<{inputs: TensorDetails[], outputs: TensorDetails[]}>}
   */
  async load(modelPath) {
    const model = repairQuantizedDimensions(await readFile(modelPath));
    const url = `/model/${this.#jobs++}.tflite`;
    this.#server.handle(url, (_request, response) => void response.end(model));
    const details = await this.#page.evaluate((url) => window.litert.load(url), url);
    this.#details = details;
    return details;
  }

  /**
   * @param {Uint8Array} inputs `count` times the input tensors of the loaded model
   * @param {number} count
   * @returns {Promise<Buffer>} `count` times its output tensors
   */
  async run(inputs, count) {
    if (!this.#details) throw new Error('load a model first');
    const expected = count * this.#details.inputs.reduce((sum, tensor) => sum + tensor.sizeBytes, 0);
    if (inputs.byteLength !== expected) {
      throw new Error(`${count} runs of this model take ${expected} bytes of input, not ${inputs.byteLength}`);
    }
    const job = this.#jobs++;
    /** @type {Buffer | undefined} */
    let outputs;
    this.#server.handle(`/inputs/${job}`, (_request, response) => void response.end(inputs));
    this.#server.handle(`/outputs/${job}`, (_request, response, body) => {
      outputs = body;
      response.end();
    });
    await this.#page.evaluate((job, count) => window.litert.run(`/inputs/${job}`, `/outputs/${job}`, count), job, count);
    if (!outputs) throw new Error('the page sent no outputs');
    return outputs;
  }

  async close() {
    await this.#engine.close();
    await this.#server.close();
  }
}

/**
 * One model, one batch.
 * @param {string} modelPath
 * @param {Uint8Array} inputs
 * @param {number} count
 * @param {{variant?: 'relaxed' | 'simd'}} [options]
 * @returns {Promise<{inputs: TensorDetails[], outputs: TensorDetails[], data: Buffer}>}
 */
export async function runLiteRt(modelPath, inputs, count, options) {
  const reference = await LiteRtReference.open(options);
  try {
    const details = await reference.load(modelPath);
    return { ...details, data: await reference.run(inputs, count) };
  } finally {
    await reference.close();
  }
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      count: { type: 'string', default: '1' },
      output: { type: 'string', short: 'o' },
      variant: { type: 'string', default: 'relaxed' },
    },
  });
  const [modelPath, inputsPath] = positionals;
  const count = Number(values.count);
  const { variant } = values;
  const isComplete = modelPath && Boolean(inputsPath) === Boolean(values.output);
  if (!isComplete || !(count > 0) || (variant !== 'relaxed' && variant !== 'simd')) {
    console.error('usage: litert_reference.js MODEL [INPUTS.bin --count N -o OUTPUTS.bin] [--variant relaxed|simd]');
    process.exitCode = 2;
    return;
  }
  const reference = await LiteRtReference.open({ variant });
  try {
    console.log(JSON.stringify(await reference.load(modelPath)));
    if (values.output) await writeFile(values.output, await reference.run(await readFile(inputsPath), count));
  } finally {
    await reference.close();
  }
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) await main();
