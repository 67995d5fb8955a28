/** How sound and text get into an engine's inputs. */
import { TEXT_ROLES, audioWords, textWords } from './option_words.js';
import { realValues } from './outputs.js';

/** @typedef {import('./types.js').Manifest} Manifest */
/** @typedef {import('./types.js').SoundWindow} SoundWindow */

/** Frames of sound that are handed over at once. */
const AUDIO_FRAMES = 16384;

export class SoundAndText {
  #engine;
  #inputs;
  #run;
  #channels = 1;
  /** Frames of the sound before what is pushed next. */
  #heardFrames = 0;

  /**
   * @param {import('./engine.js').Engine} engine
   * @param {Manifest} manifest of a package with audio or text inputs
   * @param {Uint8Array | undefined} vocabulary
   * @param {() => void} run
   */
  constructor(engine, { inputs }, vocabulary, run) {
    this.#engine = engine;
    this.#inputs = inputs;
    this.#run = run;
    const { text } = inputs[0];
    if (text) this.#beginText(textWords(text), vocabulary ?? new Uint8Array());
  }

  /** Begins a sound, and forgets the one before. @param {import('./option_words.js').SoundSource} source */
  beginSound(source) {
    const engine = this.#engine;
    const words = audioWords(/** @type {import('./types.js').AudioSpec} */ (this.#inputs[0].audio), source);
    engine.io(words.length).set(words);
    engine.call((e) => e.audio_begin(0, AUDIO_FRAMES));
    this.#channels = source.channels;
    this.#heardFrames = 0;
  }

  /** Runs on each window that is full after these samples. @param {Float32Array} samples interleaved @returns {SoundWindow[]} */
  pushSound(samples) {
    const engine = this.#engine;
    const { exports } = engine;
    const step = AUDIO_FRAMES * this.#channels;
    /** @type {SoundWindow[]} */
    const windows = [];
    for (let from = 0; from < samples.length; from += step) {
      const piece = samples.subarray(from, from + step);
      const count = Math.floor(piece.length / this.#channels);
      new Float32Array(exports.memory.buffer, exports.audio_buffer(), piece.length).set(piece);
      for (let done = 0; done < count; ) {
        engine.call((e) => e.audio_push(done, count - done));
        const [taken, isDue] = this.#answer();
        done += taken;
        this.#heardFrames += taken;
        if (isDue) windows.push(this.#hear());
      }
    }
    return windows;
  }

  /** The sound has ended. @returns {SoundWindow[]} one more, filled up with silence, or none */
  endSound() {
    this.#engine.call((e) => e.audio_finish());
    const [, isDue] = this.#answer();
    return isDue ? [this.#hear()] : [];
  }

  /** @param {string} text what is beyond the transfer buffer is far beyond any model @returns {number} of tokens */
  readText(text) {
    const engine = this.#engine;
    const { written } = new TextEncoder().encodeInto(text, engine.io(engine.exports.io_bytes()));
    engine.call((e) => e.text_encode(written));
    const [tokens] = this.#answer();
    this.#inputs.forEach(({ text: spec }, i) => spec && engine.call((e) => e.text_write(i, TEXT_ROLES.indexOf(spec.role))));
    return tokens;
  }

  /** @param {Uint8Array} words @param {Uint8Array} vocabulary empty where there is none */
  #beginText(words, vocabulary) {
    const engine = this.#engine;
    const { exports } = engine;
    if (vocabulary.length > 0) {
      const address = exports.text_vocabulary(vocabulary.length);
      if (address === 0) engine.fail();
      new Uint8Array(exports.memory.buffer, address, vocabulary.length).set(vocabulary);
    }
    engine.io(words.length).set(words);
    engine.call((e) => e.text_begin());
  }

  /** Runs on the window that is due. @returns {SoundWindow} */
  #hear() {
    const engine = this.#engine;
    engine.call((e) => e.audio_write());
    this.#run();
    const [{ scale, zeroPoint }] = engine.outputs;
    const scores = Float32Array.from(realValues({ data: engine.output(0), scale, zeroPoint }));
    return { end: this.#heardFrames, scores };
  }

  /** What a call left in the transfer buffer. */
  #answer() {
    return new Uint32Array(this.#engine.io(8).slice().buffer);
  }
}
