/** The browser's half of bench_peers.js: times one model in several engines, turn and turn about. */
import { withMemories } from './wasm_memories.js';
import { agreementOf, differenceOf } from './answers.js';
import { ARRAYS, openLiteRt, openMinnow, openOrt, openTfjs } from './peer_runners.js';

/** @typedef {import('./peer_runners.js').Data} Data */
/** @typedef {import('./peer_runners.js').Port} Port */
/** @typedef {import('./peer_runners.js').Runner} Runner */
/** @typedef {import('./bench_models.js').EngineId} EngineId */

/**
 * @typedef {object} EngineTimes
 * @property {number} median milliseconds a run
 * @property {number} p90
 * @property {number} min
 * @property {number} memoryBytes of its wasm memory
 * @property {number} disagreement greatest difference from our outputs, relative to their range
 * @property {number} agreement share of the inputs for which its best class is ours
 */

/** @typedef {{ engine: EngineId, runner: Runner, bytes: () => number, repeats: number, sliceMs: number, times: number[], answers: Data[][] }} Player */

/** A slice is so many runs in a row of one engine that the clock's grain does not matter. */
const SLICE_MS = 8;
const WARM_UP_MS = 400;
/** Slow models get fewer rounds than were asked for, so that they take no longer than this. */
const ROUNDS_MS = 10_000;

const OPENERS = { minnow: openMinnow, litert: openLiteRt, ort: openOrt, tfjs: openTfjs };

/**
 * @param {{ engine: EngineId, url: string }[]} engines ours first
 * @param {{ threads: number, rounds: number, photosUrl?: string }} options photosUrl: a file of input tensors, in place
 *   of noise
 * @returns {Promise<Record<string, EngineTimes>>}
 */
async function compareEngines(engines, { threads, rounds, photosUrl }) {
  const photos = photosUrl && (await (await fetch(photosUrl)).arrayBuffer());
  /** @type {Player[]} */
  const players = [];
  for (const { engine, url } of engines) {
    // The first run belongs to it: some engines take their memory then.
    const { result, bytes } = await withMemories(async () => {
      const runner = await OPENERS[engine](url, threads);
      return { runner, answers: await answersOf(runner, photos ? samplesOf(photos, runner.inputs) : [runner.inputs.map(noise)]) };
    });
    players.push({ engine, ...result, bytes, repeats: 1, sliceMs: 0, times: [] });
  }
  for (const player of players) await warmUp(player);
  const roundMs = players.reduce((sum, { sliceMs }) => sum + sliceMs, 0);
  await takeTurns(players, Math.max(9, Math.min(rounds, Math.round(ROUNDS_MS / roundMs))));
  return Object.fromEntries(players.map((player) => [player.engine, timesOf(player, players[0].answers)]));
}

/** @param {Runner} runner @param {Data[][]} samples */
async function answersOf(runner, samples) {
  const answers = [];
  for (const sample of samples) {
    runner.setInputs(sample);
    answers.push(await runner.run());
  }
  return answers;
}

/** @param {Player[]} players @param {number} rounds */
async function takeTurns(players, rounds) {
  for (let round = 0; round < rounds; round++) {
    // A B, then B A: neither always runs in the other's wake.
    for (const player of round % 2 ? players.toReversed() : players) {
      const begunAt = performance.now();
      for (let i = 0; i < player.repeats; i++) await player.runner.run();
      player.times.push((performance.now() - begunAt) / player.repeats);
    }
  }
}

/** @param {Player} player */
async function warmUp(player) {
  const begunAt = performance.now();
  let runs = 0;
  while (performance.now() - begunAt < WARM_UP_MS || runs < 3) {
    await player.runner.run();
    runs++;
  }
  const runMs = (performance.now() - begunAt) / runs;
  player.repeats = Math.max(1, Math.round(SLICE_MS / runMs));
  player.sliceMs = player.repeats * runMs;
}

/** @param {Player} player @param {Data[][]} ours @returns {EngineTimes} */
function timesOf({ times, bytes, answers }, ours) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (/** @type {number} */ share) => sorted[Math.floor(share * (sorted.length - 1))];
  return {
    median: at(0.5),
    p90: at(0.9),
    min: sorted[0],
    memoryBytes: bytes(),
    disagreement: Math.max(...answers.map((answer, i) => differenceOf(ours[i], answer))),
    agreement: agreementOf(ours, answers),
  };
}

/** The same bytes for every engine; floats from -1 to 1. @param {Port} port */
function noise({ dtype, shape }) {
  const data = new ARRAYS[dtype](countOf(shape));
  let state = 20240613;
  for (let i = 0; i < data.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const byte = state >>> 24;
    data[i] = data instanceof Float32Array ? byte / 127.5 - 1 : data instanceof BigInt64Array ? BigInt(byte) : byte;
  }
  return data;
}

/** @param {ArrayBuffer} bytes inputs one behind the other @param {Port[]} inputs of the model: one @returns {Data[][]} */
function samplesOf(bytes, [{ dtype, shape }]) {
  const length = countOf(shape);
  if (dtype !== 'uint8') throw new Error(`photos are bytes, and the model wants ${dtype}`);
  return Array.from({ length: bytes.byteLength / length }, (_, i) => [new Uint8Array(bytes, i * length, length).slice()]);
}

/** @param {readonly number[]} shape */
function countOf(shape) {
  return shape.reduce((product, size) => product * size, 1);
}

Object.assign(window, { compareEngines });
