/**
 * The parts of a split package in memory: at most so many at a time, and the next one's bytes on their way.
 *
 * Runs go through the parts from the first to the last, over and over. So the first ones stay, and the others take
 * turns in the last place: whatever is dropped is what is needed again latest.
 */
import { PartModel } from './part_model.js';

/** @typedef {import('./chain_files.js').PartBytes} PartBytes */
/** @typedef {import('../base/types.js').MemoryReport} MemoryReport */

/** @typedef {Omit<import('../base/types.js').CreateOptions, 'signal' | 'onProgress' | 'storage'>} PartOptions */

export class ChainParts {
  #files;
  #count;
  #places;
  #options;
  /** @type {Map<number, PartModel>} by number */
  #models = new Map();
  /** On their way, or there and not used yet. @type {Map<number, Promise<PartBytes>>} */
  #bytes = new Map();
  /** The most that was in memory at once. @type {MemoryReport} */
  peak = { weights: 0, activations: 0, total: 0 };

  /**
   * @param {import('./chain_files.js').ChainFiles} files
   * @param {number} count of parts
   * @param {number} places parts in memory at a time
   * @param {PartOptions} options
   */
  constructor(files, count, places, options) {
    this.#files = files;
    this.#count = count;
    this.#places = places;
    this.#options = options;
  }

  /** @returns {MemoryReport} of the parts that are in memory */
  get memory() {
    const sum = { weights: 0, activations: 0, total: 0 };
    for (const { memory } of this.#models.values()) {
      for (const item of /** @type {(keyof typeof sum)[]} */ (Object.keys(sum))) sum[item] += memory[item];
    }
    return sum;
  }

  /** The model of any part that is in memory. */
  get any() {
    return /** @type {PartModel | undefined} */ (this.#models.values().next().value);
  }

  /**
   * Brings a part's bytes in, for open() to use. Its failure is open()'s.
   * @param {number} part
   * @param {AbortSignal} signal
   */
  prefetch(part, signal) {
    if (part >= this.#count || this.#models.has(part)) return;
    this.#bytesOf(part, signal).catch(() => undefined);
  }

  /**
   * The part, ready to run. Others give up their place for it, first.
   * @param {number} part
   * @param {AbortSignal} signal
   * @returns {Promise<PartModel>}
   */
  async open(part, signal) {
    const open = this.#models.get(part);
    if (open) return open;
    for (const other of this.#models.keys()) if (!this.#stays(other)) this.#drop(other);
    const { manifest, shards } = await this.#bytesOf(part, signal);
    this.#bytes.delete(part);
    const { maxBytes = Infinity } = this.#options.memory ?? {};
    const memory = { maxBytes: Math.max(0, maxBytes - this.memory.total) };
    const model = await PartModel.create({ manifest, shards }, { ...this.#options, memory, storage: 'none', signal });
    this.#models.set(part, model);
    const { weights, activations, total } = this.memory;
    if (weights + activations > this.peak.weights + this.peak.activations) this.peak = { weights, activations, total };
    return model;
  }

  /** Forgets bytes that were fetched and not used: after a run, whose signal ends those on their way. */
  forgetBytes() {
    this.#bytes.clear();
  }

  dispose() {
    this.forgetBytes();
    for (const part of this.#models.keys()) this.#drop(part);
  }

  /** @param {number} part */
  #stays(part) {
    return this.#places >= this.#count || part < this.#places - 1;
  }

  /** @param {number} part */
  #drop(part) {
    this.#models.get(part)?.dispose();
    this.#models.delete(part);
  }

  /** @param {number} part @param {AbortSignal} signal @returns {Promise<PartBytes>} */
  #bytesOf(part, signal) {
    let bytes = this.#bytes.get(part);
    if (!bytes) {
      bytes = this.#files.part(part, signal);
      this.#bytes.set(part, bytes);
    }
    return bytes;
  }
}
