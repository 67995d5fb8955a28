import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inOrder } from '../../wasm_glue/src/page/in_order.js';
import { watchFrames } from '../../wasm_glue/src/picture/video_frames.js';

/** @param {number} ms */
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

describe('inOrder', () => {
  test('gives a result for each item, in order, from lists and from generators', async () => {
    async function* slowly() {
      for (let i = 0; i < 4; i++) {
        await wait(i === 1 ? 5 : 0);
        yield i;
      }
    }
    for (const items of [[0, 1, 2, 3], new Set([0, 1, 2, 3]), slowly()]) {
      const results = [];
      for await (const result of inOrder(items, async (item) => (await wait(3 - item), 10 * item))) results.push(result);
      assert.deepEqual(results, [0, 10, 20, 30]);
    }
  });

  test('never works at two items at once, and asks for one ahead at most', async () => {
    let working = 0;
    let asked = 0;
    function* items() {
      while (asked < 5) yield asked++;
    }
    let seen = 0;
    const results = inOrder(items(), async () => {
      assert.equal(++working, 1);
      await wait(1);
      working--;
    });
    for await (const _ of results) assert.ok(asked - ++seen <= 1);
    assert.equal(seen, 5);
  });

  test('a failure of the work, of the source and an abort end it, and the source is told', async () => {
    let isClosed = false;
    async function* source() {
      try {
        for (let i = 0; ; i++) yield i;
      } finally {
        isClosed = true;
      }
    }
    const failing = inOrder(source(), async (item) => {
      if (item === 2) throw new Error('no picture');
      return item;
    });
    /** @type {number[]} */
    const results = [];
    await assert.rejects(async () => {
      for await (const result of failing) results.push(result);
    }, /no picture/);
    assert.deepEqual([results, isClosed], [[0, 1], true]);
    async function* broken() {
      yield 1;
      throw new Error('disk');
    }
    const all = inOrder(broken(), async (item) => item);
    assert.equal((await all.next()).value, 1);
    await assert.rejects(all.next(), /disk/);
    const aborted = inOrder([1], async (item) => item, AbortSignal.abort());
    await assert.rejects(aborted.next(), { name: 'AbortError' });
  });

  test('leaving the loop early closes the source', async () => {
    let isClosed = false;
    function* source() {
      try {
        for (let i = 0; ; i++) yield i;
      } finally {
        isClosed = true;
      }
    }
    for await (const result of inOrder(source(), async (item) => item)) if (result === 3) break;
    assert.ok(isClosed);
  });
});

/** A video that shows a frame every `frameMs`, as far as the package looks. */
class FakeVideo extends EventTarget {
  ended = false;
  #callbacks = new Map();
  #next = 1;
  #frame = 0;
  #timer;

  /** @param {number} frameMs @param {number} frames */
  constructor(frameMs, frames) {
    super();
    this.#timer = setInterval(() => {
      if (this.#frame === frames) {
        this.ended = true;
        clearInterval(this.#timer);
        this.dispatchEvent(new Event('ended'));
        return;
      }
      const mediaTime = this.#frame++ / 100;
      const callbacks = [...this.#callbacks.values()];
      this.#callbacks.clear();
      for (const callback of callbacks) callback(performance.now(), { mediaTime });
    }, frameMs);
  }

  /** @param {(now: number, frame: { mediaTime: number }) => void} callback */
  requestVideoFrameCallback(callback) {
    this.#callbacks.set(this.#next, callback);
    return this.#next++;
  }

  /** @param {number} id */
  cancelVideoFrameCallback(id) {
    this.#callbacks.delete(id);
  }

  get waiting() {
    return this.#callbacks.size;
  }

  stop() {
    clearInterval(this.#timer);
  }
}

describe('watchFrames', () => {
  test('drops frames that come meanwhile, and ends with the video', async () => {
    const video = /** @type {any} */ (new FakeVideo(4, 40));
    let looking = 0;
    /** @type {number[]} */
    const times = [];
    const look = async () => {
      assert.equal(++looking, 1, 'one at a time');
      await wait(18);
      looking--;
      return 'seen';
    };
    await watchFrames(video, look, { onResult: (result, { time }) => result === 'seen' && times.push(time) });
    assert.ok(times.length >= 2 && times.length <= 20, `${times.length} of 40 frames`);
    assert.ok(times.every((time, i) => i === 0 || time > times[i - 1]));
    assert.equal(video.waiting, 0);
  });

  test('looks no oftener than maxFps', async () => {
    const video = /** @type {any} */ (new FakeVideo(2, 100));
    /** @type {number[]} */
    const at = [];
    await watchFrames(video, async () => at.push(performance.now()), { maxFps: 20, onResult: () => {} });
    assert.ok(at.length >= 2);
    for (let i = 1; i < at.length; i++) assert.ok(at[i] - at[i - 1] > 45, `${at[i] - at[i - 1]} ms`);
  });

  test('an abort resolves it, also while it waits for a frame; a failure rejects it', async () => {
    const video = /** @type {any} */ (new FakeVideo(1000, 1));
    const controller = new AbortController();
    const watching = watchFrames(video, async () => 1, { onResult: () => {}, signal: controller.signal });
    controller.abort();
    await watching;
    assert.equal(video.waiting, 0);
    video.stop();
    const other = /** @type {any} */ (new FakeVideo(2, 10));
    const failing = watchFrames(other, async () => Promise.reject(new Error('gone')), { onResult: () => {} });
    await assert.rejects(failing, /gone/);
    other.stop();
    await assert.rejects(watchFrames(other, async () => 1, /** @type {any} */ ({})), { code: 'INVALID_ARGUMENT' });
    await assert.rejects(watchFrames(other, async () => 1, { onResult: () => {}, maxFps: 0 }), { code: 'INVALID_ARGUMENT' });
  });

  test('without requestVideoFrameCallback the screen’s frames are used', async () => {
    const video = Object.assign(new EventTarget(), { ended: false, readyState: 1, paused: false, currentTime: 0 });
    const globals = /** @type {any} */ (globalThis);
    globals.requestAnimationFrame = (/** @type {() => void} */ callback) => setTimeout(callback, 1);
    globals.cancelAnimationFrame = clearTimeout;
    try {
      /** @type {number[]} */
      const times = [];
      const controller = new AbortController();
      setTimeout(() => (video.readyState = 4), 20);
      const look = async () => (video.currentTime += 1);
      const onResult = (/** @type {number} */ _, /** @type {{ time: number }} */ { time }) => times.push(time) === 3 && controller.abort();
      await watchFrames(/** @type {any} */ (video), look, { onResult, signal: controller.signal });
      assert.deepEqual(times, [0, 1, 2]);
    } finally {
      delete globals.requestAnimationFrame;
      delete globals.cancelAnimationFrame;
    }
  });
});
