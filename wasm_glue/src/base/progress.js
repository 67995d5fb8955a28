/** Progress in decoded bytes: never falling, never above the total, whatever retries do. */

/** @typedef {import('./types.js').Progress} Progress */

export class ProgressReporter {
  #onProgress;
  /** What the last call gave: across threads, a promise of its arrival. @type {unknown} */
  #delivery;
  #total = 0;
  #reported = 0;
  /** @type {Map<string, number>} bytes so far by file */
  #loaded = new Map();
  /** @type {Map<string, number>} */
  #sizes = new Map();

  /** @param {((progress: Progress) => unknown) | undefined} onProgress must not fail */
  constructor(onProgress) {
    this.#onProgress = onProgress;
  }

  /** @param {readonly { file: string, bytes: number }[]} files */
  expect(files) {
    for (const { file, bytes } of files) this.#sizes.set(file, bytes);
    this.#total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** @param {Progress['phase']} phase */
  enter(phase) {
    this.#emit(phase);
  }

  /** @param {'download' | 'cache'} phase @param {string} file @param {number} bytes of it so far */
  advance(phase, file, bytes) {
    this.#loaded.set(file, Math.min(bytes, this.#sizes.get(file) ?? 0));
    let sum = 0;
    for (const loaded of this.#loaded.values()) sum += loaded;
    if (sum <= this.#reported) return;
    this.#reported = sum;
    this.#emit(phase, file);
  }

  /** Resolves when every report has arrived, so that none comes after the end. */
  async delivered() {
    await this.#delivery;
  }

  /** @param {Progress['phase']} phase @param {string} [file] */
  #emit(phase, file) {
    const progress = { phase, loaded: this.#reported, total: this.#total };
    this.#delivery = this.#onProgress?.(file === undefined ? progress : { ...progress, file });
  }
}
