/** The package as a strict TypeScript project sees it, by its public names. Compiled by typescript_test.js. */
import { ImageClassifier, MinnowError, Model, storage, supported } from 'minnow';
import type { CreateOptions, OperatorProfile, OutputTensor, Progress, SupportReport } from 'minnow';
import { Model as NodeModel } from 'minnow/node';
import { ImageSegmenter, ObjectDetector, upscaleToSource } from 'minnow/vision';
import type { Detection } from 'minnow/vision';
import { AudioClassifier } from 'minnow/audio';
import type { Heard } from 'minnow/audio';
import { TextClassifier, TextEmbedder, cosineSimilarity } from 'minnow/text';
import { ModelChain } from 'minnow/chain';
import type { ChainOptions } from 'minnow/chain';
import { isolatePage, isolated } from 'minnow/coi';
import { MemoryStorage, OpfsStorage, checkForUpdate, prefetch } from 'minnow/storage';
import type { PackageUpdate } from 'minnow/storage';
import { openStorage } from 'minnow/worker';

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
export async function isolate(): Promise<Response> {
  const isIsolated: boolean = await isolatePage(new URL('https://example.org/coi_service_worker.js'));
  // @ts-expect-error the service worker is not optional
  await isolatePage();
  return isolated(new Response(String(isIsolated)));
}
export const kept = openStorage('indexeddb').then((storage) => storage?.hasFile(''));
