/**
 * Runs an .onnx file with ONNX Runtime (its WebAssembly build, under Node) and gives the exact output
 * bytes: what the answers of Minnow are compared with.
 *
 *   node tests/reference/onnx_reference.js MODEL INPUTS.bin --count N -o OUTPUTS.bin
 *
 * INPUTS.bin holds N times the model's input tensors, one after the other; OUTPUTS.bin gets N times its
 * outputs likewise. Open dimensions count as 1. Without -o only the inputs are described, as JSON.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import * as ort from 'onnxruntime-web';

/** @typedef {import('./litert_page.js').TensorDetails} TensorDetails name, dtype, shape, sizeBytes */

/** @type {Record<string, new (buffer: ArrayBuffer) => Float32Array | Int8Array | Uint8Array | Int32Array | BigInt64Array>} */
const ARRAYS = { float32: Float32Array, int8: Int8Array, uint8: Uint8Array, int32: Int32Array, int64: BigInt64Array };

/** Older exporters list initialisers as inputs, which ONNX Runtime warns of line by line. */
const ERRORS_ONLY = 3;

/** One model in ONNX Runtime; always `close()` it. */
export class OnnxReference {
  #session;

  /** @param {ort.InferenceSession} session */
  constructor(session) {
    this.#session = session;
    /** @type {TensorDetails[]} */
    this.inputs = session.inputMetadata.map(describeInput);
    /** @type {TensorDetails[]} of the last run */
    this.outputs = [];
  }

  /**
   * @param {string} modelPath
   * @returns {Promise<OnnxReference>}
   */
  static async open(modelPath) {
    const dist = path.dirname(createRequire(import.meta.url).resolve('onnxruntime-web'));
    ort.env.wasm.wasmPaths = `${pathToFileURL(dist).href}/`;
    ort.env.wasm.numThreads = 1;
    /** @type {ort.InferenceSession.SessionOptions} */
    const options = { executionProviders: ['wasm'], logSeverityLevel: ERRORS_ONLY };
    return new OnnxReference(await ort.InferenceSession.create(await readFile(modelPath), options));
  }

  /**
   * @param {Uint8Array} data `count` times the input tensors
   * @param {number} count
   * @returns {Promise<Buffer>} `count` times the output tensors
   */
  async run(data, count) {
    const expected = count * this.inputs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    if (data.byteLength !== expected) {
      throw new Error(`${count} runs of this model take ${expected} bytes of input, not ${data.byteLength}`);
    }
    /** @type {Buffer[]} */
    const outputs = [];
    let at = 0;
    for (let run = 0; run < count; run++) {
      /** @type {Record<string, ort.Tensor>} */
      const feeds = {};
      for (const { name, dtype, shape, sizeBytes } of this.inputs) {
        const copy = Uint8Array.from(data.subarray(at, (at += sizeBytes)));
        feeds[name] = new ort.Tensor(/** @type {'float32'} */ (dtype), /** @type {Float32Array} */ (new ARRAYS[dtype](copy.buffer)), shape);
      }
      const results = await this.#session.run(feeds);
      const tensors = this.#session.outputNames.map((name) => ({ name, tensor: results[name] }));
      this.outputs = tensors.map(({ name, tensor }) => details(name, tensor.type, [...tensor.dims]));
      for (const { tensor } of tensors) {
        const { buffer, byteOffset, byteLength } = /** @type {Float32Array} */ (tensor.data);
        outputs.push(Buffer.from(buffer.slice(byteOffset, byteOffset + byteLength)));
      }
    }
    return Buffer.concat(outputs);
  }

  async close() {
    await this.#session.release();
  }
}

/** @param {string} name @param {string} dtype @param {number[]} shape @returns {TensorDetails} */
function details(name, dtype, shape) {
  const array = ARRAYS[dtype];
  if (!array) throw new Error(`"${name}" is ${dtype}, which this reference does not convert`);
  const elements = shape.reduce((a, b) => a * b, 1);
  return { name, dtype, shape, sizeBytes: elements * new array(new ArrayBuffer(0)).BYTES_PER_ELEMENT };
}

/** @param {ort.InferenceSession.ValueMetadata} value @returns {TensorDetails} */
function describeInput(value) {
  if (!value.isTensor) throw new Error(`input "${value.name}" is no tensor`);
  return details(value.name, value.type, value.shape.map((size) => (typeof size === 'number' && size > 0 ? size : 1)));
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { count: { type: 'string', default: '1' }, output: { type: 'string', short: 'o' } },
  });
  const [modelPath, inputsPath] = positionals;
  const count = Number(values.count);
  if (!modelPath || Boolean(inputsPath) !== Boolean(values.output) || !(count > 0)) {
    console.error('usage: onnx_reference.js MODEL [INPUTS.bin --count N -o OUTPUTS.bin]');
    process.exitCode = 2;
    return;
  }
  const reference = await OnnxReference.open(modelPath);
  try {
    console.log(JSON.stringify(reference.inputs));
    if (values.output) await writeFile(values.output, await reference.run(await readFile(inputsPath), count));
  } finally {
    await reference.close();
  }
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) await main();
