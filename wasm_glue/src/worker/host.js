/**
 * The side that holds the model: loads the package, runs it, reads pictures. It lives in a worker, or in the
 * calling thread with `worker: false`; everything that passes in and out can be cloned.
 */
import { linkedController } from '../base/abort.js';
import { topClasses } from '../base/class_scores.js';
import { Engine } from './engine.js';
import { MinnowError } from '../base/errors.js';
import { PackageLoader, filesOf } from '../delivery/loader.js';
import { readManifest } from '../manifest/manifest.js';
import { imageWords } from '../base/option_words.js';
import { loadDelivery, loadTaskModule } from '../base/script_modules.js';
import { bandRows, bandsOf, canReadPictures, openPicture } from '../picture/picture_reader.js';
import { placementOf } from '../picture/placement.js';
import { openStorage } from '../storage/open_storage.js';
import { ProgressReporter } from '../base/progress.js';
import { WasmInstance } from './wasm_instance.js';
import { compileModule, loadWasmModule } from './wasm_module.js';

/** @typedef {import('../base/types.js').Manifest} Manifest */
/** @typedef {import('../base/types.js').RunReport} RunReport */

/** Stack, static data and transfer buffer of the module. */
const MODULE_BYTES = 2 ** 20;

export class Host {
  /** @type {Engine | undefined} */
  #engine;
  /** @type {Manifest | undefined} */
  #manifest;
  /** Of packages with audio or text inputs. @type {import('../sound/sound_and_text.js').SoundAndText | undefined} */
  #soundAndText;
  /** @type {import('../base/types.js').Timing} */
  #timing = { loadMs: 0, imageMs: 0, runMs: 0 };
  #pictureBegunAt = 0;
  #disposal = new AbortController();
  /** While it loads, and until a version on trial has run. @type {PackageLoader | undefined} */
  #loader;
  /** What may be writing to the storage: a load, or the end of a trial. @type {Promise<unknown>} */
  #writing = Promise.resolve();

  /**
   * @param {import('../base/types.js').LoadRequest} request
   * @param {import('../base/types.js').LoadHooks} hooks
   * @returns {Promise<import('../base/types.js').LoadReport>}
   */
  load(request, hooks) {
    const loading = this.#loadOrFallBack(request, hooks);
    this.#writing = loading.catch(() => undefined);
    return loading;
  }

  /**
   * @param {import('../base/types.js').LoadRequest} request
   * @param {import('../base/types.js').LoadHooks} hooks
   */
  async #loadOrFallBack(request, hooks) {
    const begunAt = performance.now();
    const controller = linkedController(hooks.signal);
    const abort = () => controller.abort();
    this.#disposal.signal.addEventListener('abort', abort);
    const load = () => this.#load(request, { ...hooks, signal: controller.signal }, begunAt);
    try {
      return await load().catch(async (error) => {
        // Of a version that was fetched as an update the one before it is still here.
        if (controller.signal.aborted || !(await this.#loader?.failTrial(error))) throw error;
        return load();
      });
    } finally {
      // After a failure this ends what is still under way; after success nothing is.
      controller.unlink();
      controller.abort();
      this.#disposal.signal.removeEventListener('abort', abort);
      await this.#loader?.settled();
      // It holds on to the page's callbacks.
      if (!this.#loader?.isOnTrial) this.#loader = undefined;
    }
  }

  /**
   * @param {import('../base/types.js').LoadRequest} request
   * @param {import('../base/types.js').LoadHooks} hooks
   * @param {number} begunAt
   */
  async #load(request, hooks, begunAt) {
    const { signal, fetch } = hooks;
    const { stallMs } = request;
    const progress = new ProgressReporter(hooks.onProgress);
    progress.enter('runtime');
    const compiling = loadWasmModule(request.wasmUrls, request.variant, { signal, fetch, stallMs }, request.threads > 1);
    compiling.catch(() => undefined);

    progress.enter('manifest');
    const storage = hooks.storage ?? (await openStorage(request.storage));
    const loader = new PackageLoader(request.manifestUrl, { ...request, ...hooks, storage, progress });
    this.#loader = loader;
    const manifest = request.manifest ? await givenManifest(request) : await loader.loadManifest();
    const files = filesOf(manifest);
    progress.expect(files);
    checkMemory(manifest, request.maxBytes);

    // They come while the module is still compiled.
    const arriving = loader.loadFiles(files);
    const { module, variant, isThreaded } = await compiling;
    const threads = isThreaded ? request.threads : 1;
    const engine = isThreaded
      ? await Engine.createShared(module, threads, neededBytes(manifest), request.maxBytes, hooks.startHelpers)
      : await Engine.create(module, request.maxBytes);
    let assets;
    try {
      assets = await this.#fill(engine, manifest, arriving, progress, request, hooks);
      await loader.commit(manifest);
      await progress.delivered();
    } catch (error) {
      engine.dispose();
      throw error;
    }
    this.#engine = engine;
    this.#manifest = manifest;
    this.#timing.loadMs = performance.now() - begunAt;
    return {
      info: {
        name: manifest.name,
        release: manifest.release,
        task: manifest.task,
        inputs: manifest.inputs,
        outputs: manifest.outputs,
        labels: new TextDecoder().decode(assets.get(manifest.labels)).split(/\r?\n/).filter((line, i, lines) => line || i < lines.length - 1),
        detection: manifest.detection,
        segmentation: manifest.segmentation,
        embedding: manifest.embedding,
        packageBytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
        fromCache: loader.isFromCache && !request.manifest,
      },
      variant,
      threads,
      readsPictures: canReadPictures(),
      ...this.#report(engine),
    };
  }

  /**
   * Feeds the package's files to the engine, and makes what its inputs need.
   * @param {Engine} engine
   * @param {Manifest} manifest
   * @param {AsyncIterable<Uint8Array<ArrayBuffer>>} arriving those files
   * @param {ProgressReporter} progress
   * @param {import('../base/types.js').LoadRequest} request
   * @param {import('../base/types.js').LoadHooks} hooks
   */
  async #fill(engine, manifest, arriving, progress, request, { signal, fetch }) {
    const files = filesOf(manifest);
    /** @type {Map<import('../base/types.js').PackageFile | undefined, Uint8Array>} what are not shards */
    const assets = new Map();
    let index = 0;
    for await (const bytes of arriving) {
      const file = files[index++];
      if (index <= manifest.shards.length) engine.pushShard(bytes);
      else assets.set(file, bytes);
    }
    progress.enter('prepare');
    checkAgreement(manifest, engine);
    const { audio, text } = manifest.inputs[0] ?? {};
    if (audio || text) {
      const compiled = compileModule(request.wasmUrls['sound-text'], { signal, fetch });
      compiled.catch(() => undefined);
      const { SoundAndText } = await loadTaskModule();
      /** @type {import('../sound/sound_and_text.js').SoundTextPart} */
      const part = new WasmInstance(await WasmInstance.instantiate(await compiled));
      this.#soundAndText = new SoundAndText(engine, part, manifest, assets.get(manifest.vocabulary), () => this.#run(engine));
    }
    return assets;
  }

  /**
   * @param {import('../base/types.js').TensorData[]} inputs checked by the caller
   * @returns {Promise<RunReport & { outputs: import('../base/types.js').TensorData[] }>}
   */
  async run(inputs) {
    const { engine } = this.#ready();
    inputs.forEach((data, i) => engine.setInput(i, data));
    this.#run(engine);
    return { outputs: engine.outputs.map((_, i) => engine.output(i)), ...this.#report(engine) };
  }

  /**
   * @param {import('../base/types.js').TensorData[]} inputs checked by the caller
   * @param {number} runs
   * @returns {Promise<RunReport & { profile: import('../base/types.js').Profile }>}
   */
  async profile(inputs, runs) {
    const { profileEngine } = await loadTaskModule();
    const { engine } = this.#ready();
    return { profile: profileEngine(engine, inputs, runs), ...this.#report(engine) };
  }

  /**
   * Reads a picture into the input.
   * @param {import('../picture/picture.js').Picture} picture
   * @returns {Promise<import('../base/types.js').PictureSize>} of the picture, upright
   */
  async readPicture(picture) {
    const begunAt = performance.now();
    const { engine, image } = this.#ready();
    const reader = await openPicture(picture);
    try {
      const placement = placementOf(reader.width, reader.height, image);
      engine.beginImage(0, imageWords(image, placement), bandRows(placement.part.width));
      for (const { rgba, rows } of bandsOf(reader, placement.part)) engine.pushImageRows(rgba, rows);
      engine.endImage();
      this.#timing.imageMs = performance.now() - begunAt;
      return { width: reader.width, height: reader.height };
    } finally {
      reader.close();
    }
  }

  /** For a picture whose rows another thread reads: those of its part. @param {number} width @param {number} height */
  async beginPicture(width, height) {
    this.#pictureBegunAt = performance.now();
    const { engine, image } = this.#ready();
    const placement = placementOf(width, height, image);
    engine.beginImage(0, imageWords(image, placement), bandRows(placement.part.width));
  }

  /** @param {Uint8ClampedArray} rgba at most bandRows(width) rows @param {number} rows */
  async pushRows(rgba, rows) {
    this.#ready().engine.pushImageRows(rgba, rows);
  }

  async endPicture() {
    this.#ready().engine.endImage();
    this.#timing.imageMs = performance.now() - this.#pictureBegunAt;
  }

  /**
   * Runs on what the inputs hold, as the picture read last.
   * @returns {Promise<RunReport & { outputs: import('../base/types.js').RawOutput[] }>}
   */
  async infer() {
    const { engine } = this.#ready();
    this.#run(engine);
    const outputs = engine.outputs.map(({ scale, zeroPoint }, i) => ({ data: engine.output(i), scale, zeroPoint }));
    return { outputs, ...this.#report(engine) };
  }

  /**
   * Runs on what the inputs hold, as the picture read last.
   * @param {number} top
   * @returns {Promise<RunReport & { scores: import('../base/types.js').ClassScore[] }>} best first
   */
  async classify(top) {
    const { engine } = this.#ready();
    this.#run(engine);
    return { scores: topClasses(engine.output(0), engine.outputs[0], top), ...this.#report(engine) };
  }

  /**
   * Begins a sound, and forgets the one before.
   * @param {import('../base/option_words.js').SoundSource} source
   * @returns {Promise<RunReport>}
   */
  async beginSound(source) {
    const { engine, soundAndText } = this.#ready();
    soundAndText.beginSound(source);
    return this.#report(engine);
  }

  /**
   * Runs on each window that is full after these samples.
   * @param {Float32Array} samples interleaved
   * @returns {Promise<RunReport & { windows: import('../base/types.js').SoundWindow[] }>}
   */
  async pushSound(samples) {
    const { engine, soundAndText } = this.#ready();
    return { windows: soundAndText.pushSound(samples), ...this.#report(engine) };
  }

  /** The sound has ended; at most one window more. @returns {ReturnType<Host['pushSound']>} */
  async endSound() {
    const { engine, soundAndText } = this.#ready();
    return { windows: soundAndText.endSound(), ...this.#report(engine) };
  }

  /** Reads a text into the inputs. @param {string} text @returns {Promise<number>} of tokens */
  async readText(text) {
    return this.#ready().soundAndText.readText(text);
  }

  dispose() {
    this.#engine?.dispose();
    this.#engine = undefined;
    this.#disposal.abort();
  }

  /**
   * Disposes, and waits until nothing is being written any more: in WebKit a worker that is ended in the
   * middle of a transaction leaves the database locked, for the next worker too.
   */
  async end() {
    this.dispose();
    await this.#writing;
  }

  /** @param {Engine} engine */
  #run(engine) {
    const begunAt = performance.now();
    try {
      engine.run();
    } catch (error) {
      if (this.#loader) this.#writing = this.#loader.failTrial(error);
      throw error;
    }
    this.#timing.runMs = performance.now() - begunAt;
    if (this.#loader) this.#writing = this.#loader.passTrial();
    this.#loader = undefined;
  }

  #ready() {
    if (!this.#engine || !this.#manifest) throw new MinnowError('DISPOSED', 'The model has been disposed of');
    const { inputs } = this.#manifest;
    const image = /** @type {import('../base/types.js').ImageSpec} */ (inputs[0]?.image);
    const soundAndText = /** @type {import('../sound/sound_and_text.js').SoundAndText} */ (this.#soundAndText);
    return { engine: this.#engine, soundAndText, image };
  }

  /** @param {Engine} engine @returns {RunReport} */
  #report(engine) {
    return { memory: engine.memory, timing: { ...this.#timing } };
  }
}

/** The page's own. @param {import('../base/types.js').LoadRequest} request */
async function givenManifest({ manifest = {}, signature, trust }) {
  if (trust) await (await loadDelivery()).checkTrust({ url: 'The manifest', text: manifest, signature, trust });
  return readManifest(manifest);
}

/** @param {Pick<Manifest, 'memory'>} manifest */
function neededBytes({ memory }) {
  return memory.weights + memory.activations + memory.staging + MODULE_BYTES;
}

/** Fails before anything is fetched when the package cannot fit. @param {Manifest} manifest @param {number | undefined} maxBytes */
function checkMemory({ name, memory }, maxBytes = Infinity) {
  const needed = neededBytes({ memory });
  if (needed <= maxBytes) return;
  throw new MinnowError(
    'OUT_OF_MEMORY',
    `${name} needs about ${toMib(needed)} MiB of memory and memory.maxBytes allows ${toMib(maxBytes)}: raise it, or ` +
      'use a smaller model',
  );
}

/** @param {number} bytes */
function toMib(bytes) {
  return (bytes / 2 ** 20).toFixed(1);
}

/** @param {Manifest} manifest @param {Engine} engine */
function checkAgreement(manifest, engine) {
  if (!engine.isReady) {
    throw new MinnowError('BAD_MANIFEST', 'The manifest names too few shards: pack the model again', { field: 'shards' });
  }
  for (const field of /** @type {const} */ (['inputs', 'outputs'])) {
    /** @param {readonly { dtype: string, shape: readonly number[] }[]} tensors */
    const describe = (tensors) => tensors.map(({ dtype, shape }) => `${dtype}[${shape}]`).join(', ');
    const told = describe(manifest[field]);
    const found = describe(engine[field]);
    if (told !== found) {
      const message = `The manifest's ${field} are ${told}, the shards' are ${found}: pack the model again`;
      throw new MinnowError('BAD_MANIFEST', message, { field });
    }
  }
}
