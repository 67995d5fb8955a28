/** Types of cordova-plugin-minnow: window.minnow, which is the npm package `minnow` with promises for what is loaded on demand. */
import type * as core from 'minnow';
import type * as audio from 'minnow/audio';
import type * as chain from 'minnow/chain';
import type * as storage from 'minnow/storage';
import type * as text from 'minnow/text';
import type * as vision from 'minnow/vision';

/** A model that the app carries. */
export interface AppModel {
  /** as in config.xml: its folder's name */
  readonly name: string;
  readonly task: core.Task;
  /** of its folder, for create() */
  readonly url: string;
  /** of all its files */
  readonly bytes: number;
}

/** The package's files, by the names that load() takes. */
export interface MinnowParts {
  minnow: typeof core;
  vision: typeof vision;
  audio: typeof audio;
  text: typeof text;
  chain: typeof chain;
  'minnow-storage': typeof storage;
}

type Creator<Class extends { create: (...args: never[]) => unknown }> = Pick<Class, 'create'>;
type Promised<Fn extends (...args: never[]) => unknown> = (...args: Parameters<Fn>) => Promise<Awaited<ReturnType<Fn>>>;

/**
 * create(): a model of the app (an address relative to the page, or of models()) is read from the app's files and not kept in
 * IndexedDB; one of another origin is kept there. The option `threads` has no effect.
 */
export interface MinnowPlugin {
  /** Loads the package's main file. Rejects with an error whose `code` and `message` are as MinnowError's. */
  ready(): Promise<typeof core>;
  /** Loads one of the package's files, for what is used without a promise: MinnowError, supported(), … */
  load<Part extends keyof MinnowParts>(part: Part): Promise<MinnowParts[Part]>;
  /** The models that were put into the app when it was built. */
  models(): Promise<AppModel[]>;
  readonly Model: Creator<typeof core.Model>;
  readonly ImageClassifier: Creator<typeof core.ImageClassifier>;
  readonly ObjectDetector: Creator<typeof vision.ObjectDetector>;
  readonly ImageSegmenter: Creator<typeof vision.ImageSegmenter>;
  readonly AudioClassifier: Creator<typeof audio.AudioClassifier>;
  readonly TextClassifier: Creator<typeof text.TextClassifier>;
  readonly TextEmbedder: Creator<typeof text.TextEmbedder>;
  readonly ModelChain: Creator<typeof chain.ModelChain>;
  readonly supported: Promised<typeof core.supported>;
  readonly upscaleToSource: Promised<typeof vision.upscaleToSource>;
  readonly watchFrames: Promised<typeof vision.watchFrames>;
  readonly cosineSimilarity: Promised<typeof text.cosineSimilarity>;
  /** Of models from other origins, as what follows. */
  readonly prefetch: Promised<typeof storage.prefetch>;
  readonly checkForUpdate: Promised<typeof storage.checkForUpdate>;
  /** What is kept of models from other origins. */
  readonly storage: typeof core.storage;
}

declare global {
  interface Window {
    minnow: MinnowPlugin;
  }
}
