import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ScoreSmoother } from '../../wasm_glue/src/sound/score_smoother.js';
import { toSamples } from '../../wasm_glue/src/sound/sound.js';
import { SoundStream, checkStreamOptions } from '../../wasm_glue/src/sound/sound_stream.js';
import { readWav } from '../../wasm_glue/src/sound/wav.js';
import { distFolder } from './native_tool.js';
import { wavOf } from './wav_file.js';

describe('WAV files', () => {
  const ramp = Float32Array.from({ length: 400 }, (_, i) => (i - 200) / 200);

  test('every sample format gives the samples back, to half a step of it', () => {
    for (const [code, bits] of [[1, 8], [1, 16], [1, 24], [1, 32], [3, 32]]) {
      const wav = readWav(wavOf(ramp, { bits, code, channels: 2, sampleRate: 44100 }), 'x');
      assert.ok(wav);
      assert.deepEqual([wav.sampleRate, wav.channels, wav.samples.length], [44100, 2, 400]);
      const tolerance = code === 3 ? 0 : 2 ** -Math.min(bits, 24);
      wav.samples.forEach((sample, i) => assert.ok(Math.abs(sample - ramp[i]) <= tolerance, `${bits} bits: ${sample}, ${ramp[i]}`));
    }
  });

  test('parts in between are passed over, a stopped recorder’s length is not believed', () => {
    const plain = wavOf(ramp);
    const chunk = Buffer.from([...Buffer.from('LIST'), 3, 0, 0, 0, 1, 2, 3, 0]);
    const more = Buffer.concat([plain.subarray(0, 12), chunk, plain.subarray(12)]);
    assert.deepEqual(readWav(more, 'x'), readWav(plain, 'x'));
    const open = Buffer.from(plain);
    open.writeUInt32LE(0xffffffff, 40);
    assert.deepEqual(readWav(open, 'x'), readWav(plain, 'x'));
  });

  test('other formats are left to the browser; damaged ones are typed errors', () => {
    assert.equal(readWav(Buffer.from('ID3 is an MP3 file'), 'x'), undefined);
    assert.equal(readWav(new Uint8Array(0), 'x'), undefined);
    const plain = wavOf(ramp);
    assert.throws(() => readWav(plain.subarray(0, 100), 'a.wav'), { code: 'TRUNCATED', message: /^a\.wav .* ends early/ });
    assert.throws(() => readWav(plain.subarray(0, 36), 'a.wav'), { code: 'BAD_AUDIO', message: /without sound/ });
    assert.throws(() => readWav(wavOf(ramp, { code: 6, bits: 8 }), 'a.wav'), { code: 'BAD_AUDIO', message: /format 6 with 8 bits/ });
    for (let length = 0; length < 60; length++) {
      for (const at of [4, 16, 20, 22, 34, 40]) {
        const bytes = Buffer.from(plain.subarray(0, 44 + length));
        bytes.fill(0xff, at, at + 2);
        try {
          readWav(bytes, 'x');
        } catch (error) {
          assert.match(/** @type {any} */ (error).code, /^(TRUNCATED|BAD_AUDIO)$/);
        }
      }
    }
  });
});

describe('sounds', () => {
  test('samples, buffers and files become interleaved samples', async () => {
    const samples = Float32Array.of(0, 0.5, -0.5, 1);
    assert.deepEqual(await toSamples(samples, 16000), { samples, sampleRate: 16000, channels: 1 });
    assert.deepEqual(await toSamples({ samples, sampleRate: 8000, channels: 2 }, 16000), { samples, sampleRate: 8000, channels: 2 });
    const buffer = {
      [Symbol.toStringTag]: 'AudioBuffer',
      numberOfChannels: 2,
      length: 2,
      sampleRate: 48000,
      getChannelData: (/** @type {number} */ channel) => (channel === 0 ? Float32Array.of(1, 2) : Float32Array.of(3, 4)),
    };
    assert.deepEqual(await toSamples(/** @type {any} */ (buffer), 1), { samples: Float32Array.of(1, 3, 2, 4), sampleRate: 48000, channels: 2 });
    const wav = await toSamples(new Blob([wavOf(samples, { code: 3, bits: 32 })]), 1);
    assert.deepEqual([wav.samples, wav.sampleRate], [samples, 16000]);
  });

  test('what is no sound is BAD_AUDIO, with what would be one', async () => {
    const wrong = ['song.mp3', 7, null, new Float32Array(0), { samples: new Float32Array(3), sampleRate: 16000, channels: 2 }, { samples: [1], sampleRate: 16000 }, { samples: new Float32Array(3), sampleRate: 10 }, new Blob(['ID3'])];
    for (const sound of /** @type {any[]} */ (wrong)) {
      await assert.rejects(toSamples(sound, 16000), { code: 'BAD_AUDIO', message: /give a File or Blob of a WAV file/ });
    }
  });
});

test('scores are smoothed, and a word counts once', () => {
  const smoother = new ScoreSmoother({ smoothing: 0.75, threshold: 0.4, suppressMs: 1000 });
  let average = [0, 1];
  const news = [];
  // Class 0 is there in windows 4 … 9 and 24 … 26, class 1 in the others.
  for (let i = 0; i < 30; i++) {
    const scores = (i >= 4 && i < 10) || (i >= 24 && i < 27) ? [1, 0] : [0, 1];
    average = average.map((past, c) => (i === 0 ? scores[c] : 0.75 * past + 0.25 * scores[c]));
    const { scores: smooth, isNew } = smoother.push(Float32Array.from(scores), i * 0.25);
    smooth.forEach((score, c) => assert.ok(Math.abs(score - average[c]) < 1e-6));
    if (isNew) news.push([i, average[0] > average[1] ? 0 : 1]);
  }
  // Class 0 is ahead in windows 6 … 10 and 26; class 1 is away for long the first time only.
  assert.deepEqual(news, [[0, 1], [6, 0], [11, 1], [26, 0]]);
  assert.deepEqual([...new ScoreSmoother({ smoothing: 0 }).push(Float32Array.of(0.25), 0).scores], [0.25]);
});

test('a stream goes on behind a gap with the time that has passed', async () => {
  /** @type {string[]} */
  const calls = [];
  let frames = 0;
  const model = {
    begin: async () => void ((frames = 0), calls.push('begin')),
    push: async (/** @type {Float32Array} */ samples) => {
      frames += samples.length / 2;
      calls.push(`push ${samples.length}`);
      return [{ end: frames, scores: Float32Array.of(1) }];
    },
  };
  const stream = new SoundStream(model, 1000, 2, {});
  await stream.begin();
  const times = [];
  for await (const { time } of stream.push(new Float32Array(2 * 500))) times.push(time);
  await stream.skip(250);
  for await (const { time } of stream.push(new Float32Array(2 * 65536 + 20))) times.push(time);
  assert.deepEqual(times, [0.5, 0.75 + 65.536, 0.75 + 65.546]);
  assert.deepEqual(calls, ['begin', 'push 1000', 'begin', 'push 131072', 'push 20']);
  for (const wrong of [{ intervalMs: 0 }, { smoothing: 1 }, { threshold: NaN }, { suppressMs: -1 }]) {
    assert.throws(() => checkStreamOptions(wrong), { code: 'INVALID_ARGUMENT' });
  }
});

test('the worklet sends what it gets in whole chunks', { skip: !existsSync(path.join(distFolder, 'minnow-audio-worklet.js')) }, async () => {
  const globals = /** @type {any} */ (globalThis);
  /** @type {any} */
  let Processor;
  /** @type {Float32Array[]} */
  const sent = [];
  globals.AudioWorkletProcessor = class {
    port = { postMessage: (/** @type {Float32Array} */ chunk) => sent.push(structuredClone(chunk)) };
  };
  globals.registerProcessor = (/** @type {string} */ name, /** @type {unknown} */ processor) => (Processor = name === 'minnow-tap' && processor);
  try {
    await import(pathToFileURL(path.join(distFolder, 'minnow-audio-worklet.js')).href);
  } finally {
    delete globals.AudioWorkletProcessor;
    delete globals.registerProcessor;
  }
  const tap = new Processor();
  assert.equal(tap.process([[]]), true, 'before the source is connected');
  for (let i = 0; i < 50; i++) assert.equal(tap.process([[Float32Array.from({ length: 128 }, (_, k) => i * 128 + k)]]), true);
  assert.deepEqual(sent.map(({ length }) => length), [2048, 2048, 2048]);
  assert.deepEqual([...sent[2]], Array.from({ length: 2048 }, (_, i) => 4096 + i));
});
