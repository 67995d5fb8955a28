/** Sound as it comes in, through an AudioWorklet. */
import { MinnowError, abortable, absoluteUrl, throwIfAborted } from './minnow.js';

/**
 * @typedef {object} MicrophoneOptions
 * @property {MediaStream} [stream] default: the microphone, after asking the user
 * @property {string | URL} [workletUrl] default: minnow-audio-worklet.js beside this module
 * @property {AbortSignal} [signal]
 */

/**
 * @typedef {object} Microphone
 * @property {number} sampleRate
 * @property {() => Promise<Float32Array | undefined>} read all samples since the last call, one channel; undefined at the end
 * @property {() => void} close
 */

/**
 * @param {MicrophoneOptions} options
 * @returns {Promise<Microphone>}
 * @throws {MinnowError} UNSUPPORTED_BROWSER, MICROPHONE, WORKER
 */
export async function openMicrophone({ stream, workletUrl, signal }) {
  throwIfAborted(signal);
  if (typeof AudioContext !== 'function' || typeof AudioWorkletNode !== 'function') {
    const message = 'This browser has no AudioWorklet here: serve the page over https, or give recorded sound to classify()';
    throw new MinnowError('UNSUPPORTED_BROWSER', message);
  }
  const media = stream ?? (await abortable(askForMicrophone(), signal));
  const context = new AudioContext();
  /** @type {(() => void)[]} */
  const closers = [() => void context.close()];
  if (!stream) closers.push(() => media.getTracks().forEach((track) => track.stop()));
  const close = () => closers.splice(0).forEach((end) => end());
  try {
    await abortable(addWorklet(context, workletUrl), signal);
    const node = new AudioWorkletNode(context, 'minnow-tap', { channelCount: 1, channelCountMode: 'explicit' });
    const queue = new SampleQueue();
    node.port.onmessage = ({ data }) => queue.push(data);
    node.onprocessorerror = () => queue.end();
    for (const track of media.getAudioTracks()) track.addEventListener('ended', () => queue.end());
    closers.push(() => queue.end());
    context.createMediaStreamSource(media).connect(node);
    // Some browsers only run what leads to the loudspeaker; the node's output is silence.
    node.connect(context.destination);
    await abortable(context.resume(), signal);
    return { sampleRate: context.sampleRate, read: () => queue.read(), close };
  } catch (error) {
    close();
    throw error;
  }
}

async function askForMicrophone() {
  try {
    const plain = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    return await navigator.mediaDevices.getUserMedia({ audio: plain });
  } catch (cause) {
    const message = `The microphone cannot be used (${cause}): serve the page over https, and let the user allow it`;
    throw new MinnowError('MICROPHONE', message, { cause });
  }
}

/** @param {AudioContext} context @param {string | URL | undefined} workletUrl */
async function addWorklet(context, workletUrl) {
  // Bundlers find the script by this expression, and want it written like this. Vite makes so small a file part of the
  // script, which a strict policy forbids to load, unless it is asked not to; nobody else is to see the question.
  const beside = new URL('./minnow-audio-worklet.js?no-inline', import.meta.url);
  beside.search = '';
  const url = workletUrl ? absoluteUrl(workletUrl, 'workletUrl') : beside;
  try {
    await context.audioWorklet.addModule(url.href);
  } catch (cause) {
    const message =
      `The audio worklet does not load (${cause}): check the workletUrl option; it must name where minnow-audio-worklet.js ` +
      'is served, and be allowed by the page’s Content-Security-Policy (script-src)';
    throw new MinnowError('WORKER', message, { url: url.href, cause });
  }
}

/** Samples that wait to be read. */
class SampleQueue {
  /** @type {Float32Array[]} */
  #chunks = [];
  #hasEnded = false;
  #wake = () => {};

  /** @param {Float32Array} chunk */
  push(chunk) {
    this.#chunks.push(chunk);
    this.#wake();
  }

  end() {
    this.#hasEnded = true;
    this.#wake();
  }

  async read() {
    while (this.#chunks.length === 0 && !this.#hasEnded) {
      await new Promise((resolve) => (this.#wake = () => resolve(undefined)));
    }
    if (this.#chunks.length === 0) return undefined;
    const chunks = this.#chunks.splice(0);
    const samples = new Float32Array(chunks.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const chunk of chunks) {
      samples.set(chunk, at);
      at += chunk.length;
    }
    return samples;
  }
}
