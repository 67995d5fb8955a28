/** What chain_browsers_test.js calls: a split package as a page uses it, with results that travel as JSON. */

const PICTURE = '/pictures/grace_hopper.bmp';

/** @type {typeof import('../../../wasm_glue/src/minnow.js')} */
const { MinnowError, Model, storage } = await import(/** @type {string} */ ('/minnow/minnow.js'));
/** @type {typeof import('../../../wasm_glue/src/chain.js')} */
const { ModelChain } = await import(/** @type {string} */ ('/minnow/chain.js'));

/** @param {import('../../../wasm_glue/src/chain.js').ChainOptions} [options] */
const create = (options) => ModelChain.create('/pkg/', options);

/** @param {Promise<unknown>} promise what it is rejected with */
async function failureOf(promise) {
  try {
    await promise;
    return { code: 'none' };
  } catch (error) {
    const { name, code, message, url } = /** @type {any} */ (error);
    return { name, code, message, url, isMinnowError: error instanceof MinnowError };
  }
}

async function pictureBlob() {
  return (await fetch(PICTURE)).blob();
}

/** @param {{ dtype: string, shape: readonly number[] }} spec */
function madeUp({ shape }) {
  return Uint8Array.from({ length: shape.reduce((product, dim) => product * dim, 1) }, (_, i) => (i * 2654435761) >>> 24);
}

window.chainPage = {
  /** The picture as a file and as an element, and what it took. @param {import('../../../wasm_glue/src/chain.js').ChainOptions} options */
  async classify(options) {
    const chain = await create(options);
    const image = new Image();
    image.src = PICTURE;
    await image.decode();
    const results = [await chain.classify(await pictureBlob()), await chain.classify(image)];
    const { info, partCount, peakMemory, timing } = chain;
    chain.dispose();
    return { results, info, partCount, peakMemory, timing };
  },

  /** Whether whole and parts give the same bytes, in a worker and without. */
  async compare() {
    const model = await Model.create('/whole/', { storage: 'none' });
    const input = madeUp(model.info.inputs[0]);
    const outputs = [(await model.run(input))[0].data];
    const { memory } = model;
    model.dispose();
    for (const worker of [true, false]) {
      const chain = await create({ worker });
      outputs.push((await chain.run(input))[0].data);
      chain.dispose();
    }
    return { outputs: outputs.map((data) => Array.from(data, Number)), memory };
  },

  storedPackages: () => storage.list(),
  clearStorage: () => storage.clear(),
  wholeModel: () => failureOf(Model.create('/pkg/')),

  async preload() {
    const chain = await create();
    await chain.preload();
    chain.dispose();
  },

  /** A run whose second part does not come, given up after a while. */
  async abortRun() {
    const chain = await create({ storage: 'none' });
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 300);
    const failure = await failureOf(chain.classify(await pictureBlob(), { signal: controller.signal }));
    chain.dispose();
    return failure;
  },

  async missingPart() {
    const chain = await create({ storage: 'none' });
    const failure = await failureOf(chain.classify(await pictureBlob()));
    chain.dispose();
    return failure;
  },

  async disposeDuringRun() {
    const chain = await create();
    const failure = failureOf(chain.classify(await pictureBlob()));
    chain.dispose();
    return failure;
  },
};
