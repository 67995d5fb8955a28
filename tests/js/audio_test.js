import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { dataFile, importNodeModule, missing } from './native_tool.js';
import { asKeywords, packKeywords, withManifest } from './task_packages.js';

/** @typedef {import('../../wasm_glue/src/node.js').AudioClassifier} AudioClassifier */

describe('AudioClassifier with a real model', { skip: missing }, () => {
  /** @type {typeof import('../../wasm_glue/src/node.js')} */
  let node;
  /** @type {AudioClassifier} */
  let classifier;
  before(async () => {
    node = await importNodeModule();
    classifier = await node.AudioClassifier.create(withManifest(packKeywords(), asKeywords));
  });

  /** @param {string} name */
  const clip = (name) => new Blob([readFileSync(dataFile(`models/micro_speech/testdata/${name}_1000ms.wav`))]);
  /** @param {string} name @returns {Promise<Float32Array>} */
  const samplesOf = async (name) => {
    const bytes = Buffer.from(await clip(name).arrayBuffer());
    return Float32Array.from({ length: (bytes.length - 44) / 2 }, (_, i) => bytes.readInt16LE(44 + 2 * i) / 32768);
  };

  test('spoken words are heard, from a file and from samples alike', async () => {
    const results = await classifier.classify(clip('yes'));
    assert.equal(results.length, 5);
    assert.equal(results[0].label, 'Yes');
    assert.ok(results[0].score > 0.9, JSON.stringify(results));
    assert.deepEqual(await classifier.classify(await samplesOf('yes')), results);
    // This speaker's "no" is near "go".
    const no = await classifier.classify(clip('no'), { top: 2 });
    assert.ok(no.some(({ label }) => label === 'No'), JSON.stringify(no));
    assert.ok(classifier.timing.runMs > 0);
    const all = await classifier.classify(clip('yes'), { top: 12 });
    assert.ok(Math.abs(all.reduce((sum, { score }) => sum + score, 0) - 1) < 0.05, 'probabilities');
  });

  test('sound of another rate and of two channels is brought to the model’s', async () => {
    const samples = await samplesOf('yes');
    // Twice the rate, by straight lines; both channels the same.
    const stereo = Float32Array.from({ length: 4 * samples.length }, (_, i) => {
      const at = Math.floor(i / 2);
      const from = at >> 1;
      return at % 2 ? (samples[from] + (samples[from + 1] ?? 0)) / 2 : samples[from];
    });
    const [best] = await classifier.classify({ samples: stereo, sampleRate: 32000, channels: 2 });
    assert.equal(best.label.toLowerCase(), 'yes');
  });

  test('a long sound is heard in windows: their mean, or the best of each class', async () => {
    const long = new Float32Array(16000 * 6);
    long.set(await samplesOf('yes'), 16000 * 2);
    const mean = await classifier.classify(long, { top: 12 });
    const max = await classifier.classify(long, { top: 12, combine: 'max' });
    const yes = (/** @type {any[]} */ results) => results.find(({ label }) => label.toLowerCase() === 'yes').score;
    assert.ok(yes(max) > 0.5 && yes(mean) < yes(max) - 0.2, `${yes(mean)}, ${yes(max)}`);
  });

  test('a stream gives a result each interval, wherever it is cut, and a word once', async () => {
    const sound = new Float32Array(16000 * 6);
    sound.set(await samplesOf('yes'), 16000);
    sound.set(await samplesOf('no'), 16000 * 4);
    /** @param {number} size */
    function* chunksOf(size) {
      for (let i = 0; i < sound.length; i += size) yield sound.subarray(i, i + size);
    }
    const options = { intervalMs: 250, smoothing: 0.3, threshold: 0.6, suppressMs: 1500 };
    /** @param {number} size */
    const listenTo = async (size) => {
      const heard = [];
      for await (const result of classifier.stream(chunksOf(size), options)) heard.push(result);
      return heard;
    };
    const heard = await listenTo(1000);
    assert.deepEqual(await listenTo(70001), heard);
    const times = heard.map(({ time }) => time);
    assert.ok(times[0] >= 0.98 && times[0] < 1.01, `the first window is full after ${times[0]} s`);
    for (let i = 1; i < times.length; i++) assert.ok(Math.abs(times[i] - times[i - 1] - 0.25) < 0.0201, `${times[i]} after ${times[i - 1]}`);
    const words = heard.filter(({ isNew }) => isNew).map(({ classes: [best] }) => best.label.toLowerCase());
    assert.deepEqual(words.filter((word) => word === 'yes'), ['yes']);
    const [yes] = heard.filter(({ isNew, classes: [best] }) => isNew && best.label === 'Yes');
    assert.ok(yes.time > 1 && yes.time < 2.6, `after ${yes.time} s; it was said from 1 to 2 s`);
  });

  test('one stream at a time; leaving it early, aborting and wrong options', async () => {
    const silence = () => Array.from({ length: 100 }, () => new Float32Array(16000));
    const stream = classifier.stream(silence());
    await stream.next();
    await assert.rejects(classifier.classify(new Float32Array(16000)), { code: 'INVALID_ARGUMENT', message: /listening to a stream/ });
    await assert.rejects(classifier.stream(silence()).next(), { code: 'INVALID_ARGUMENT' });
    await stream.return();
    const controller = new AbortController();
    let count = 0;
    await assert.rejects(async () => {
      for await (const _ of classifier.stream(silence(), { signal: controller.signal })) if (++count === 3) controller.abort();
    }, { name: 'AbortError' });
    assert.equal(count, 3);
    await assert.rejects(classifier.classify(new Float32Array(16000), { signal: AbortSignal.abort() }), { name: 'AbortError' });
    await assert.rejects(classifier.stream(silence(), { smoothing: 2 }).next(), { code: 'INVALID_ARGUMENT' });
    assert.equal((await classifier.classify(new Float32Array(16000))).length, 5, 'all is well afterwards');
  });

  test('many sounds, in order; where there is no microphone listening is refused', async () => {
    const clips = ['no', 'yes', 'silence'].map(clip);
    const alone = [];
    for (const sound of clips) alone.push(await classifier.classify(sound));
    const together = [];
    for await (const results of classifier.classifyAll(clips)) together.push(results);
    assert.deepEqual(together, alone);
    assert.deepEqual(together.map(([{ label }]) => label === 'Yes'), [false, true, false]);
    await assert.rejects(classifier.listen({ onResult: () => {} }), { code: 'UNSUPPORTED_BROWSER', message: /AudioWorklet/ });
    await assert.rejects(classifier.listen(/** @type {any} */ ({})), { code: 'INVALID_ARGUMENT' });
    await assert.rejects(classifier.classify(/** @type {any} */ ('yes.wav')), { code: 'BAD_AUDIO' });
  });

  test('features that do not fit the tensor are a typed error', async () => {
    const wrong = withManifest(packKeywords(), (manifest) => {
      asKeywords(manifest);
      manifest.inputs[0].audio.coefficients = 11;
    });
    const other = await node.AudioClassifier.create(wrong);
    await assert.rejects(other.classify(clip('yes')), { code: 'INVALID_ARGUMENT' });
  });
});
