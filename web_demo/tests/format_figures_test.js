/** Figures as the page writes them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBytes, formatClock, formatDay, formatPercent, formatProgress, formatShare, formatTime } from '../src/views/format_figures.js';

test('bytes', () => {
  assert.deepEqual([0, 999, 12_345, 3_538_984].map(formatBytes), ['0 B', '999 B', '12 KB', '3.5 MB']);
});

test('progress, also before the total is known', () => {
  assert.equal(formatProgress(1_234_567, 3_651_204), '1.2 of 3.7 MB');
  assert.equal(formatProgress(2048, 0), '2 KB');
});

test('times', () => {
  assert.deepEqual([0.44, 0.996, 9.96, 41.6, 1340].map(formatTime), ['0.44 ms', '1.0 ms', '10.0 ms', '42 ms', '1.3 s']);
});

test('shares', () => {
  assert.deepEqual([0, 0.0004, 0.001, 0.8945, 1].map(formatShare), ['0.0 %', 'under 0.1 %', '0.1 %', '89.5 %', '100.0 %']);
});

test('the time in a sound, and percent', () => {
  assert.deepEqual([0, 7.39, 59.99, 60, 760.04].map(formatClock), ['0:00.0', '0:07.3', '0:59.9', '1:00.0', '12:40.0']);
  assert.equal(formatPercent(97.349), '97.3 %');
});

test('days, by the calendar and not by 24 hours', () => {
  const at = (/** @type {number} */ day, /** @type {number} */ hour) => new Date(2026, 4, day, hour).getTime();
  const now = at(20, 1);
  assert.deepEqual([at(20, 0), at(19, 23), at(8, 12), at(21, 0)].map((time) => formatDay(time, now)), ['today', 'yesterday', '12 days ago', 'today']);
});

test('large sizes', () => {
  assert.equal(formatBytes(12_090_000_000), '12.1 GB');
});
