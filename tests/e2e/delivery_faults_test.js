/**
 * Each fault of a server or a network by itself, on each kind of file, once and for good, in each browser engine.
 * What a trial proves stands in delivery_trials.js.
 */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { DELIVERY_ENGINES, DeliveryLanes, folderUrl, LANES, movedPath, pathsOf, WASM_FOLDER } from './delivery_lanes.js';
import { missingDelivery } from './delivery_packages.js';
import { runTrials } from './delivery_trials.js';
import { missingEngine } from './engines/browser_engine.js';

/** @typedef {import('./delivery_lanes.js').Lane} Lane */
/** @typedef {import('./test_server.js').Fault} Fault */

const HTML = '<!doctype html><title>a single-page app</title>';
const VARIANTS = ['relaxed', 'simd128', 'scalar'];

/**
 * @typedef {object} Target
 * @property {string} what
 * @property {(lane: Lane) => string[]} paths at which the file is
 * @property {(lane: Lane) => string} name that errors tell
 * @property {number} middle bytes of about half the file
 * @property {Readonly<Record<string, readonly string[]>>} codes what it has for outcomes of KINDS; others stay
 */

/** Errors' codes are those of the package's files; DECODED: it is known by its hash, whatever was done to it on the way. */
const PACKAGE_CODES = { DECODED: ['ok'] };

/** @param {string} what @param {(lane: Lane) => string} file @param {number} middle @returns {Target} */
const packageFile = (what, file, middle) => ({ what, paths: (lane) => pathsOf(file(lane)), name: file, middle, codes: PACKAGE_CODES });

/** @type {readonly Target[]} */
const PACKAGE_FILES = [packageFile('the first shard', ({ package: { shards } }) => shards[0], 2000)];
/** They are cut and stalled; the random schedules do the rest to them. @type {readonly Target[]} */
const OTHER_FILES = [
  ...[1, 2, 3, 4, 5].map((at) => packageFile(`shard ${at}`, ({ package: { shards } }) => shards[at], 3000)),
  packageFile('the labels', ({ package: { labels } }) => labels, 40),
];
/** @type {Target} */
const MANIFEST = {
  what: 'the manifest',
  paths: () => pathsOf('manifest.json').slice(0, 1),
  name: () => 'manifest.json',
  middle: 500,
  codes: { INTEGRITY: ['BAD_MANIFEST'], DECODED: ['BAD_MANIFEST'] },
};
/** @type {Target} */
const WASM = {
  what: 'the WebAssembly module',
  paths: () => VARIANTS.map((variant) => `${WASM_FOLDER}minnow-${variant}.wasm`),
  name: () => '.wasm',
  middle: 20_000,
  // A module that ends early does not compile, or is one whose answer broke off.
  codes: { INTEGRITY: ['WASM', 'NETWORK'], DECODED: ['WASM'] },
};
/** Its script is loaded by the browser, which does not try again, nor tell what was wrong. @type {Target} */
const WORKER = {
  what: 'the worker’s script',
  paths: ({ workerPath }) => [workerPath],
  name: () => 'minnow-worker.js',
  middle: 10_000,
  codes: Object.fromEntries(['NETWORK', 'HTTP', 'INTEGRITY', 'DECODED'].map((code) => [code, ['WORKER']])),
};

/**
 * @typedef {object} FaultKind
 * @property {string} what
 * @property {(place: { path: string, lane: Lane, middle: number }) => Fault} fault
 * @property {readonly string[]} [once] outcomes when it happens to one request
 * @property {readonly string[]} [always] outcomes when it happens to every request
 * @property {boolean} [sparesWorker] the browser alone knows what becomes of a worker's script
 */

/** @type {readonly FaultKind[]} */
const KINDS = [
  { what: 'slow', fault: ({ middle }) => ({ bytesPerSecond: 6 * middle }), always: ['ok'] },
  { what: 'stalled before its first byte', fault: () => ({ stallAfter: 0 }), once: ['ok'], always: ['NETWORK'], sparesWorker: true },
  { what: 'stalled midway', fault: ({ middle }) => ({ stallAfter: middle }), once: ['ok'], always: ['ok', 'NETWORK'], sparesWorker: true },
  { what: 'cut before its first byte', fault: () => ({ cutAfter: 0 }), once: ['ok'], always: ['NETWORK'], sparesWorker: true },
  { what: 'cut midway', fault: ({ middle }) => ({ cutAfter: middle }), once: ['ok'], always: ['ok', 'NETWORK'], sparesWorker: true },
  { what: 'cut at its end, short of the length told', fault: () => ({ lengthError: 10 }), once: ['ok'], always: ['ok', 'NETWORK', 'INTEGRITY'], sparesWorker: true },
  { what: 'longer than the length told', fault: () => ({ lengthError: -10 }), always: ['ok', 'INTEGRITY', 'NETWORK'] },
  { what: 'without an answer', fault: () => ({ destroy: true }), once: ['ok'], always: ['NETWORK'], sparesWorker: true },
  { what: 'missing (404)', fault: () => ({ status: 404 }), always: ['HTTP'] },
  { what: 'refused (403)', fault: () => ({ status: 403 }), always: ['HTTP'] },
  { what: 'in trouble (500)', fault: () => ({ status: 500 }), once: ['ok'], always: ['HTTP'], sparesWorker: true },
  { what: 'too often asked for (429)', fault: () => ({ status: 429, headers: { 'Retry-After': '1' } }), once: ['ok'], sparesWorker: true },
  { what: 'shortened', fault: ({ middle }) => ({ truncate: middle }), always: ['INTEGRITY'] },
  { what: 'with a flipped bit', fault: () => ({ flipBit: 5 }), always: ['INTEGRITY'], sparesWorker: true },
  { what: 'an HTML page', fault: () => ({ body: HTML, contentType: 'text/html' }), always: ['HTTP'] },
  { what: 'an HTML page called a file', fault: () => ({ body: HTML, contentType: 'application/octet-stream' }), always: ['HTTP'] },
  { what: 'called HTML', fault: () => ({ contentType: 'text/html' }), always: ['HTTP'], sparesWorker: true },
  { what: 'called text', fault: () => ({ contentType: 'text/plain' }), always: ['ok'], sparesWorker: true },
  { what: 'compressed by the server', fault: () => ({ gzip: 1 }), always: ['ok'] },
  { what: 'compressed twice and told so once', fault: () => ({ gzip: 2 }), always: ['DECODED'] },
  { what: 'without Content-Length', fault: () => ({ chunked: true }), always: ['ok'] },
  ...[301, 302, 307].map((status) => ({
    what: `moved (${status})`,
    fault: (/** @type {{ path: string }} */ { path }) => ({ status, redirectTo: movedPath(path) }),
    always: ['ok'],
  })),
  { what: 'moved to another origin', fault: ({ path, lane }) => ({ redirectTo: lane.mirror.origin + movedPath(path) }), always: ['ok'], sparesWorker: true },
  { what: 'moved to an origin that lets nobody read', fault: ({ path, lane }) => ({ redirectTo: `${lane.site.origin}${movedPath(path)}` }), always: ['NETWORK'], sparesWorker: true },
];

/** @param {Target} target @param {readonly string[]} outcomes */
const outcomesOf = ({ codes }, outcomes) => outcomes.flatMap((outcome) => codes[outcome] ?? [outcome]);

/** @param {Target} target @param {FaultKind} kind @returns {import('./delivery_trials.js').Trial[]} */
function trialsOf(target, { what, fault, once, always }) {
  const serverOf = (/** @type {Lane} */ lane) => (target === WORKER ? lane.site : lane.server);
  const make = (/** @type {Lane} */ lane, /** @type {string} */ path) => fault({ path, lane, middle: target.middle });
  const trial = { names: target.name, options: () => ({ worker: target === WORKER || what.length % 2 === 0 }) };
  const trials = [];
  if (once) {
    const spoil = (/** @type {Lane} */ lane) => serverOf(lane).faultInTurn(target.paths(lane), [make(lane, target.paths(lane)[0])]);
    trials.push({ ...trial, what: `${target.what} is ${what}, once`, spoil, allowed: outcomesOf(target, once) });
  }
  if (always) {
    const spoil = (/** @type {Lane} */ lane) => target.paths(lane).forEach((path) => serverOf(lane).fault(path, make(lane, path)));
    trials.push({ ...trial, what: `${target.what} is ${what}`, spoil, allowed: outcomesOf(target, always) });
  }
  return trials;
}

/** Several faults that belong together. @type {readonly import('./delivery_trials.js').Trial[]} */
const TOGETHER = [
  ...PACKAGE_FILES.slice(0, 3).flatMap(({ what, paths, middle }) =>
    /** @type {const} */ (['ignored', 'lying']).map((ranges) => ({
      what: `${what} is cut midway, then requests for its rest are ${ranges}`,
      spoil: (/** @type {Lane} */ lane) => lane.server.faultInTurn(paths(lane), [{ cutAfter: middle }, { ranges }]),
      allowed: ['ok'],
    })),
  ),
  ...PACKAGE_FILES.map(({ what, paths }) => ({
    what: `${what} is damaged once`,
    spoil: (/** @type {Lane} */ lane) => lane.server.faultInTurn(paths(lane), [{ flipBit: 77 }]),
    allowed: ['ok'],
  })),
  ...PACKAGE_FILES.map(({ what, paths }) => ({
    what: `${what} has no .br, and its .gz comes decompressed`,
    spoil: (/** @type {Lane} */ lane) => {
      const [, brotli, gzip] = paths(lane);
      lane.server.fault(brotli, { status: 404 });
      lane.server.fault(gzip, { headers: { 'Content-Encoding': 'gzip' } });
    },
    allowed: ['ok'],
  })),
  { what: 'the server is gone for two requests', spoil: ({ server }) => server.goneFor({ requests: 2 }), allowed: ['ok'] },
  { what: 'the server is gone for a while', spoil: ({ server }) => server.goneFor({ ms: 500 }), allowed: ['ok'] },
  { what: 'the server is gone', spoil: ({ server }) => server.off(), allowed: ['NETWORK'] },
  {
    what: 'the server is gone in the middle',
    spoil: ({ server, package: { shards } }) => pathsOf(shards[2]).forEach((path) => server.fault(path, { destroy: true })),
    allowed: ['NETWORK'],
  },
];

/** Mirrors take over. @type {readonly import('./delivery_trials.js').Trial[]} */
const MIRRORED = [
  ...[{ status: 404 }, { status: 500 }, { flipBit: 9 }, { cutAfter: 30 }, { stallAfter: 10 }, { destroy: true }, { body: HTML }].flatMap((fault) =>
    [MANIFEST, ...PACKAGE_FILES].map(({ what, paths }) => ({
      what: `${what} has ${JSON.stringify(fault)}, and there is a mirror`,
      spoil: (/** @type {Lane} */ lane) => paths(lane).forEach((path) => lane.server.fault(path, fault)),
      options: (/** @type {Lane} */ lane) => ({ mirrors: [folderUrl(lane, lane.mirror)] }),
      allowed: ['ok'],
    })),
  ),
  {
    what: 'the mirror lacks a file that the server damages',
    spoil: ({ server, mirror, package: { shards } }) => {
      for (const path of pathsOf(shards[1])) {
        server.fault(path, { flipBit: 9 });
        mirror.fault(path, { status: 404 });
      }
    },
    options: (lane) => ({ mirrors: [folderUrl(lane, lane.mirror)] }),
    allowed: ['INTEGRITY', 'HTTP'],
  },
];

/** @param {Target} target */
const trialsOn = (target) => KINDS.filter(({ sparesWorker }) => !sparesWorker || target !== WORKER).flatMap((kind) => trialsOf(target, kind));

const GROUPS = {
  'a package’s files': PACKAGE_FILES.flatMap(trialsOn),
  'the other files': OTHER_FILES.flatMap((target) => KINDS.filter(({ what }) => /^(cut|stalled)/.test(what)).flatMap((kind) => trialsOf(target, kind))),
  'the manifest and the WebAssembly module': [MANIFEST, WASM].flatMap(trialsOn),
  'the worker’s script': trialsOn(WORKER),
  'several faults together': TOGETHER,
  'a server with a mirror': MIRRORED,
};

/** More files than the manifest, the first shard and the module, in Chromium alone: the others take longer. */
const MIDDLE = /^(the labels|shard \d)/;
for (const name of DELIVERY_ENGINES) {
  describe(`delivery faults in ${name}`, { skip: missingDelivery ?? missingEngine(name) }, () => {
    const groups = Object.entries(GROUPS).map(([group, trials]) => ({ group, trials: trials.filter(({ what }) => name === 'chromium' || !MIDDLE.test(what)) }));
    const everything = groups.flatMap(({ trials }) => trials);
    /** @type {Map<import('./delivery_trials.js').Trial, string[]>} */
    let problems;
    before(async () => {
      const lanes = await DeliveryLanes.open(name, LANES[name]);
      try {
        problems = await runTrials(lanes, everything);
      } finally {
        await lanes.close();
      }
    });

    /** @param {readonly import('./delivery_trials.js').Trial[]} trials */
    const assertAll = (trials) => {
      const found = trials.flatMap((trial) => problems.get(trial) ?? []);
      assert.ok(found.length === 0, `\n${found.join('\n')}`);
    };
    for (const { group, trials } of groups) {
      if (trials.length > 0) test(`${group}: ${trials.length} trials`, () => assertAll(trials));
    }
  });
}
