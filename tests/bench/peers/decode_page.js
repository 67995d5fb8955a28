/** The browser's half of decode_speed.js: pushes a package's shards into fresh instances of the wasm module. */

/** @typedef {import('../wasm/model_subject.js').ModelExports & { memory_report: (item: number) => number, is_ready: () => number }} Exports */

const TIMES = 15;
/** Of shard 0, that open() looks at (MNW_PACKAGE_PEEK_BYTES). */
const PEEK_BYTES = 80;

/**
 * @param {string} moduleUrl
 * @param {string} packageUrl
 * @returns {Promise<{ weightBytes: number, ms: number }>} ms: median from bytes in memory to weights as the kernels read
 *   them
 */
async function timeDecoding(moduleUrl, packageUrl) {
  const module = await WebAssembly.compileStreaming(fetch(moduleUrl));
  const manifest = await (await fetch(`${packageUrl}manifest.json`)).json();
  /** @type {Uint8Array[]} */
  const shards = await Promise.all(
    manifest.shards.map(async (/** @type {{ file: string }} */ { file }) => new Uint8Array(await (await fetch(packageUrl + file)).arrayBuffer())),
  );
  const times = [];
  let weightBytes = 0;
  for (let i = 0; i < TIMES; i++) {
    const exports = /** @type {Exports} */ (/** @type {unknown} */ ((await WebAssembly.instantiate(module)).exports));
    write(exports, shards[0].subarray(0, PEEK_BYTES));
    check(exports.open(PEEK_BYTES, 0) === 0);
    const begunAt = performance.now();
    for (const shard of shards) push(exports, shard);
    times.push(performance.now() - begunAt);
    check(exports.is_ready() === 1);
    weightBytes = exports.memory_report(0);
  }
  return { weightBytes, ms: times.sort((a, b) => a - b)[TIMES >> 1] };
}

/** @param {Exports} exports @param {Uint8Array} shard */
function push(exports, shard) {
  const room = exports.io_bytes();
  for (let at = 0; at < shard.length; at += room) {
    const piece = shard.subarray(at, at + room);
    write(exports, piece);
    check(exports.push(piece.length) === 0);
  }
}

/** @param {Exports} exports @param {Uint8Array} bytes */
function write({ memory, io }, bytes) {
  new Uint8Array(memory.buffer, io(), bytes.length).set(bytes);
}

/** @param {boolean} holds */
function check(holds) {
  if (!holds) throw new Error('the engine does not take the package');
}

Object.assign(window, { timeDecoding });
