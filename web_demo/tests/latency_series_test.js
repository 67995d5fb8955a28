/** The latency chart's figures: the last sixty, their median, points within the drawing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LatencySeries, REMEMBERED } from '../src/views/latency_series.js';

test('median of few, of an even number, and of the last sixty only', () => {
  const series = new LatencySeries();
  assert.equal(series.median, 0);
  for (const ms of [5, 1, 9]) series.push(ms);
  assert.equal(series.median, 5);
  series.push(7);
  assert.equal(series.median, 6);
  for (let i = 0; i < REMEMBERED; i++) series.push(2);
  assert.deepEqual([series.count, series.median], [60, 2]);
  series.clear();
  assert.equal(series.count, 0);
});

test('what is no time is left out', () => {
  const series = new LatencySeries();
  for (const ms of [NaN, -1, 3]) series.push(ms);
  assert.equal(series.count, 1);
});

test('the newest is at the right edge, an even line in the middle, the slowest at the top', () => {
  const series = new LatencySeries();
  for (const ms of [2, 2, 2]) series.push(ms);
  const even = series.plot(590, 40);
  assert.deepEqual(even.points, [[570, 20], [580, 20], [590, 20]]);
  assert.equal(even.medianY, 20);
  series.push(8);
  const { points } = series.plot(590, 40);
  assert.deepEqual(points.at(-1), [590, 0]);
  assert.deepEqual(points[0], [560, 30]);
});

test('times of zero are drawn at the bottom', () => {
  const series = new LatencySeries();
  series.push(0);
  assert.deepEqual(series.plot(590, 40).points, [[590, 40]]);
});
