/** Trained models are copied into the page's build with what the page tells about them. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { bundleModels } from '../bundle_models.mjs';

const root = mkdtempSync(path.join(tmpdir(), 'minnow-bundle-'));
const [models, dist] = [path.join(root, 'models'), path.join(root, 'dist')];
after(() => rmSync(root, { recursive: true, force: true }));

/** @param {string} file @param {string} content */
function write(file, content) {
  const whole = path.join(models, file);
  mkdirSync(path.dirname(whole), { recursive: true });
  writeFileSync(whole, content);
}

test('packages, cards and samples; what is not trained is left out', async () => {
  write('words/package/manifest.json', '{"task":"audio-classification"}');
  write('words/package/000-00.mnw', 'x'.repeat(100));
  write('words/package/000-00.mnw.br', 'x'.repeat(60));
  write('words/package/000-00.mnw.gz', 'x'.repeat(70));
  write('words/package/labels-00.txt', 'x'.repeat(10));
  write('words/package/labels-00.txt.br', 'x'.repeat(20));
  write('words/card.json', '{"accuracy":97.5,"testExamples":40,"bytes":70,"licence":"Apache-2.0","about":"…","weights":1}');
  write('words/samples/hello_there.wav', 'RIFF');
  write('words/samples/words_samples.txt', 'NOTICE');
  write('bare/package/manifest.json', '{"task":"image-classification"}');
  write('untrained/model.json', '{}');
  write('.gitignore', '');

  const { words, bare, ...others } = await bundleModels(models, dist);
  assert.deepEqual(others, {});
  assert.match(words.version, /^[0-9a-f]{12}$/);
  assert.notEqual(words.version, bare.version);
  assert.deepEqual({ ...words, version: '' }, {
    task: 'audio-classification',
    version: '',
    bytes: 70,
    card: { accuracy: 97.5, testExamples: 40, bytes: 70, licence: 'Apache-2.0' },
    samples: ['hello_there.wav'],
  });
  assert.deepEqual([bare.card, bare.samples, bare.bytes], [null, [], 0]);
  for (const file of ['models/words/manifest.json', 'models/words/000-00.mnw.br', 'samples/words/hello_there.wav']) {
    assert.ok(existsSync(path.join(dist, file)), file);
  }
  assert.ok(!existsSync(path.join(dist, 'samples/words/words_samples.txt')));
});

test('a manifest that changes is another version; no folder, no models', async () => {
  const before = (await bundleModels(models, dist)).bare.version;
  write('bare/package/manifest.json', '{"task":"image-classification","name":"bare"}');
  assert.notEqual((await bundleModels(models, dist)).bare.version, before);
  assert.deepEqual(await bundleModels(path.join(root, 'nothing'), dist), {});
});
