/** Random schedules of faults: which files, what happens to which request of them, with which options. A seed repeats one. */
import { folderUrl, movedPath, pathsOf, WASM_FOLDER } from './delivery_lanes.js';
import { CODES } from './delivery_trials.js';
import { oneOf, randomOf, wholeIn } from './random_choice.js';

/** @typedef {import('./delivery_lanes.js').Lane} Lane */
/** @typedef {import('./test_server.js').Fault} Fault */
/** @typedef {() => number} Random */

/** Where the right answer is a must: a busy machine keeps a page waiting for longer than the stalls of other schedules. */
const CALM_STALL_MS = 2000;
/** Requests of a file that may fail on the way before a load gives up. */
const PATIENT_ATTEMPTS = 3;
/** Files by the kind of what they have to lose: the shards' numbers are those of every small package. */
const FILES = /** @type {const} */ (['manifest', 'shard 0', 'shard 1', 'shard 2', 'shard 3', 'shard 4', 'shard 5', 'labels', 'wasm']);

/** @typedef {(typeof FILES)[number]} FileKind */

/**
 * harmless: a load does not even notice; passing: another request helps; damage: the hash tells; lasting: an answer
 * that is believed.
 * @typedef {'harmless' | 'passing' | 'damage' | 'lasting'} Weight
 */

/** @type {Record<Weight, readonly ((random: Random, size: number) => Fault)[]>} */
const FAULTS = {
  harmless: [
    (random, size) => ({ bytesPerSecond: wholeIn(random, 2, 10) * size }),
    (random) => ({ delayMs: wholeIn(random, 20, 300) }),
    () => ({ chunked: true }),
    () => ({ gzip: 1 }),
    () => ({ contentType: 'text/plain' }),
    () => ({ ranges: 'ignored' }),
  ],
  passing: [
    (random, size) => ({ cutAfter: wholeIn(random, 0, size) }),
    (random, size) => ({ cutAfter: wholeIn(random, 0, size), bytesPerSecond: 4 * size }),
    (random, size) => ({ cutAfter: wholeIn(random, 0, size), chunked: true }),
    (random, size) => ({ stallAfter: wholeIn(random, 0, size) }),
    (random) => ({ lengthError: wholeIn(random, 1, 5000) }),
    () => ({ destroy: true }),
    (random) => ({ status: oneOf(random, [500, 502, 503, 429, 408]), headers: { 'Retry-After': '0' } }),
  ],
  damage: [
    (random) => ({ flipBit: wholeIn(random, 0, 32) }),
    (random, size) => ({ truncate: wholeIn(random, 0, size) }),
    (random) => ({ lengthError: -wholeIn(random, 10, 40) }),
    () => ({ gzip: 2 }),
    (random, size) => ({ ranges: 'lying', cutAfter: wholeIn(random, 0, size) }),
  ],
  lasting: [
    (random) => ({ status: oneOf(random, [404, 403, 410]) }),
    () => ({ body: '<!doctype html><title>a single-page app</title>', contentType: 'text/html' }),
    () => ({ body: '<html><body>sign in</body></html>', contentType: 'application/octet-stream' }),
    () => ({ contentType: 'text/html' }),
    () => ({ redirectTo: movedPath(`${WASM_FOLDER}nothing.wasm`), status: 307 }),
  ],
};

/** @typedef {{ file: FileKind, faults: { weight: Weight, fault: Fault }[] }} FileFaults */

/**
 * @typedef {object} Schedule
 * @property {FileFaults[]} server
 * @property {FileFaults[]} [mirror] where there is one
 * @property {{ requests?: number, ms?: number }} [gone] the server, at first
 * @property {{ storage?: string, worker: boolean, stallMs: number }} options
 * @property {number} [abortAfterMs]
 */

/** @param {number} seed @returns {Schedule} */
export function scheduleOf(seed) {
  const random = randomOf(seed);
  const happens = (/** @type {number} */ probability) => random() < probability;
  const isGentle = happens(0.4);
  return {
    server: filesIn(random, wholeIn(random, 1, 5), isGentle),
    mirror: happens(0.35) ? filesIn(random, wholeIn(random, 0, 4), isGentle) : undefined,
    gone: happens(0.12) ? oneOf(random, [{ requests: wholeIn(random, 1, 4) }, { ms: wholeIn(random, 50, 700) }]) : undefined,
    options: {
      storage: happens(0.6) ? undefined : oneOf(random, ['none', 'object', 'cache', 'opfs']),
      worker: happens(0.5),
      stallMs: wholeIn(random, 400, 800),
    },
    abortAfterMs: happens(0.15) ? wholeIn(random, 0, 1500) : undefined,
  };
}

/** @param {Random} random @param {number} count @param {boolean} isGentle only faults that pass @returns {FileFaults[]} */
function filesIn(random, count, isGentle) {
  const files = new Set(Array.from({ length: count }, () => oneOf(random, FILES)));
  return [...files].map((file) => {
    const faults = Array.from({ length: wholeIn(random, 1, 4) }, () => {
      const weight = weightIn(random, isGentle);
      return { weight, fault: oneOf(random, FAULTS[weight])(random, sizeOf(file)) };
    });
    if (!isGentle && random() < 0.15) faults[faults.length - 1].fault.times = 1000;
    return { file, faults };
  });
}

/** @param {Random} random @param {boolean} isGentle @returns {Weight} */
function weightIn(random, isGentle) {
  const at = isGentle ? 0.75 * random() : random();
  return at < 0.25 ? 'harmless' : at < 0.75 ? 'passing' : at < 0.9 ? 'damage' : 'lasting';
}

/** Bytes, about: faults shall happen within the file. @param {FileKind} file */
function sizeOf(file) {
  return { manifest: 1000, labels: 80, wasm: 60_000 }[/** @type {string} */ (file)] ?? 6000;
}

/** @param {number} seed @returns {import('./delivery_trials.js').Trial} */
export function trialOf(seed) {
  const schedule = scheduleOf(seed);
  const { server, mirror, gone, options, abortAfterMs } = schedule;
  const isPatient = mustSucceed(schedule);
  const { stallMs } = options;
  return {
    what: `seed ${seed}, ${JSON.stringify(schedule)}`,
    spoil: (lane) => {
      for (const { file, faults } of server) lane.server.faultInTurn(pathsIn(lane, file), faults.map(({ fault }) => fault));
      for (const { file, faults } of mirror ?? []) lane.mirror.faultInTurn(pathsIn(lane, file), faults.map(({ fault }) => fault));
      if (gone) lane.server.goneFor(gone);
    },
    options: (lane) => ({ ...options, stallMs: isPatient ? CALM_STALL_MS : stallMs, ...(mirror ? { mirrors: [folderUrl(lane, lane.mirror)] } : {}) }),
    abortAfterMs,
    allowed: isPatient ? ['ok'] : ['ok', ...CODES, ...(abortAfterMs === undefined ? [] : ['AbortError'])],
  };
}

/** Whether patience alone overcomes these faults. @param {Schedule} schedule */
export function mustSucceed({ server, mirror = [], gone, abortAfterMs }) {
  if (gone || abortAfterMs !== undefined) return false;
  return FILES.every((file) => {
    const faults = [...server, ...mirror].filter((each) => each.file === file).flatMap((each) => each.faults);
    const noticed = faults.filter(({ weight }) => weight !== 'harmless');
    // WebKit takes an answer without a length that breaks off for a whole one; only the package's files have hashes.
    const isTold = (file !== 'manifest' && file !== 'wasm') || !faults.some(({ fault }) => fault.chunked);
    const isPassing = isTold && noticed.every(({ weight, fault }) => weight === 'passing' && !fault.times);
    return isPassing && noticed.length <= PATIENT_ATTEMPTS;
  });
}

/** @param {Lane} lane @param {FileKind} file @returns {string[]} */
function pathsIn({ package: { shards, labels } }, file) {
  if (file === 'manifest') return pathsOf('manifest.json').slice(0, 1);
  if (file === 'wasm') return ['relaxed', 'simd128', 'scalar'].map((variant) => `${WASM_FOLDER}minnow-${variant}.wasm`);
  return pathsOf(file === 'labels' ? labels : shards[Number(file.slice('shard '.length))]);
}
