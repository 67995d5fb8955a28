/** Sound files as samples, and as a stream that goes as fast as the sound itself. */
import { MinnowError } from 'minnow';

const CHUNK_SECONDS = 0.05;

/**
 * @param {File} file
 * @param {number} sampleRate what it is converted to
 * @returns {Promise<AudioBuffer>}
 * @throws {MinnowError} BAD_AUDIO
 */
export async function decodeSound(file, sampleRate) {
  try {
    return await new OfflineAudioContext(1, 1, sampleRate).decodeAudioData(await file.arrayBuffer());
  } catch (cause) {
    throw new MinnowError('BAD_AUDIO', `${file.name} is no sound this browser can decode`, { file: file.name, cause });
  }
}

/**
 * Its channels' mean, with silence around it.
 * @param {AudioBuffer} buffer
 * @param {number} before samples of silence
 * @param {number} after
 * @returns {Float32Array}
 */
export function monoWithSilence(buffer, before, after) {
  const samples = new Float32Array(before + buffer.length + after);
  for (let c = 0; c < buffer.numberOfChannels; c++) {
    const channel = buffer.getChannelData(c);
    for (let i = 0; i < buffer.length; i++) samples[before + i] += channel[i] / buffer.numberOfChannels;
  }
  return samples;
}

/**
 * Hands samples out at their own pace.
 * @param {Float32Array} samples
 * @param {number} sampleRate
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<Float32Array, void>}
 */
export async function* atItsPace(samples, sampleRate, signal) {
  const step = Math.round(CHUNK_SECONDS * sampleRate);
  const begunAt = performance.now();
  for (let at = 0; at < samples.length && !signal.aborted; at += step) {
    const early = (at / sampleRate) * 1000 - (performance.now() - begunAt);
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    yield samples.subarray(at, at + step);
  }
}

/**
 * Lets it be heard, where the browser and the user let it.
 * @param {AudioBuffer} buffer
 * @param {number} delay seconds
 * @param {AbortSignal} signal ends it
 */
export function playSound(buffer, delay, signal) {
  if (typeof AudioContext !== 'function') return;
  const context = new AudioContext();
  const source = context.createBufferSource();
  source.buffer = buffer;
  source.connect(context.destination);
  source.start(context.currentTime + delay);
  signal.addEventListener('abort', () => context.close());
}

/**
 * Samples that one look of the model covers.
 * @param {NonNullable<import('minnow').TensorSpec['audio']>} spec
 */
export function windowSamples({ features, frames, frameLength = 0, frameStep = 0 }) {
  return features === 'waveform' ? frames : frameLength + (frames - 1) * frameStep;
}
