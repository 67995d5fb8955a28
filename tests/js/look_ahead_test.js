/** When the next file is asked for: as long before the end of the one before as an answer takes to begin. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { PackageLoader, filesOf } from '../../wasm_glue/src/delivery/loader.js';
import { ProgressReporter } from '../../wasm_glue/src/base/progress.js';
import { serveSamplePackage } from './served_package.js';

/** Of shards of 20,000 bytes: they take half a second. Their answers begin at once. */
const BYTES_PER_SECOND = 40_000;

/** @type {import('./sample_package.js').SamplePackage} */
let sample;
/** @type {import('../e2e/test_server.js').TestServer} */
let server;
let url = '';
/** @type {() => Promise<void>} */
let close;
before(async () => {
  ({ sample, server, url, close } = await serveSamplePackage({ shardCount: 2, isEncoded: false }));
});
after(() => close());
beforeEach(() => {
  server.clearLog();
  server.fault(`/pkg/${sample.manifest.shards[0].file}`, { bytesPerSecond: BYTES_PER_SECOND });
});

/** @returns {Promise<number>} how many bytes of the first shard had come when the second was asked for */
async function loadedBeforeNext() {
  const [first, second] = sample.manifest.shards;
  let loaded = 0;
  let loadedThen = -1;
  const progress = new ProgressReporter((now) => {
    if (now.file === first.file) loaded = now.loaded;
  });
  /** @type {typeof fetch} */
  const watchedFetch = (input, init) => {
    if (String(input).includes(second.file)) loadedThen = loaded;
    return fetch(input, init);
  };
  const loader = new PackageLoader(url, { progress, fetch: watchedFetch });
  const files = filesOf(await loader.loadManifest());
  progress.expect(files);
  for await (const bytes of loader.loadFiles(files)) assert.ok(bytes.length > 0);
  return loadedThen;
}

/** @param {import('node:test').TestContext} t @param {number} ms that the manifest took, as the browser tells it @param {string} initiatorType */
function manifestTook(t, ms, initiatorType) {
  const timing = { initiatorType, duration: ms };
  t.mock.method(performance, 'getEntriesByName', (/** @type {string} */ name) => (name === url ? [timing] : []));
}

test('a file that the page had asked for is followed in time: the manifest tells how long answers take', async (t) => {
  manifestTook(t, 150, 'link');
  const loaded = await loadedBeforeNext();
  assert.ok(loaded >= 8_000 && loaded <= 17_000, `${loaded} of 20000 bytes`);
});

test('where the page asked for nothing the file’s own answer tells, however long the manifest took', async (t) => {
  manifestTook(t, 150, 'fetch');
  const loaded = await loadedBeforeNext();
  assert.ok(loaded > 17_000, `${loaded} of 20000 bytes`);
});

test('without times the file’s own answer tells', async () => {
  const loaded = await loadedBeforeNext();
  assert.ok(loaded > 17_000, `${loaded} of 20000 bytes`);
});
