/** The audio thread's script: sends what the microphone gives to the page, a few hundredths of a second at a time. */

/** Samples a message: 43 ms at 48 kHz. */
const CHUNK = 2048;

/**
 * As much of AudioWorkletGlobalScope as is used here; TypeScript's DOM types lack it.
 * @typedef {object} WorkletScope
 * @property {new () => { port: MessagePort }} AudioWorkletProcessor
 * @property {(name: string, processor: unknown) => void} registerProcessor
 */

/** @param {WorkletScope['AudioWorkletProcessor']} Processor */
function defineTap(Processor) {
  return class Tap extends Processor {
    #chunk = new Float32Array(CHUNK);
    #filled = 0;

    /** @param {Float32Array[][]} inputs one input of one channel; none before the source is connected */
    process([[samples]]) {
      for (let i = 0; samples && i < samples.length; ) {
        const count = Math.min(samples.length - i, CHUNK - this.#filled);
        this.#chunk.set(samples.subarray(i, i + count), this.#filled);
        this.#filled += count;
        i += count;
        if (this.#filled === CHUNK) {
          this.port.postMessage(this.#chunk, [this.#chunk.buffer]);
          this.#chunk = new Float32Array(CHUNK);
          this.#filled = 0;
        }
      }
      return true;
    }
  };
}

// Elsewhere, as in a program that renders pages on a server, importing this does nothing.
const { AudioWorkletProcessor, registerProcessor } = /** @type {WorkletScope} */ (/** @type {unknown} */ (globalThis));
if (AudioWorkletProcessor) registerProcessor('minnow-tap', defineTap(AudioWorkletProcessor));
