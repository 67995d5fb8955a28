/**
 * A download killed at random points: its page closed, its worker terminated, its browser process killed. Opened
 * again it gives the right answer, fetches again no more than one shard, and has kept nothing wrong.
 */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseLocked, DELIVERY_ENGINES, DeliveryLanes, fileOf, folderUrl, isRight, mend, packageRequests, pathsOf, slowDown } from './delivery_lanes.js';
import { missingDelivery } from './delivery_packages.js';
import { missingEngine } from './engines/browser_engine.js';
import { makeTempDir } from './engines/owned_process.js';
import { randomOf, wholeIn } from './random_choice.js';

/** @typedef {import('./delivery_lanes.js').Lane} Lane */

/** Downloads that one blow hits, each at another point. */
const LANES = 6;
const BLOWS = 2;
/** A package then takes three to four seconds, and half a shard longer than a busy machine's database takes to write one. */
const BYTES_PER_SECOND = 75_000;
const DOWNLOAD_MS = 3000;
/** Of the blows of a test, those that may leave WebKit's database locked. */
const MOST_LOCKS = 2;
/** Until the server has noticed that a client is gone, and the last pieces have been counted. */
const SETTLE_MS = 300;

const seed = Number(process.env.KILL_SEED ?? randomInt(1_000_000_000));

/** @type {readonly { what: string, strike: (opened: DeliveryLanes) => Promise<unknown>, worker: boolean[], needsProfile?: boolean }[]} */
const BLOW_KINDS = [
  { what: 'its page closed', strike: (opened) => opened.reopenPage(), worker: [true, false] },
  { what: 'its worker terminated', strike: (opened) => opened.page.evaluate(() => window.delivery.terminateWorkers()), worker: [true] },
  { what: 'its browser killed', strike: (opened) => opened.killBrowser(), worker: [true, false], needsProfile: true },
];

for (const name of DELIVERY_ENGINES) {
  describe(`killed downloads in ${name}`, { skip: missingDelivery ?? missingEngine(name) }, () => {
    const profile = name === 'webkit' ? undefined : makeTempDir(`e2e-kill-${name}-`);
    /** @type {DeliveryLanes} */
    let opened;
    before(async () => (opened = await DeliveryLanes.open(name, LANES, { isLarge: true, profileDir: profile?.dir })));
    after(async () => {
      await opened?.close();
      profile?.remove();
    });

    for (const { what, strike, worker, needsProfile } of BLOW_KINDS) {
      const skip = needsProfile && !profile && 'MiniBrowser’s automation keeps no profile';
      test(`${what} at ${BLOWS * LANES} points`, { skip }, async (t) => {
        const random = randomOf(seed);
        const points = [];
        let locks = 0;
        for (let blow = 0; blow < BLOWS; ) {
          try {
            points.push(...(await killAndReopen(opened, strike, worker, random)));
            blow++;
          } catch (error) {
            // The answers were right all the same; what is kept cannot be told before the browser has ended.
            if (!(error instanceof DatabaseLocked) || name !== 'webkit' || ++locks > MOST_LOCKS) throw error;
            t.diagnostic('WebKit’s database stayed locked: the blow is struck again in a new browser');
            await opened.killBrowser();
          }
        }
        const midway = points.filter(({ begun, total }) => begun > 0 && begun < total);
        const told = midway.map(({ begun, total, twice }) => `${Math.round((100 * begun) / total)} % there, ${twice} bytes twice`);
        const [most] = points.map(({ twice, largest }) => twice / largest).sort((a, b) => b - a);
        t.diagnostic(`${name}, ${what}, seed ${seed}, at most ${Math.round(100 * most)} % of a shard twice: ${told.join('; ')}`);
        assert.ok(midway.length >= 10, `only ${midway.length} points were in the middle`);
      });
    }
  });
}

/**
 * @param {DeliveryLanes} opened
 * @param {(opened: DeliveryLanes) => Promise<unknown>} strike
 * @param {readonly boolean[]} worker for the `worker` option, in turn
 * @param {() => number} random
 * @returns {Promise<{ begun: number, total: number, twice: number, largest: number }[]>} bytes before the blow, of the package,
 *   fetched twice, of the largest shard
 */
async function killAndReopen(opened, strike, worker, random) {
  const { lanes } = opened;
  const requests = lanes.map((lane, i) => ({ url: folderUrl(lane), options: { worker: worker[i % worker.length] } }));
  const delays = lanes.map(() => wholeIn(random, 50, DOWNLOAD_MS));
  for (const lane of lanes) slowDown(lane, BYTES_PER_SECOND);
  const all = requests.map((request, i) => ({ ...request, startAfterMs: delays[i] }));
  await opened.page.evaluate((requests) => window.delivery.begin(requests), all);
  await delay(DOWNLOAD_MS + 150);
  await strike(opened);
  await delay(SETTLE_MS);
  const before = lanes.map((lane) => sentBytes(lane));

  const outcomes = await opened.load(requests);
  lanes.forEach((lane, i) => assert.ok(isRight(lane, outcomes[i]), `opened again: ${outcomes[i].error?.message ?? 'a wrong answer'}`));
  const points = lanes.map((lane, i) => ({ begun: before[i], twice: twiceSent(lane), ...sizesOf(lane), asked: describeRequests(lane) }));
  lanes.forEach(mend);
  const { wrong, halves } = await opened.records();
  await opened.clearStorage();

  assert.deepEqual([...wrong, ...halves], [], 'kept with wrong bytes, or by half');
  for (const { twice, largest, asked } of points) {
    assert.ok(twice <= largest, `${twice} bytes were fetched twice, the largest shard has ${largest}: ${asked}`);
  }
  return points;
}

/** Of shards and labels; the manifest is read anew by every load that is not complete. @param {Lane} lane */
function fileRequests(lane) {
  return packageRequests(lane).filter(({ path }) => fileOf(path) !== 'manifest.json');
}

/** @param {Lane} lane */
function sentBytes(lane) {
  return fileRequests(lane).reduce((sum, request) => sum + request.sentBytes, 0);
}

/** Bytes above what each address has. @param {Lane} lane */
function twiceSent(lane) {
  const { sizeOf } = lane.package;
  /** @type {Map<string, number>} */
  const sent = new Map();
  for (const { path, sentBytes } of fileRequests(lane)) sent.set(path, (sent.get(path) ?? 0) + sentBytes);
  return [...sent].reduce((sum, [path, bytes]) => sum + Math.max(0, bytes - sizeOf(path.slice(pathsOf('')[0].length))), 0);
}

/** As they come: in the encodings that were asked for. @param {Lane} lane */
function sizesOf(lane) {
  const paths = [...new Set(fileRequests(lane).map(({ path }) => path.slice(pathsOf('')[0].length)))];
  const sizes = paths.map(lane.package.sizeOf);
  return { largest: Math.max(...sizes), total: sizes.reduce((sum, size) => sum + size, 0) };
}

/** @param {Lane} lane */
function describeRequests(lane) {
  return fileRequests(lane).map(({ path, sentBytes }) => `${path} ${sentBytes}`).join(', ');
}
