import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { distFolder, importNodeModule, importPageModule, root } from './native_tool.js';

const skip = !existsSync(path.join(distFolder, 'minnow.js')) && 'wasm_glue/dist is missing (tools/build.sh js)';

/** The language alone, without window, self, fetch, URL, Worker or indexedDB: whatever is touched fails. */
const EVALUATE_IN_EMPTY_REALM = `
import { readFileSync } from 'node:fs';
import vm from 'node:vm';
const module = new vm.SourceTextModule(readFileSync(process.argv[1], 'utf8'), { context: vm.createContext({}) });
await module.link(() => { throw new Error('a static import'); });
await module.evaluate();
if (Object.keys(module.namespace).length === 0) throw new Error('no exports');
`;

/** A page's view of the package, by name. */
const CONSUMER = `
import { ImageClassifier, MemoryStorage, MinnowError, Model, storage, supported } from 'minnow';
import type { CreateOptions, OperatorProfile, OutputTensor, Progress, SupportReport } from 'minnow';
import { Model as NodeModel } from 'minnow/node';
import { ImageSegmenter, ObjectDetector, upscaleToSource } from 'minnow/vision';
import type { Detection } from 'minnow/vision';
import { AudioClassifier } from 'minnow/audio';
import type { Heard } from 'minnow/audio';
import { TextClassifier, TextEmbedder, cosineSimilarity } from 'minnow/text';
import { ModelChain } from 'minnow/chain';
import type { ChainOptions } from 'minnow/chain';
import { OpfsStorage, checkForUpdate, prefetch } from 'minnow/storage';
import type { PackageUpdate } from 'minnow/storage';

const options: CreateOptions = {
  signal: new AbortController().signal,
  onProgress: ({ phase, loaded, total }: Progress) => console.log(phase, loaded / total),
  memory: { maxBytes: 2 ** 28 },
  storage: new MemoryStorage(),
  wasmUrl: { simd128: '/x.wasm' },
  mirrors: [new URL('https://other.example/x/')],
  publicKey: ['AAAA'],
  rollback: 'refuse',
};
export async function bring(): Promise<number> {
  await prefetch('/models/x/', { storage: 'cache', onProgress: ({ phase }) => console.log(phase) });
  const update: PackageUpdate | undefined = await checkForUpdate('/models/x/', { storage: new OpfsStorage() });
  await update?.download({ signal: AbortSignal.timeout(1000) });
  return update?.downloadBytes ?? 0;
}
export async function look(file: File, video: HTMLVideoElement): Promise<string> {
  const classifier: ImageClassifier = await ImageClassifier.create('/models/x/', options);
  const [{ label, score }] = await classifier.classify(file, { top: 1 });
  await classifier.classify(video);
  classifier.dispose();
  return label + score.toFixed(2);
}
export async function tensors(): Promise<OutputTensor[]> {
  const model: Model = await Model.create({ manifest: {}, shards: new Map<string, ArrayBuffer>() });
  // @ts-expect-error strings are no tensors
  await model.run('x');
  const slowest: OperatorProfile = (await model.profile([new Float32Array(3)], { runs: 5 })).operators[0];
  console.log(slowest.name, slowest.ms.toFixed(3), slowest.shape.join('x'));
  const here: NodeModel = await NodeModel.create('out');
  return here.run([new Int8Array(3)]);
}
export async function vision(video: HTMLVideoElement, signal: AbortSignal): Promise<Detection[]> {
  const detector = await ObjectDetector.create('/models/faces/', options);
  await detector.watch(video, { onResult: ({ detections }) => console.log(detections[0].box.width), signal, maxFps: 10, scoreThreshold: 0.6 });
  for await (const { detections } of detector.detectAll([video])) console.log(detections.length);
  const segmenter: ImageSegmenter = await ImageSegmenter.create('/models/people/', options);
  const classes: Uint8Array = upscaleToSource(await segmenter.segment(video)).classes;
  return (await detector.detect(video, { maxDetections: classes.length })).detections;
}
export async function sound(stream: MediaStream, file: File, signal: AbortSignal): Promise<string> {
  const classifier: AudioClassifier = await AudioClassifier.create('/models/words/', options);
  await classifier.listen({ stream, onResult: ({ classes, isNew }: Heard) => console.log(classes[0].label, isNew), intervalMs: 200, signal });
  for await (const { time } of classifier.stream([new Float32Array(100)], { sampleRate: 48000 })) console.log(time);
  // @ts-expect-error there is no such combination
  await classifier.classify(file, { combine: 'product' });
  return (await classifier.classify({ samples: new Float32Array(9), sampleRate: 8000 }))[0].label;
}
export async function text(): Promise<number> {
  const embedder = await TextEmbedder.create('/models/sentences/', options);
  const [{ label }] = await (await TextClassifier.create('/models/moods/')).classify('fine');
  return cosineSimilarity(await embedder.embed(label), await embedder.embed('good'));
}
export async function parts(file: File, signal: AbortSignal): Promise<OutputTensor[]> {
  const few: ChainOptions = { ...options, partsInMemory: 2 };
  const chain: ModelChain = await ModelChain.create('/models/large/', few);
  await chain.preload({ signal });
  const [{ label }] = await chain.classify(file, { top: 1, signal });
  console.log(label, chain.partCount, chain.peakMemory.weights, chain.info.packageBytes);
  // @ts-expect-error a chain is not updated in the background
  await ModelChain.create('/models/large/', { update: 'background' });
  return chain.run([new Int8Array(3)]);
}
export async function rest(error: unknown): Promise<SupportReport> {
  // @ts-expect-error there is no such code
  if (error instanceof MinnowError && error.code === 'NO_SUCH_CODE') throw error;
  if (error instanceof MinnowError && (error.code === 'HTTP' || error.code === 'CORRUPT')) console.log(error.url);
  for (const { url } of await storage.list()) await storage.delete(url);
  return supported();
}
`;

describe('npm package', { skip }, () => {
  test('importing touches nothing of the page, and works where there is none', async () => {
    for (const name of ['minnow.js', 'minnow-worker.js']) {
      const flags = ['--experimental-vm-modules', '--no-warnings', '--input-type=module', '-e', EVALUATE_IN_EMPTY_REALM];
      execFileSync(process.execPath, [...flags, path.join(distFolder, name)]);
    }
    await importPageModule();
    await importNodeModule();
  });

  test('the exports are those of the documentation', async () => {
    const documented = ['ImageClassifier', 'MemoryStorage', 'MinnowError', 'Model', 'storage', 'supported'];
    /** What the package's other entries are made of. */
    const shared = ['ModelBase', 'PictureTask', 'abortable', 'absoluteUrl', 'inOrder', 'openTask', 'tell', 'throwIfAborted'];
    assert.deepEqual(Object.keys(await importPageModule()).sort(), [...documented, ...shared].sort());
    const entries = {
      'vision.js': ['ImageSegmenter', 'ObjectDetector', 'sendPicture', 'upscaleToSource', 'watchFrames'],
      'minnow-storage.js': ['CacheApiStorage', 'MemoryStorage', 'OpfsStorage', 'checkForUpdate', 'prefetch', 'updateInBackground'],
      'audio.js': ['AudioClassifier'],
      'chain.js': ['ModelChain'],
      'text.js': ['TextClassifier', 'TextEmbedder', 'cosineSimilarity'],
    };
    for (const [entry, names] of Object.entries(entries)) {
      assert.deepEqual(Object.keys(await import(pathToFileURL(path.join(distFolder, entry)).href)).sort(), names);
    }
  });

  test('nothing is evaluated from text, and no address of another origin is built in', () => {
    for (const name of readdirSync(distFolder).filter((name) => name.endsWith('.js'))) {
      const source = readFileSync(path.join(distFolder, name), 'utf8');
      assert.doesNotMatch(source, /\beval\s*\(|new Function\s*\(/, name);
      assert.doesNotMatch(source, /https?:\/\//, name);
    }
  });

  test('bundlers find worker and wasm by the expressions they look for', () => {
    const source = readFileSync(path.join(distFolder, 'minnow.js'), 'utf8');
    assert.match(source, /new Worker\(new URL\("\.\/minnow-worker\.js",import\.meta\.url\),\{type:"module",name:"minnow"\}\)/);
    for (const variant of ['scalar', 'simd128', 'relaxed']) {
      assert.ok(source.includes(`new URL("./wasm/minnow-${variant}.wasm",import.meta.url)`));
    }
  });

  test('every file that package.json names is there', () => {
    const folder = path.dirname(distFolder);
    const { exports } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
    for (const target of Object.values(exports)) {
      const files = typeof target === 'string' ? [target] : Object.values(target);
      for (const file of files) assert.ok(existsSync(path.join(folder, file.replace('*', ''))), file);
      if (typeof target !== 'string') assert.equal(Object.keys(target)[0], 'types', 'types come first');
    }
  });

  test('the declarations serve a strict TypeScript project that has none of our dependencies', () => {
    const project = mkdtempSync(path.join(tmpdir(), 'minnow_consumer_'));
    try {
      mkdirSync(path.join(project, 'node_modules/minnow'), { recursive: true });
      execFileSync('cp', ['-r', path.join(root, 'wasm_glue/package.json'), distFolder, path.join(project, 'node_modules/minnow')]);
      writeFileSync(path.join(project, 'package.json'), '{"type":"module"}');
      writeFileSync(path.join(project, 'consumer.ts'), CONSUMER);
      const flags = '--noEmit --strict --target es2022 --lib es2022,dom,dom.iterable,esnext.disposable --types'.split(' ');
      for (const resolution of [['--module', 'nodenext'], ['--module', 'esnext', '--moduleResolution', 'bundler']]) {
        const tsc = path.join(root, 'node_modules/.bin/tsc');
        try {
          execFileSync(tsc, [...resolution, ...flags, '', 'consumer.ts'], { cwd: project, encoding: 'utf8' });
        } catch (error) {
          assert.fail(/** @type {any} */ (error).stdout);
        }
      }
    } finally {
      rmSync(project, { recursive: true });
    }
  });
});
