/** Sounds in, labelled classes out: files, buffers, and the microphone. */
import { openMicrophone } from './microphone.js';
import { MinnowError, ModelBase, abortable, inOrder, openTask, tell, throwIfAborted } from '../minnow.js';
import { toSamples } from './sound.js';
import { CHUNK_FRAMES, SoundStream, checkStreamOptions } from './sound_stream.js';

/** @typedef {import('./sound.js').SoundSource} SoundSource */
/** @typedef {import('../base/types.js').Classification} Classification */
/** @typedef {import('../base/types.js').SoundWindow} SoundWindow */

/**
 * @typedef {object} ClassifySoundOptions
 * @property {number} [top] how many classes; default 5
 * @property {'mean' | 'max'} [combine] what becomes of the scores where a sound takes several windows; default mean
 * @property {AbortSignal} [signal]
 */

/**
 * @typedef {object} Heard
 * @property {number} time of the window's end, in seconds since the sound began
 * @property {Classification[]} classes most likely first, their scores smoothed over time
 * @property {boolean} isNew the best class has reached `threshold`, and had not within `suppressMs` before
 */

/** @typedef {import('./sound_stream.js').StreamOptions & { top?: number, signal?: AbortSignal }} StreamOptions */

/**
 * @typedef {object} ListenOptions
 * @property {(heard: Heard) => void} onResult
 * @property {(samples: Float32Array, sampleRate: number) => void} [onSamples] each piece of the sound as it comes in, one
 *   channel in -1 … 1, before the model hears it: to draw it, for instance. The array is the listener's to keep
 * @property {MediaStream} [stream] default: the microphone, after asking the user
 * @property {string | URL} [workletUrl] default: minnow-audio-worklet.js beside this module
 */

/** Where the model is slower than the sound, what has waited longer than this is left out. */
const MAX_BACKLOG_SECONDS = 2;

export class AudioClassifier extends ModelBase {
  #isStreaming = false;

  /**
   * Loads a package whose task is audio-classification.
   * @param {import('../base/types.js').PackageSource} source
   * @param {import('../base/types.js').CreateOptions} [options]
   * @returns {Promise<AudioClassifier>}
   */
  static async create(source, options = {}) {
    return new this(await openTask(source, options, 'audio-classification'));
  }

  /**
   * Says what is to be heard. What is shorter than the model's window is followed by silence.
   * @param {SoundSource} sound a Float32Array alone has the model's sample rate
   * @param {ClassifySoundOptions} [options]
   * @returns {Promise<Classification[]>} most likely first
   */
  async classify(sound, { top = 5, combine = 'mean', signal } = {}) {
    throwIfAborted(signal);
    const { samples, sampleRate, channels } = await toSamples(sound, this.#sampleRate, signal);
    const { windows } = await this._inTurn(signal, async () => {
      this.#refuseWhileStreaming();
      await this._client.beginSound({ sampleRate, channels });
      /** @type {SoundWindow[]} */
      const heard = [];
      const step = CHUNK_FRAMES * channels;
      for (let from = 0; from < samples.length; from += step) {
        throwIfAborted(signal);
        heard.push(...(await this._client.pushSound(samples.subarray(from, from + step))).windows);
      }
      const { windows: rest, ...report } = await this._client.endSound();
      return { windows: [...heard, ...rest], ...report };
    });
    return this.#best(combineScores(windows, combine), top);
  }

  /**
   * Classifies many sounds, in order.
   * @param {Iterable<SoundSource> | AsyncIterable<SoundSource>} sounds
   * @param {ClassifySoundOptions} [options]
   * @returns {AsyncGenerator<Classification[], void>}
   */
  classifyAll(sounds, options = {}) {
    return inOrder(sounds, (sound) => this.classify(sound, options), options.signal);
  }

  /**
   * Classifies a sound while it comes in, in overlapping windows.
   * @param {Iterable<Float32Array> | AsyncIterable<Float32Array>} chunks of samples, of any length
   * @param {StreamOptions & { sampleRate?: number, channels?: number }} [options] the samples' rate (default: the
   *   model's) and interleaved channels (default: 1)
   * @returns {AsyncGenerator<Heard, void>}
   */
  async *stream(chunks, { sampleRate = this.#sampleRate, channels = 1, top, ...options } = {}) {
    const sound = await this.#beginStream(sampleRate, channels, options);
    try {
      for await (const chunk of chunks) {
        throwIfAborted(options.signal);
        for await (const heard of sound.push(chunk)) yield this.#heard(heard, top);
      }
    } finally {
      this.#isStreaming = false;
    }
  }

  /**
   * Listens to the microphone, or to another stream. Resolves when the signal aborts or the stream ends. Browsers
   * want it to be called from a click.
   * @param {ListenOptions & StreamOptions} options
   * @returns {Promise<void>}
   */
  async listen({ onResult, onSamples, stream, workletUrl, top, ...options }) {
    const { signal } = options;
    if (typeof onResult !== 'function') throw new MinnowError('INVALID_ARGUMENT', 'onResult: give a function that takes each result');
    checkStreamOptions(options);
    try {
      const microphone = await openMicrophone({ stream, workletUrl, signal });
      try {
        const told = { ...microphone, read: () => readAndTell(microphone, onSamples) };
        await this.#listenTo(told, options, (heard) => tell(onResult, this.#heard(heard, top)));
      } finally {
        microphone.close();
      }
    } catch (error) {
      // Aborting is how listening ends.
      if (!signal?.aborted) throw error;
    }
  }

  /**
   * @param {import('./microphone.js').Microphone} microphone
   * @param {StreamOptions} options
   * @param {(heard: import('./sound_stream.js').Smoothed) => void} onHeard
   */
  async #listenTo(microphone, options, onHeard) {
    const { signal } = options;
    const backlog = MAX_BACKLOG_SECONDS * microphone.sampleRate;
    const sound = await this.#beginStream(microphone.sampleRate, 1, options);
    try {
      for (;;) {
        const samples = await abortable(microphone.read(), signal);
        if (!samples) return;
        const late = Math.max(0, samples.length - backlog);
        if (late > 0) await sound.skip(late);
        for await (const heard of sound.push(samples.subarray(late))) {
          throwIfAborted(signal);
          onHeard(heard);
        }
      }
    } finally {
      this.#isStreaming = false;
    }
  }

  /** @param {number} sampleRate @param {number} channels @param {StreamOptions} options */
  async #beginStream(sampleRate, channels, { signal, intervalMs, ...smoothing }) {
    checkStreamOptions({ intervalMs, ...smoothing });
    this.#refuseWhileStreaming();
    const hopSamples = intervalMs && Math.max(1, Math.round((intervalMs * this.#sampleRate) / 1000));
    const begin = () => this._inTurn(signal, () => this._client.beginSound({ sampleRate, channels, hopSamples }));
    /** @param {Float32Array} samples */
    const push = async (samples) => (await this._inTurn(signal, () => this._client.pushSound(samples))).windows;
    const sound = new SoundStream({ begin, push }, sampleRate, channels, smoothing);
    this.#isStreaming = true;
    try {
      await sound.begin();
    } catch (error) {
      this.#isStreaming = false;
      throw error;
    }
    return sound;
  }

  /** Of what is given to the model. */
  get #sampleRate() {
    return /** @type {import('../base/types.js').AudioSpec} */ (this.info.inputs[0].audio).sampleRate;
  }

  /** The model hears one sound at a time. */
  #refuseWhileStreaming() {
    if (!this.#isStreaming) return;
    const message = 'The model is listening to a stream: end that one first, or create the model a second time';
    throw new MinnowError('INVALID_ARGUMENT', message);
  }

  /** @param {import('./sound_stream.js').Smoothed} heard @param {number} [top] @returns {Heard} */
  #heard({ time, scores, isNew }, top = 5) {
    return { time, classes: this.#best(scores, top), isNew };
  }

  /** @param {Float32Array} scores @param {number} top @returns {Classification[]} */
  #best(scores, top) {
    const order = [...scores.keys()].sort((a, b) => scores[b] - scores[a] || a - b).slice(0, top);
    return this._labelled(order.map((index) => ({ index, score: scores[index] })));
  }
}

/**
 * @param {import('./microphone.js').Microphone} microphone
 * @param {ListenOptions['onSamples']} onSamples
 */
async function readAndTell(microphone, onSamples) {
  const samples = await microphone.read();
  if (samples && onSamples) tell(onSamples, samples.slice(), microphone.sampleRate);
  return samples;
}

/** @param {readonly SoundWindow[]} windows at least one @param {'mean' | 'max'} combine @returns {Float32Array} */
function combineScores(windows, combine) {
  return windows[0].scores.map((_, i) => {
    const values = windows.map(({ scores }) => scores[i]);
    return combine === 'max' ? Math.max(...values) : values.reduce((sum, value) => sum + value, 0) / values.length;
  });
}
