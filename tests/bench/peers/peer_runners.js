/**
 * One model in one engine, behind one interface. Each run takes its inputs from and leaves its outputs in
 * arrays of the page's, by the engine's own public calls.
 *
 * @typedef {{ dtype: string, shape: readonly number[] }} Port
 * @typedef {Int8Array | Uint8Array | Int16Array | Int32Array | BigInt64Array | Float32Array} Data
 * @typedef {object} Runner
 * @property {Port[]} inputs
 * @property {(data: Data[]) => void} setInputs
 * @property {() => Promise<Data[]>} run the outputs, copied
 * @property {() => number} memoryBytes of the engine's wasm memory; 0: it does not tell
 */

/** @type {Record<string, new (length: number) => Data>} */
export const ARRAYS = {
  float32: Float32Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
};

/** @param {string} url @param {number} threads @returns {Promise<Runner>} */
export async function openMinnow(url, threads) {
  const { Model } = await import('minnow');
  const options = /** @type {import('minnow').CreateOptions} */ ({ worker: false, storage: 'none', threads });
  const model = await Model.create(url, options);
  /** @type {any} */
  let inputs = [];
  return {
    inputs: model.info.inputs.map(({ dtype, shape }) => ({ dtype, shape })),
    setInputs: (data) => void (inputs = data),
    run: async () => (await model.run(inputs)).map(({ data }) => /** @type {Data} */ (data)),
    memoryBytes: () => model.memory.total,
  };
}

/** @param {string} url @param {number} threads @returns {Promise<Runner>} */
export async function openLiteRt(url, threads) {
  const { loadAndCompile, loadLiteRt, Tensor } = await import('@litertjs/core');
  const { liteRtWasm } = await loadLiteRt('/litert/core/wasm/', { threads: threads > 1 });
  liteRtWasm.checkTensorBufferCompatible = () => {};
  const model = await loadAndCompile(url, { accelerator: 'wasm', cpuOptions: { numThreads: threads } });
  const inputs = model.getInputDetails().map(({ dtype, shape }) => ({ dtype, shape: [...shape].map((size) => Math.max(size, 1)) }));
  /** @type {InstanceType<typeof Tensor>[]} */
  let tensors = [];
  return {
    inputs,
    setInputs: (data) => void (tensors = data.map((values, i) => new Tensor(/** @type {any} */ (values), inputs[i].shape))),
    run: async () => {
      const results = await model.run(tensors);
      return results.map((result) => {
        const data = /** @type {Data} */ (result.toTypedArray());
        result.delete();
        return data;
      });
    },
    memoryBytes: () => /** @type {any} */ (liteRtWasm).HEAPU8?.byteLength ?? 0,
  };
}

/** @param {string} url @param {number} threads @returns {Promise<Runner>} */
export async function openOrt(url, threads) {
  const ort = await import('onnxruntime-web');
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.wasmPaths = '/ort/';
  const session = await ort.InferenceSession.create(url, { executionProviders: ['wasm'], graphOptimizationLevel: 'all' });
  const metadata = /** @type {any[]} */ (session.inputMetadata);
  const inputs = metadata.map(({ type, shape }) => ({
    dtype: type,
    shape: shape.map((/** @type {number | string} */ size) => (typeof size === 'number' ? size : 1)),
  }));
  /** @type {Record<string, InstanceType<typeof ort.Tensor>>} */
  let feeds = {};
  return {
    inputs,
    setInputs: (data) => {
      feeds = Object.fromEntries(data.map((values, i) => [session.inputNames[i], new ort.Tensor(/** @type {any} */ (values), inputs[i].shape)]));
    },
    run: async () => {
      const results = await session.run(feeds);
      return session.outputNames.map((name) => /** @type {Data} */ (results[name].data));
    },
    memoryBytes: () => 0,
  };
}
