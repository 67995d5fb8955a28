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
  };
}

/** TensorFlow.js as its scripts for pages, in the order in which they build on each other. */
const TFJS_SCRIPTS = ['tfjs-core/dist/tf-core.min.js', 'tfjs-converter/dist/tf-converter.min.js', 'tfjs-backend-wasm/dist/tf-backend-wasm.min.js'];

/** @param {string} url @param {number} threads @returns {Promise<Runner>} */
export async function openTfjs(url, threads) {
  for (const script of TFJS_SCRIPTS) await loadScript(`/tfjs/${script}`);
  const { tf } = /** @type {any} */ (window);
  tf.wasm.setWasmPaths('/tfjs/tfjs-backend-wasm/dist/');
  // It would take the module for several threads all the same. Asked for two, it settles for one where there are two cores.
  if (threads === 1) tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  else tf.wasm.setThreadsCount(threads);
  await tf.setBackend('wasm');
  const model = await tf.loadGraphModel(url);
  const inputs = model.inputs.map((/** @type {any} */ { dtype, shape }) => ({ dtype, shape }));
  /** @type {any[]} */
  let tensors = [];
  return {
    inputs,
    setInputs: (data) => {
      tf.dispose(tensors);
      tensors = data.map((values, i) => tf.tensor(values, inputs[i].shape, inputs[i].dtype));
    },
    run: async () => {
      const results = [model.execute(tensors)].flat();
      const data = await Promise.all(results.map((result) => result.data()));
      tf.dispose(results);
      return data;
    },
  };
}

/** @param {string} src @returns {Promise<unknown>} */
function loadScript(src) {
  const script = Object.assign(document.createElement('script'), { src });
  const loaded = new Promise((resolve, reject) => Object.assign(script, { onload: resolve, onerror: () => reject(new Error(`${src} does not load`)) }));
  document.head.append(script);
  return loaded;
}
