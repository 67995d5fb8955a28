/** The browser's half of bench_peers.js: times one model in several engines, turn and turn about. */
import { ARRAYS, openLiteRt, openMinnow, openOrt } from './peer_runners.js';

/** @typedef {import('./peer_runners.js').Data} Data */
/** @typedef {import('./peer_runners.js').Runner} Runner */
/** @typedef {import('./bench_models.js').EngineId} EngineId */

/**
 * @typedef {object} EngineTimes
 * @property {number} median milliseconds a run
 * @property {number} p90
 * @property {number} min
 * @property {number} memoryBytes
 * @property {number} disagreement greatest difference from our outputs, relative to their range
 */

/** A slice is so many runs in a row of one engine that the clock's grain does not matter. */
const SLICE_MS = 8;
const WARM_UP_MS = 400;

const OPENERS = { minnow: openMinnow, litert: openLiteRt, ort: openOrt };

/**
 * @param {{ engine: EngineId, url: string }[]} engines
 * @param {{ threads: number, rounds: number }} options
 * @returns {Promise<Record<string, EngineTimes>>}
 */
async function compareEngines(engines, { threads, rounds }) {
  /** @type {{ engine: EngineId, runner: Runner, repeats: number, times: number[], outputs: Data[] }[]} */
  const players = [];
  for (const { engine, url } of engines) {
    const runner = await OPENERS[engine](url, threads);
    runner.setInputs(runner.inputs.map(randomData));
    players.push({ engine, runner, repeats: 1, times: [], outputs: await runner.run() });
  }
  for (const player of players) player.repeats = await warmUp(player.runner);
  for (let round = 0; round < rounds; round++) {
    // A B, then B A: neither always runs in the other's wake.
    for (const player of round % 2 ? players.toReversed() : players) {
      const begunAt = performance.now();
      for (let i = 0; i < player.repeats; i++) await player.runner.run();
      player.times.push((performance.now() - begunAt) / player.repeats);
    }
  }
  return Object.fromEntries(
    players.map(({ engine, runner, times, outputs }) => {
      times.sort((a, b) => a - b);
      const at = (/** @type {number} */ share) => times[Math.floor(share * (times.length - 1))];
      const disagreement = differenceOf(players[0].outputs, outputs);
      return [engine, { median: at(0.5), p90: at(0.9), min: times[0], memoryBytes: runner.memoryBytes(), disagreement }];
    }),
  );
}

/** @param {Runner} runner @returns {Promise<number>} runs a slice */
async function warmUp(runner) {
  const begunAt = performance.now();
  let runs = 0;
  while (performance.now() - begunAt < WARM_UP_MS || runs < 3) {
    await runner.run();
    runs++;
  }
  return Math.max(1, Math.round((SLICE_MS * runs) / (performance.now() - begunAt)));
}

/** The same bytes for every engine; floats from -1 to 1. @param {import('./peer_runners.js').Port} port */
function randomData({ dtype, shape }) {
  const data = new ARRAYS[dtype](shape.reduce((product, size) => product * size, 1));
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

/** @param {Data[]} ours @param {Data[]} theirs */
function differenceOf(ours, theirs) {
  let worst = 0;
  ours.forEach((mine, o) => {
    // Engines list several outputs in orders of their own.
    const other = theirs.find((data, i) => data.length === mine.length && (i === o || theirs[o]?.length !== mine.length));
    if (!other) throw new Error(`output ${o} has ${mine.length} elements here and ${theirs.map((data) => data.length)} there`);
    let [low, high, difference] = [Infinity, -Infinity, 0];
    for (let i = 0; i < mine.length; i++) {
      const value = Number(mine[i]);
      low = Math.min(low, value);
      high = Math.max(high, value);
      difference = Math.max(difference, Math.abs(value - Number(other[i])));
    }
    worst = Math.max(worst, difference / Math.max(high - low, 1e-9));
  });
  return worst;
}

Object.assign(window, { compareEngines });
