/**
 * One trial: a load under faults, then, with the faults gone, a second and a third one. Whatever the faults were,
 * the first gives the right answer or one typed error that tells what to do; nothing wrong is kept; the second gives
 * the right answer and asks only for what is missing, once; the third, where packages are kept, asks for nothing. Of a load
 * that ended before a damaged file was whole the half may be kept that came: only the file's hash tells, when the next load has
 * the rest, and asks again.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileOf, folderUrl, isRight, mend, packageRequests, WASM_FOLDER } from './delivery_lanes.js';

/** @typedef {import('./delivery_lanes.js').Lane} Lane */

/**
 * @typedef {object} Trial
 * @property {string} what
 * @property {(lane: Lane) => void} spoil sets the faults
 * @property {(lane: Lane) => Partial<DeliveryRequest['options']>} [options]
 * @property {number} [abortAfterMs]
 * @property {readonly string[]} [allowed] outcomes: 'ok', codes of errors, 'AbortError'; default: any of CODES and 'ok'
 * @property {(lane: Lane) => string} [names] what the message of an error must contain
 */

/** Codes of what may go wrong on the way. */
export const CODES = ['NETWORK', 'HTTP', 'INTEGRITY', 'BAD_MANIFEST', 'WASM', 'WORKER'];

/** Short, so that trials do not take long; longer than a busy machine keeps a page waiting. */
export const STALL_MS = 700;

const NAMES_A_FILE = /manifest\.json|\.mnw|labels-\w+\.txt|minnow-[\w-]+\.(wasm|js)/;
const REMEDY = /check|try again|upload|pack the model again|is damaged|offline/i;

/**
 * Runs the trials, as many at once as there are lanes.
 * @param {import('./delivery_lanes.js').DeliveryLanes} opened
 * @param {readonly Trial[]} trials
 * @returns {Promise<Map<Trial, string[]>>} what was wrong
 */
export async function runTrials(opened, trials) {
  /** @type {Map<Trial, string[]>} */
  const problems = new Map();
  // Those that end in errors take long, by the waits between attempts: they share their rounds.
  const inOrder = [...trials].sort((a, b) => Number(mayFail(a)) - Number(mayFail(b)));
  for (let at = 0; at < inOrder.length; at += opened.lanes.length) {
    const round = inOrder.slice(at, at + opened.lanes.length);
    (await runRound(opened, round)).forEach((found, i) => problems.set(round[i], found));
  }
  return problems;
}

/** @param {Trial} trial */
function mayFail({ allowed }) {
  return allowed?.some((outcome) => outcome === 'NETWORK' || outcome === 'HTTP') ?? true;
}

/**
 * @param {import('./delivery_lanes.js').DeliveryLanes} opened
 * @param {readonly Trial[]} trials
 * @returns {Promise<string[][]>} what was wrong in each
 */
async function runRound(opened, trials) {
  const lanes = opened.lanes.slice(0, trials.length);
  const requests = trials.map(({ options }, i) => requestOf(lanes[i], options?.(lanes[i])));
  trials.forEach(({ spoil }, i) => spoil(lanes[i]));
  const firsts = await opened.load(requests.map((request, i) => ({ ...request, abortAfterMs: trials[i].abortAfterMs })));
  lanes.forEach(mend);
  const records = await opened.records();

  // On a busy machine pages are late by more than STALL_MS at times: nothing is to be asked for twice on that account.
  const patient = requests.map(({ url, options }) => ({ url, options: { ...options, stallMs: 20_000 } }));
  const seconds = await opened.load(patient);
  const asked = lanes.map((lane) => packageRequests(lane).map(({ path }) => fileOf(path)));
  lanes.forEach(mend);
  const thirds = await opened.load(patient);
  const askedAgain = lanes.map((lane) => packageRequests(lane).map(({ path }) => path));
  lanes.forEach(mend);
  await opened.clearStorage();

  return trials.map((trial, i) => {
    const lane = lanes[i];
    const { storage = 'indexeddb' } = requests[i].options;
    const found = [
      judge(firsts[i], trial, lane),
      wrongRecords(records.wrong, lane),
      wrongAnswer('the second load', seconds[i], lane),
      wrongAnswer('the third load', thirds[i], lane),
      storage === 'indexeddb' && wrongRequests(asked[i], records.kept, lane),
      askedTwice(asked[i], records.halves, lane),
      opened.isKeeping(requests[i].options) && askedAgain[i].length > 0 && `the third load asked for ${askedAgain[i]}`,
    ];
    return found.filter((problem) => typeof problem === 'string').map((problem) => `${trial.what}: ${problem}`);
  });
}

/** @param {Lane} lane @param {Partial<DeliveryRequest['options']>} [options] @returns {DeliveryRequest} */
function requestOf(lane, options) {
  const defaults = { wasmUrl: lane.server.origin + WASM_FOLDER, workerUrl: lane.workerPath, stallMs: STALL_MS };
  return { url: folderUrl(lane), options: { ...defaults, ...options } };
}

/** @param {DeliveryOutcome} outcome @param {Trial} trial @param {Lane} lane */
function judge(outcome, { allowed = ['ok', ...CODES], names }, lane) {
  const { error } = outcome;
  if (!error) return !isRight(lane, outcome) ? 'a wrong answer' : !allowed.includes('ok') && `loaded, in place of ${allowed}`;
  const told = `${error.name} ${error.code ?? ''}: ${error.message}`;
  if (error.name === 'AbortError') return !allowed.includes('AbortError') && `aborted by itself: ${told}`;
  if (!error.isMinnowError) return `no MinnowError of the page: ${told}`;
  if (!allowed.includes(error.code ?? '')) return `not one of ${allowed}: ${told}`;
  if (!NAMES_A_FILE.test(error.message) || !error.message.includes(names?.(lane) ?? '')) return `does not name the file: ${told}`;
  return !REMEDY.test(error.message) && `no remedy: ${told}`;
}

/** @param {ReadonlySet<string>} wrong @param {Lane} lane */
function wrongRecords(wrong, lane) {
  const files = [...lane.package.hashes].filter(([, sha256]) => wrong.has(sha256)).map(([file]) => file);
  return files.length > 0 && `kept with wrong bytes: ${files}`;
}

/** @param {string} which @param {DeliveryOutcome} outcome @param {Lane} lane */
function wrongAnswer(which, outcome, lane) {
  const { error } = outcome;
  return !isRight(lane, outcome) && `${which} gave ${error ? `${error.code}: ${error.message}` : 'a wrong answer'}`;
}

/** @param {readonly string[]} asked files @param {DeliveryRecords['halves']} halves @param {Lane} lane */
function askedTwice(asked, halves, lane) {
  const { folder, hashes } = lane.package;
  const isDamaged = (/** @type {DeliveryRecords['halves'][number]} */ { name, digits }) => {
    const served = path.join(folder, name);
    return digits && existsSync(served) && !readFileSync(served).toString('hex').startsWith(digits);
  };
  const damaged = [...hashes].filter(([, sha256]) => halves.some((half) => half.sha256 === sha256 && isDamaged(half))).map(([file]) => file);
  const twice = asked.filter((file, at) => asked.indexOf(file) < at);
  const needless = twice.filter((file, at) => twice.indexOf(file) < at || !damaged.includes(file));
  return needless.length > 0 && `the second load asked twice for ${needless}: ${asked}`;
}

/** @param {readonly string[]} asked files @param {ReadonlySet<string>} kept @param {Lane} lane */
function wrongRequests(asked, kept, lane) {
  const needless = asked.filter((file) => kept.has(lane.package.hashes.get(file) ?? ''));
  return needless.length > 0 && `the second load asked for what was there: ${needless}`;
}
