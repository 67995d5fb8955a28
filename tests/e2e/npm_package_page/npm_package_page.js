/** What npm_package_test.js calls: the package as a page uses it, with results that travel as JSON. */

const PICTURE = '/pictures/grace_hopper.bmp';
const PACKAGE = '/pkg/';

/** @type {typeof import('../../../wasm_glue/src/minnow.js')} */
const minnow = await import(/** @type {string} */ ('/minnow/minnow.js'));

/** @param {import('../../../wasm_glue/src/minnow.js').CreateOptions} [options] */
const create = (options) => minnow.ImageClassifier.create(PACKAGE, options);

/** @param {Promise<unknown>} promise what it is rejected with */
async function failureOf(promise) {
  try {
    await promise;
    return { code: 'none' };
  } catch (error) {
    const { name, code, message, url, file } = /** @type {any} */ (error);
    return { name, code, message, url, file, isMinnowError: error instanceof minnow.MinnowError };
  }
}

async function pictureBlob() {
  return (await fetch(PICTURE)).blob();
}

/** The same picture in every form. @returns {Promise<Record<string, any>>} */
async function everyForm() {
  const blob = await pictureBlob();
  const image = new Image();
  image.src = PICTURE;
  await image.decode();
  const { naturalWidth: width, naturalHeight: height } = image;
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.drawImage(image, 0, 0);
  /** @type {Record<string, any>} */
  const forms = {
    File: new File([blob], 'grace_hopper.bmp', { type: 'image/bmp' }),
    Blob: new Blob([blob]),
    HTMLImageElement: image,
    HTMLCanvasElement: canvas,
    ImageData: context.getImageData(0, 0, width, height),
    ImageBitmap: await createImageBitmap(blob),
  };
  if (typeof OffscreenCanvas === 'function') {
    const offscreen = new OffscreenCanvas(width, height);
    /** @type {OffscreenCanvasRenderingContext2D} */ (offscreen.getContext('2d')).drawImage(image, 0, 0);
    forms.OffscreenCanvas = offscreen;
  }
  if (typeof VideoFrame === 'function') forms.VideoFrame = new VideoFrame(canvas, { timestamp: 0 });
  return forms;
}

window.npmPackage = {
  supported: () => minnow.supported(),

  /** Results for every form of the picture, all asked for at once. @param {boolean} worker */
  async classifyEveryForm(worker) {
    const classifier = await create({ worker });
    const forms = await everyForm();
    const results = await Promise.all(
      Object.entries(forms).map(async ([name, form]) => [name, await classifier.classify(form)]),
    );
    const stillUsable = forms.ImageBitmap.width > 0;
    classifier.dispose();
    return { results: Object.fromEntries(results), stillUsable, variant: classifier.variant };
  },

  /** The uint8 outputs of a run on made-up input, in each variant that works here. */
  async runEveryVariant() {
    const { wasm } = await minnow.supported();
    /** @type {Record<string, number[]>} */
    const outputs = {};
    for (const variant of /** @type {const} */ (['scalar', 'simd128', 'relaxed'])) {
      if (variant !== 'scalar' && !wasm[variant]) continue;
      const model = await minnow.Model.create(PACKAGE, { variant });
      const input = Uint8Array.from({ length: 128 * 128 * 3 }, (_, i) => (i * 2654435761) >>> 24);
      outputs[variant] = Array.from((await model.run(input))[0].data, Number);
      model.dispose();
    }
    return outputs;
  },

  /** Phases, bytes and origin of one load. */
  async load() {
    /** @type {import('../../../wasm_glue/src/minnow.js').Progress[]} */
    const progress = [];
    const classifier = await create({ onProgress: (p) => progress.push(p) });
    const { info, memory, timing } = classifier;
    classifier.dispose();
    const isRising = progress.every(({ loaded, total }, i) => loaded <= total && loaded >= (progress[i - 1]?.loaded ?? 0));
    return { phases: [...new Set(progress.map(({ phase }) => phase))], isRising, last: progress.at(-1), info, memory, timing };
  },

  storedPackages: () => minnow.storage.list(),
  clearStorage: () => minnow.storage.clear(),

  async wrongPictures() {
    const classifier = await create();
    const text = new File(['this is no picture'], 'notes.txt', { type: 'text/plain' });
    const cut = (await pictureBlob()).slice(0, 30);
    /** @type {any[]} */
    const wrong = [text, cut, document.createElement('video'), document.createElement('canvas'), document.body, 'photo.jpg'];
    wrong[3].width = 0;
    const failures = [];
    for (const picture of wrong) failures.push(await failureOf(classifier.classify(picture)));
    const after = await classifier.classify(await pictureBlob());
    classifier.dispose();
    return { failures, after };
  },

  wrongWasmUrl: () => failureOf(create({ wasmUrl: '/app/' })),
  wrongWorkerUrl: () => failureOf(create({ workerUrl: '/no/such/minnow-worker.js' })),
  wrongPackage: () => failureOf(minnow.Model.create('/nothing/here/')),
  tooLittleMemory: () => failureOf(create({ memory: { maxBytes: 1 << 20 } })),

  async abort() {
    const controller = new AbortController();
    const failure = failureOf(create({ storage: 'none', signal: controller.signal, onProgress: () => controller.abort() }));
    return failure;
  },

  async disposeDuringRun() {
    const classifier = await create();
    const failure = failureOf(classifier.classify(await pictureBlob()));
    classifier.dispose();
    return failure;
  },
};
