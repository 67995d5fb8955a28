/** The same package, loaded in two places at once: each of its files is asked for once. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DELIVERY_ENGINES, DeliveryLanes, fileOf, folderUrl, isRight, mend, packageRequests, slowDown } from './delivery_lanes.js';
import { missingDelivery } from './delivery_packages.js';
import { missingEngine } from './engines/browser_engine.js';

/** So slow that both are under way for about two seconds. */
const BYTES_PER_SECOND = 30_000;

for (const name of DELIVERY_ENGINES) {
  describe(`two loads at once in ${name}`, { skip: missingDelivery ?? missingEngine(name) }, () => {
    /** @type {DeliveryLanes} */
    let opened;
    before(async () => (opened = await DeliveryLanes.open(name, 1)));
    after(() => opened?.close());

    test('in two workers of a page', async () => {
      const [lane] = opened.lanes;
      slowDown(lane, BYTES_PER_SECOND);
      const outcomes = await opened.load([requestOf(lane), requestOf(lane)]);
      await assertOnce(outcomes, lane);
    });

    test('in two tabs', { skip: name === 'webkit' && 'WebKit’s automation has one page' }, async () => {
      const [lane] = opened.lanes;
      slowDown(lane, BYTES_PER_SECOND);
      const tab = await opened.newPage();
      const begin = (/** @type {DeliveryRequest} */ request) => window.delivery.loadAll([request]);
      const outcomes = await Promise.all([opened.page, tab].map((page) => page.evaluate(begin, requestOf(lane))));
      await tab.close();
      await assertOnce(outcomes.flat(), lane);
    });

    /** @param {DeliveryOutcome[]} outcomes @param {import('./delivery_lanes.js').Lane} lane */
    async function assertOnce(outcomes, lane) {
      for (const outcome of outcomes) assert.ok(isRight(lane, outcome), outcome.error?.message ?? 'a wrong answer');
      const files = packageRequests(lane).map(({ path }) => fileOf(path)).filter((file) => file !== 'manifest.json');
      assert.deepEqual(files.sort(), [...lane.package.hashes.keys()].sort());
      mend(lane);
      await opened.clearStorage();
    }
  });
}

/** @param {import('./delivery_lanes.js').Lane} lane @returns {DeliveryRequest} */
function requestOf(lane) {
  return { url: folderUrl(lane), options: {} };
}
