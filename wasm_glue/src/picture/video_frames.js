/** The frames of a video as they come. */
import { MinnowError, tell } from '../minnow.js';

/**
 * @template R
 * @typedef {object} WatchOptions
 * @property {(result: R, frame: { time: number }) => void} onResult time: of the frame in the film, in seconds
 * @property {AbortSignal} [signal] ends the watching; the promise then resolves
 * @property {number} [maxFps] looks at most so often; default: as often as the model can
 */

/**
 * Resolves when the video has ended or the signal aborts, rejects with the first failure.
 * @template R
 * @param {HTMLVideoElement} video
 * @param {(video: HTMLVideoElement) => Promise<R>} look
 * @param {WatchOptions<R>} options
 * @returns {Promise<void>}
 */
export async function watchFrames(video, look, { onResult, signal, maxFps = Infinity }) {
  if (typeof onResult !== 'function') throw new MinnowError('INVALID_ARGUMENT', 'onResult: give a function that takes each result');
  if (!(maxFps > 0)) throw new MinnowError('INVALID_ARGUMENT', `maxFps must be above 0, and is ${maxFps}`);
  let lookedAt = -Infinity;
  for (;;) {
    const time = await nextFrame(video, signal, lookedAt + 1000 / maxFps);
    if (time === undefined) return;
    lookedAt = performance.now();
    const result = await look(video);
    if (signal?.aborted) return;
    tell(onResult, result, { time });
  }
}

/** A frame may come this much before it is due: timers and screens are not exact. */
const EARLY_MS = 2;

/**
 * The next frame that is shown once `notBefore` has come.
 * @param {HTMLVideoElement} video
 * @param {AbortSignal | undefined} signal
 * @param {number} notBefore as performance.now()
 * @returns {Promise<number | undefined>} its time in the film; undefined: the video has ended, or the signal aborted
 */
function nextFrame(video, signal, notBefore) {
  if (signal?.aborted || video.ended) return Promise.resolve(undefined);
  const hasFrames = typeof video.requestVideoFrameCallback === 'function';
  return new Promise((resolve) => {
    let request = 0;
    const finish = () => settle(undefined);
    /** @param {number | undefined} time */
    const settle = (time) => {
      if (hasFrames) video.cancelVideoFrameCallback(request);
      else cancelAnimationFrame(request);
      video.removeEventListener('ended', finish);
      signal?.removeEventListener('abort', finish);
      resolve(time);
    };
    const ask = () => {
      if (hasFrames) request = video.requestVideoFrameCallback((now, { mediaTime }) => offer(mediaTime));
      // A camera's clock stands still in some browsers while its frames change, so a playing video counts as new.
      else request = requestAnimationFrame(() => offer(video.readyState >= 2 && !video.paused ? video.currentTime : undefined));
    };
    /** @param {number | undefined} time */
    const offer = (time) => {
      if (time !== undefined && performance.now() >= notBefore - EARLY_MS) settle(time);
      else ask();
    };
    video.addEventListener('ended', finish);
    signal?.addEventListener('abort', finish);
    ask();
  });
}
