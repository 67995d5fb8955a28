/** The browser's half of litert_reference.js: runs a model on a batch with LiteRT.js. */
import { loadAndCompile, loadLiteRt, Tensor } from '@litertjs/core';

/**
 * @typedef {object} TensorDetails
 * @property {string} name
 * @property {string} dtype
 * @property {number[]} shape
 * @property {number} sizeBytes
 */

/** @type {Record<string, Int8ArrayConstructor | Uint8ArrayConstructor | Int16ArrayConstructor | Int32ArrayConstructor |
 *   BigInt64ArrayConstructor | Float32ArrayConstructor>} */
const ARRAYS = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  float32: Float32Array,
};

/** @type {Awaited<ReturnType<typeof loadAndCompile>> | undefined} */
let model;

/**
 * A dimension left open (-1, the batch as a rule) is run as 1.
 * @param {{name: string, dtype: string, shape: Int32Array}} details
 * @returns {TensorDetails}
 */
function describe({ name, dtype, shape: declared }) {
  const shape = [...declared].map((size) => (size < 0 ? 1 : size));
  const elements = shape.reduce((product, size) => product * size, 1);
  return { name, dtype, shape, sizeBytes: elements * ARRAYS[dtype].BYTES_PER_ELEMENT };
}

export const litert = {
  /** @param {string} wasmUrl folder, or the file of one variant */
  start: async (wasmUrl) => {
    const { liteRtWasm } = await loadLiteRt(wasmUrl);
    // It rejects a batch of 1 where the model leaves the batch open; the runtime itself resizes and runs.
    liteRtWasm.checkTensorBufferCompatible = () => {};
  },

  /** @param {string} url @returns {Promise<{inputs: TensorDetails[], outputs: TensorDetails[]}>} */
  load: async (url) => {
    model?.delete();
    // Compiling prints a line a model; one thread, so that nothing depends on the machine's cores.
    model = await loadAndCompile(url, { accelerator: 'wasm', cpuOptions: { numThreads: 1 } });
    return { inputs: model.getInputDetails().map(describe), outputs: model.getOutputDetails().map(describe) };
  },

  /**
   * Fetches `count` runs' inputs, concatenated, and posts the outputs, concatenated.
   * @param {string} inputsUrl @param {string} outputsUrl @param {number} count
   */
  run: async (inputsUrl, outputsUrl, count) => {
    if (!model) throw new Error('load a model first');
    const inputs = await (await fetch(inputsUrl)).arrayBuffer();
    const inputDetails = model.getInputDetails().map(describe);
    const outputs = [];
    let at = 0;
    for (let index = 0; index < count; index++) {
      const tensors = inputDetails.map(({ dtype, shape, sizeBytes }) => {
        const data = new ARRAYS[dtype](inputs.slice(at, (at += sizeBytes)));
        return new Tensor(/** @type {any} */ (data), shape);
      });
      const results = await model.run(tensors);
      for (const result of results) outputs.push(result.toTypedArray());
      for (const tensor of [...tensors, ...results]) tensor.delete();
    }
    await fetch(outputsUrl, { method: 'POST', body: new Blob(/** @type {BlobPart[]} */ (outputs)) });
  },
};

Object.assign(window, { litert });
