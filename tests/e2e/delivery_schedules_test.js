/**
 * Random schedules of faults in each browser engine: never a wrong answer, never anything wrong kept, and the right
 * answer wherever patience is enough. `FAULT_SEED=n` runs one schedule again, `FAULT_SCHEDULES=n` draws so many in each engine.
 */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { DELIVERY_ENGINES, DeliveryLanes, LANES } from './delivery_lanes.js';
import { missingDelivery } from './delivery_packages.js';
import { mustSucceed, scheduleOf, trialOf } from './delivery_schedules.js';
import { runTrials } from './delivery_trials.js';
import { missingEngine } from './engines/browser_engine.js';

/** Schedules that once ended wrongly: a part of a file comes compressed, and a connection that stalls is used again; damaged halves stay. */
const KEPT_SEEDS = [70645956, 158600929, 615280476];
const COUNTS = { chromium: 120, firefox: 40, webkit: 40 };
const { FAULT_SEED, FAULT_SCHEDULES } = process.env;

for (const name of DELIVERY_ENGINES) {
  describe(`fault schedules in ${name}`, { skip: missingDelivery ?? missingEngine(name) }, () => {
    const count = FAULT_SEED ? 1 : Number(FAULT_SCHEDULES ?? COUNTS[name]);
    const first = FAULT_SEED ? Number(FAULT_SEED) : randomInt(1_000_000_000);
    const drawn = Array.from({ length: count }, (_, i) => first + i);
    const seeds = FAULT_SEED ? drawn : [...KEPT_SEEDS, ...drawn];
    /** @type {DeliveryLanes} */
    let lanes;
    before(async () => (lanes = await DeliveryLanes.open(name, Math.min(LANES[name], seeds.length))));
    after(() => lanes?.close());

    test(`${seeds.length} schedules`, async (t) => {
      const patient = seeds.filter((seed) => mustSucceed(scheduleOf(seed))).length;
      t.diagnostic(`${name}: seeds ${first} to ${first + count - 1}; patience is enough for ${patient} of them`);
      const problems = [...(await runTrials(lanes, seeds.map(trialOf))).values()].flat();
      assert.ok(problems.length === 0, `\n${problems.join('\n')}`);
    });
  });
}
