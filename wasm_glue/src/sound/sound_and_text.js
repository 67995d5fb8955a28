/** How sound and text get into an engine's inputs: through a wasm module of their own (minnow_wasm_sound_text.c). */
import { TEXT_ROLES, audioWords, tensorWords, textWords } from '../base/option_words.js';
import { realValues } from '../base/outputs.js';

/**
 * @typedef {object} SoundTextExports
 * @property {(tensor: number) => number} tensor_begin
 * @property {(tensor: number, maxFrames: number) => number} audio_begin
 * @property {() => number} audio_buffer
 * @property {(first: number, count: number) => number} audio_push
 * @property {() => number} audio_write
 * @property {() => number} audio_finish
 * @property {(bytes: number) => number} text_vocabulary
 * @property {() => number} text_begin
 * @property {(bytes: number) => number} text_encode
 * @property {(tensor: number, role: number) => number} text_write
 */

/** @typedef {import('../worker/wasm_instance.js').WasmInstance<import('../worker/wasm_instance.js').BaseExports & SoundTextExports>} SoundTextPart */

/** @typedef {import('../base/types.js').Manifest} Manifest */
/** @typedef {import('../base/types.js').SoundWindow} SoundWindow */

/** Frames of sound that are handed over at once. */
const AUDIO_FRAMES = 16384;

export class SoundAndText {
  #engine;
  #part;
  /** Where the module writes each input. @type {number[]} */
  #addresses;
  #inputs;
  #run;
  #channels = 1;
  /** Frames of the sound before what is pushed next. */
  #heardFrames = 0;

  /**
   * @param {import('../worker/engine.js').Engine} engine
   * @param {SoundTextPart} part
   * @param {Manifest} manifest of a package with audio or text inputs
   * @param {Uint8Array | undefined} vocabulary
   * @param {() => void} run
   */
  constructor(engine, part, { inputs }, vocabulary, run) {
    this.#engine = engine;
    this.#part = part;
    this.#addresses = engine.inputs.map((input, i) => this.#beginTensor(input, i));
    this.#inputs = inputs;
    this.#run = run;
    const { text } = inputs[0];
    if (text) this.#beginText(textWords(text), vocabulary ?? new Uint8Array());
  }

  /** Begins a sound, and forgets the one before. @param {import('../base/option_words.js').SoundSource} source */
  beginSound(source) {
    const part = this.#part;
    const words = audioWords(/** @type {import('../base/types.js').AudioSpec} */ (this.#inputs[0].audio), source);
    part.io(words.length).set(words);
    part.call((e) => e.audio_begin(0, AUDIO_FRAMES));
    this.#channels = source.channels;
    this.#heardFrames = 0;
  }

  /** Runs on each window that is full after these samples. @param {Float32Array} samples interleaved @returns {SoundWindow[]} */
  pushSound(samples) {
    const part = this.#part;
    const { exports } = part;
    const step = AUDIO_FRAMES * this.#channels;
    /** @type {SoundWindow[]} */
    const windows = [];
    for (let from = 0; from < samples.length; from += step) {
      const piece = samples.subarray(from, from + step);
      const count = Math.floor(piece.length / this.#channels);
      new Float32Array(exports.memory.buffer, exports.audio_buffer(), piece.length).set(piece);
      for (let done = 0; done < count; ) {
        part.call((e) => e.audio_push(done, count - done));
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
    this.#part.call((e) => e.audio_finish());
    const [, isDue] = this.#answer();
    return isDue ? [this.#hear()] : [];
  }

  /** @param {string} text what is beyond the transfer buffer is far beyond any model @returns {number} of tokens */
  readText(text) {
    const part = this.#part;
    const { written } = new TextEncoder().encodeInto(text, part.io(part.exports.io_bytes()));
    part.call((e) => e.text_encode(written));
    const [tokens] = this.#answer();
    this.#inputs.forEach(({ text: spec }, i) => {
      if (!spec) return;
      part.call((e) => e.text_write(i, TEXT_ROLES.indexOf(spec.role)));
      this.#handOver(i);
    });
    return tokens;
  }

  /** @param {Uint8Array} words @param {Uint8Array} vocabulary empty where there is none */
  #beginText(words, vocabulary) {
    const part = this.#part;
    if (vocabulary.length > 0) {
      const address = part.exports.text_vocabulary(vocabulary.length);
      if (address === 0) part.fail();
      part.bytesAt(address, vocabulary.length).set(vocabulary);
    }
    part.io(words.length).set(words);
    part.call((e) => e.text_begin());
  }

  /** @param {import('../worker/engine.js').EngineTensor} input @param {number} index @returns {number} its address */
  #beginTensor(input, index) {
    const part = this.#part;
    const words = tensorWords(input);
    part.io(words.length).set(words);
    const address = part.exports.tensor_begin(index);
    if (address === 0) part.fail();
    return address;
  }

  /** Runs on the window that is due. @returns {SoundWindow} */
  #hear() {
    const engine = this.#engine;
    this.#part.call((e) => e.audio_write());
    this.#handOver(0);
    this.#run();
    const [{ scale, zeroPoint }] = engine.outputs;
    const scores = Float32Array.from(realValues({ data: engine.output(0), scale, zeroPoint }));
    return { end: this.#heardFrames, scores };
  }

  /** Copies what was written into the model's input; before each run, since inputs do not survive one. @param {number} index */
  #handOver(index) {
    this.#engine.setInput(index, this.#part.bytesAt(this.#addresses[index], this.#engine.inputs[index].bytes));
  }

  /** What a call left in the transfer buffer. */
  #answer() {
    return new Uint32Array(this.#part.io(8).slice().buffer);
  }
}
