#!/usr/bin/env node
/**
 * Has espeak-ng (Debian package espeak-ng) speak, so that other speech is not told by its voices or its recording alone:
 * into .training/negatives what are no wake words (words and short phrases from CLINC150's sentences, words that sound like
 * the wake words), into .training/positives the wake words themselves, and into samples/ one clip of each, by a voice that is
 * heard nowhere else. The same command gives the same files.
 *
 * usage: node models/wake_words/speak_words.mjs [--data FOLDER] [--count N]
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({
  options: {
    data: { type: 'string', default: path.join(HERE, '../../../shared/data/train') },
    count: { type: 'string', default: '2600' },
  },
});
const NEGATIVES = path.join(HERE, '.training/negatives');
const POSITIVES = path.join(HERE, '.training/positives');
const SAMPLES = path.join(HERE, 'samples');
const EACH_WORD = 90;
const SHARE_OF_SIMILAR = 0.35;

/** Parts of the wake words and words near them: what a detector that only half listens would take. */
const SIMILAR = `commuter computed compute computing company compact commute competitor confuser consumer pewter
  come put her, the tutor, a future, community, commander, comedian, conclusion, super computer games
  travis jar service jarring java harvest charming nervous surface jealous chart purpose garden, jar of ice
  smart smarter mirror mere smart meter, part mirror, small mirror, smart car, start mirror, art and matter, smart phone
  mirror image, rear view mirror, the mirror, smart idea, admirer, terror, error
  snow boy snowball snowman snowing cowboy no boy, snow day, slow boat, snow board, so annoyed, tomboy, showboat
  view glass glasses few class, view point, new glass, blue grass, you guess, view all, review, a new class, through the glass
  overview, hourglass, few glasses, grass, vehicle, value, classical`
  .split(/[\n,]/)
  .flatMap((line) => (line.includes(' ') && !/^\s*[a-z]+( [a-z]+){1,3}\s*$/.test(line) ? line.trim().split(/\s+/) : [line.trim()]))
  .filter((text) => text.length > 2);
const WAKE_WORDS = /computer|jarvis|smart mirror|snowboy|view ?glass/i;

const WORDS = ['computer', 'jarvis', 'smart mirror', 'snowboy', 'view glass'];
const SAMPLE_VOICE = ['-v', 'en-us+Gene', '-s', '140', '-p', '45', '-a', '110'];
const VOICES = ['en-us', 'en-gb', 'en-gb-scotland', 'en-gb-x-rp', 'en-gb-x-gbclan', 'en-gb-x-gbcwmd', 'en-029'];
const FOREIGN = ['de', 'fr', 'es', 'it', 'nl', 'pl', 'sv', 'pt-br', 'hi', 'tr'];
const VARIANTS = ['', '+m1', '+m2', '+m3', '+m4', '+m5', '+m6', '+m7', '+f1', '+f2', '+f3', '+f4', '+f5', '+croak', '+whisper'];

/** A small generator of its own, so that files are the same everywhere (Numerical Recipes' LCG). */
let state = 12345;
function draw(count) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * count);
}
const pick = (list) => list[draw(list.length)];

function sentenceParts(sentences) {
  const words = pick(sentences).split(/\s+/);
  const length = 1 + draw(4);
  const start = draw(Math.max(1, words.length - length));
  return words.slice(start, start + length).join(' ');
}

if (!existsSync('/usr/bin/espeak-ng')) {
  console.error('speak_words: espeak-ng is missing; install it with: apt-get install espeak-ng');
  process.exit(1);
}
const corpus = JSON.parse(await readFile(path.join(values.data, 'intents/data_full.json'), 'utf8'));
const sentences = corpus.train.map(([text]) => text);

/** A voice, speed, pitch and loudness. */
function drawVoice() {
  const voice = (draw(5) === 0 ? pick(FOREIGN) : pick(VOICES)) + pick(VARIANTS);
  return ['-v', voice, '-s', String(120 + draw(110)), '-p', String(15 + draw(75)), '-a', String(60 + draw(120))];
}

/** @param {string[]} voice @param {string} file @param {string} text */
function speak(voice, file, text) {
  execFileSync('espeak-ng', [...voice, '-w', file, text], { stdio: 'ignore' });
}

await rm(NEGATIVES, { recursive: true, force: true });
await mkdir(NEGATIVES, { recursive: true });
const count = Number(values.count);
for (let i = 0; i < count; ) {
  const text = draw(1000) < 1000 * SHARE_OF_SIMILAR ? pick(SIMILAR) : sentenceParts(sentences);
  if (WAKE_WORDS.test(text)) continue;
  speak(drawVoice(), path.join(NEGATIVES, `spoken_${String(i).padStart(5, '0')}.wav`), text);
  i++;
  if (process.stderr.isTTY) process.stderr.write(`\r${i} of ${count} clips`);
}
if (process.stderr.isTTY) process.stderr.write('\n');

await rm(POSITIVES, { recursive: true, force: true });
await mkdir(SAMPLES, { recursive: true });
for (const word of WORDS) {
  const name = word.replace(' ', '_');
  await mkdir(path.join(POSITIVES, name), { recursive: true });
  for (let i = 0; i < EACH_WORD; i++) speak(drawVoice(), path.join(POSITIVES, name, `${name}_${i}.wav`), word);
  speak(SAMPLE_VOICE, path.join(SAMPLES, `${name}.wav`), word);
}
console.log(`${path.dirname(NEGATIVES)}: ${count} clips of other words, ${EACH_WORD} of each wake word`);
