/** Inputs that come faster than they are looked at. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latestOnly } from '../src/inputs/latest_only.js';

test('never two looks at once, those between are left out, the latest is looked at', async () => {
  /** @type {number[]} */
  const seen = [];
  let running = 0;
  const look = latestOnly(async (/** @type {number} */ input) => {
    assert.equal(++running, 1);
    seen.push(input);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running--;
  });
  await Promise.all([1, 2, 3, 4].map(look));
  assert.deepEqual(seen, [1, 4]);
  await look(5);
  assert.deepEqual(seen, [1, 4, 5]);
});

test('an input that comes at the very end of a look is looked at', async () => {
  /** @type {number[]} */
  const seen = [];
  const look = latestOnly(async (/** @type {number} */ input) => {
    seen.push(input);
  });
  const first = look(1);
  const second = first.then(() => look(2));
  await Promise.resolve();
  await Promise.all([first, second, look(3)]);
  assert.ok(seen.includes(3) && seen.at(-1) !== 1, seen.join());
  await look(4);
  assert.equal(seen.at(-1), 4);
});

test('after a look that failed the next one is done', async () => {
  const look = latestOnly(async (/** @type {string} */ input) => {
    if (input === 'bad') throw new Error('no');
  });
  await assert.rejects(look('bad'), /no/);
  await look('good');
});
