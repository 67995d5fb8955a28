/**
 * A page that is left while it loads or writes. Browsers keep it for the way back, WebKit with its workers, locks and
 * transactions: no other page of the site may wait for them, and what was under way ends well once the page is back.
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { DELIVERY_ENGINES, DeliveryLanes, folderUrl, isRight, mend, slowDown } from './delivery_lanes.js';
import { missingDelivery } from './delivery_packages.js';
import { missingEngine } from './engines/browser_engine.js';

const BYTES_PER_SECOND = 30_000;
/** Into the load, and into the writing. */
const LEFT_AFTER_MS = 500;
/** The way back takes less. */
const BACK_MS = 2000;
/** Less than a load waits for a lock (lock.js), and than a page for the database (idb_storage.js). */
const NOT_WAITED_MS = 4000;

for (const name of DELIVERY_ENGINES) {
  describe(`a page that is left in ${name}`, { skip: missingDelivery ?? missingEngine(name) }, () => {
    /** @type {DeliveryLanes} */
    let opened;
    before(async () => (opened = await DeliveryLanes.open(name, 1)));
    after(() => opened?.close());
    afterEach(async () => {
      mend(opened.lanes[0]);
      await opened.clearStorage();
    });

    for (const worker of [true, false]) {
      test(`while it loads ${worker ? 'in a worker' : 'by itself'}`, async (t) => {
        const [lane] = opened.lanes;
        const request = { url: folderUrl(lane), options: { worker } };
        slowDown(lane, BYTES_PER_SECOND);
        await opened.page.evaluate((request) => window.delivery.begin([request]), request);
        await delay(LEFT_AFTER_MS);
        await leave(opened);
        mend(lane);

        const [outcome] = await withoutWaiting(() => opened.load([request]));
        assert.ok(isRight(lane, outcome), outcome.error?.message ?? 'a wrong answer');

        if (!(await comeBack(opened, t))) return;
        const [late] = await opened.page.evaluate(() => window.delivery.results());
        assert.ok(isRight(lane, late), late.error?.message ?? 'a wrong answer');
      });
    }

    test('while it writes', async (t) => {
      await opened.page.evaluate(() => window.delivery.keepWriting());
      await delay(LEFT_AFTER_MS);
      await leave(opened);
      const { wrong } = await withoutWaiting(() => opened.records());
      assert.deepEqual([...wrong], [], 'kept with wrong bytes');

      if (!(await comeBack(opened, t))) return;
      const { failures, writesAfter } = await opened.page.evaluate(() => window.delivery.stopWriting());
      assert.deepEqual(failures, []);
      assert.ok(writesAfter > 0, 'nothing was written after the page came back');
    });
  });
}

/** @template T @param {() => Promise<T>} act of the next page @returns {Promise<T>} */
async function withoutWaiting(act) {
  const begunAt = performance.now();
  const result = await act();
  const took = performance.now() - begunAt;
  assert.ok(took < NOT_WAITED_MS, `the next page waited ${Math.round(took)} ms`);
  return result;
}

/** For another page of the site. @param {DeliveryLanes} opened */
async function leave({ page, pageUrl }) {
  await page.evaluate(() => void Object.assign(window, { isFirst: true }));
  await page.goto(`${pageUrl}?next`);
  await page.waitFor(() => window.delivery !== undefined && !('isFirst' in window));
}

/**
 * @param {DeliveryLanes} opened
 * @param {import('node:test').TestContext} t
 * @returns {Promise<boolean>} whether it is as it was left
 */
async function comeBack({ page, engineName }, t) {
  // An engine's driver may wait for ever for what a page answers while it is left.
  await page.evaluate(() => void setTimeout(() => history.back(), 100));
  await delay(BACK_MS);
  await page.waitFor(() => !location.search && document.readyState === 'complete' && window.delivery !== undefined);
  const isKept = await page.evaluate(() => 'isFirst' in window);
  if (!isKept) t.diagnostic(`${engineName} did not keep the page`);
  assert.ok(isKept || engineName !== 'webkit', 'WebKit keeps pages: nothing was tried');
  return isKept;
}
