/** What this browser can do, and which wasm variant fits it. */
import { relaxedSimd, simd, threads } from 'wasm-feature-detect';
import { canDecompress } from '../delivery/decompress.js';

/** @typedef {import('../base/types.js').Variant} Variant */

/**
 * @typedef {object} SupportReport
 * @property {boolean} ok models run here
 * @property {readonly string[]} problems why not, or what will be missing; in plain words
 * @property {Variant | undefined} variant that create() takes
 * @property {{ simd128: boolean, relaxed: boolean, threads: boolean }} wasm threads: usable, that is, the page
 *   is cross-origin isolated too; Minnow does not need them
 * @property {boolean} worker
 * @property {boolean} indexedDb
 * @property {boolean} offscreenCanvas pictures are read inside the worker
 * @property {{ brotli: boolean, gzip: boolean }} decompression
 * @property {boolean} secureContext https or localhost: needed by service workers, cameras and fast hashing
 */

/** @returns {Promise<SupportReport>} */
export async function supported() {
  const hasWasm = typeof WebAssembly === 'object' && typeof BigInt64Array === 'function';
  const variants = hasWasm ? await usableVariants() : [];
  const report = {
    ok: hasWasm && typeof fetch === 'function',
    variant: variants[0],
    wasm: {
      simd128: variants.includes('simd128'),
      relaxed: variants.includes('relaxed'),
      threads: hasWasm && (await canShareMemory()),
    },
    worker: typeof Worker === 'function',
    indexedDb: Boolean(globalThis.indexedDB),
    offscreenCanvas: typeof OffscreenCanvas === 'function',
    decompression: { brotli: canDecompress('br'), gzip: canDecompress('gzip') },
    secureContext: globalThis.isSecureContext === true,
  };
  /** @type {string[]} */
  const problems = [];
  if (!hasWasm) problems.push('WebAssembly is missing or switched off: update the browser');
  else if (!report.wasm.simd128) problems.push('No WebAssembly SIMD: models run, but slowly');
  if (!report.worker) problems.push('No workers: models run in the calling thread');
  if (!report.indexedDb) problems.push('No IndexedDB: models are fetched again each time');
  return { ...report, problems };
}

/**
 * Whether workers can use one memory together: the page must be cross-origin isolated, and WebKitGTK is and yet hands no
 * memory to a worker.
 * @returns {Promise<boolean>}
 */
export async function canShareMemory() {
  return globalThis.crossOriginIsolated === true && typeof Worker === 'function' && (await threads());
}

/** @returns {Promise<Variant[]>} the variants this browser can run, fastest first */
export async function usableVariants() {
  if (!(await simd())) return ['scalar'];
  return (await relaxedSimd()) && (await relaxedDotIsRight())
    ? ['relaxed', 'simd128', 'scalar']
    : ['simd128', 'scalar'];
}

/**
 * Engines have shipped drafts of the relaxed dot product under the final opcode (Node 20 has one behind a
 * flag), so it has to compute 1 + 4 * (-128 * 127) before it is trusted.
 */
async function relaxedDotIsRight() {
  try {
    const { instance } = await WebAssembly.instantiate(relaxedDotModule());
    const dot = /** @type {() => number} */ (instance.exports.d);
    return dot() === 1 - 4 * 128 * 127;
  } catch {
    return false;
  }
}

/**
 * (module (func (export "d") (result i32)
 *   (i32x4.extract_lane 0 (i32x4.relaxed_dot_i8x16_i7x16_add_s
 *     (v128.const -128 …) (v128.const 127 …) (v128.const i32x4 1 …)))))
 */
function relaxedDotModule() {
  /** @param {number[]} pattern */
  const v128Const = (...pattern) => [0xfd, 12, ...Array.from({ length: 16 }, (_, i) => pattern[i % pattern.length])];
  // prettier-ignore
  return Uint8Array.of(
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    1, 5, 1, 0x60, 0, 1, 0x7f,
    3, 2, 1, 0,
    7, 5, 1, 1, 0x64, 0, 0,
    10, 64, 1, 62, 0,
    ...v128Const(0x80), ...v128Const(0x7f), ...v128Const(1, 0, 0, 0),
    0xfd, 0x93, 2,
    0xfd, 27, 0,
    11,
  );
}
