/** What the camera's many answers, a text's characters and a frame's extents come to. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { guideSquare } from '../src/inputs/guide_square.js';
import { isNoneOfThem, SteadyLabel } from '../src/inputs/steady_label.js';
import { languageOf } from '../src/inputs/text_language.js';

describe('one answer out of many', () => {
  test('a class is shown after three times running, and stays until the next one has as many', () => {
    const steady = new SteadyLabel();
    const shown = ['5', '5', '5', '3', '5', '3', '3', '3'].map((label) => steady.push(label, 0.9));
    assert.deepEqual(shown, ['', '', '5', '5', '5', '5', '5', '3']);
  });

  test('doubtful answers do not count, and a new start forgets all', () => {
    const steady = new SteadyLabel();
    for (const score of [0.9, 0.9, 0.4, 0.9, 0.9]) assert.equal(steady.push('7', score), '');
    assert.equal(steady.push('7', 0.9), '7');
    steady.reset();
    assert.equal(steady.push('7', 0.9), '');
  });

  test('classes for everything else', () => {
    for (const label of ['other', 'no hand', 'out of scope', 'Unknown', 'silence']) assert.ok(isNoneOfThem(label), label);
    for (const label of ['0', 'snowboy', 'banking', 'outdoor', 'nose', '餐馆']) assert.ok(!isNoneOfThem(label), label);
  });
});

test('the guide square is in the middle of what the stage shows of a frame', () => {
  assert.deepEqual(guideSquare(640, 480), { x: 114, y: 34, side: 413 });
  assert.deepEqual(guideSquare(1280, 720), { x: 331, y: 51, side: 619 });
  // Upright, the stage shows 3/4 of the width as height.
  assert.deepEqual(guideSquare(480, 640), { x: 85, y: 165, side: 310 });
  assert.deepEqual(guideSquare(1, 1), { x: 0, y: 0, side: 1 });
});

test('a text with Chinese characters is Chinese, one without letters stays what it was', () => {
  assert.equal(languageOf('hello', 'zh'), 'en');
  assert.equal(languageOf('我想去 Beijing', 'en'), 'zh');
  assert.equal(languageOf('12 ?', 'zh'), 'zh');
  assert.equal(languageOf('', 'en'), 'en');
});
