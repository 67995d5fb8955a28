/** What the build puts in place of these names, and the slice of a service worker's world in use:
 * the compiler's own types of it cannot be loaded beside those of pages. */

/** The SHA-256 of each WebAssembly file of this build, in hexadecimal digits, by the file's name. */
declare const WASM_HASHES: Record<string, string>;

/** A model that comes with the page. */
interface BundledModel {
  task: string;
  /** Of its manifest: the first digits of the SHA-256. */
  version: string;
  /** To download, compressed where that is smaller. */
  bytes: number;
  /** What training wrote about it; accuracy in percent. */
  card: { accuracy?: number; testExamples?: number; bytes?: number; licence?: string } | null;
  /** Names of the files in samples/<name>/. */
  samples: string[];
}

/** By the name of their folder in models/; those that are not trained are not here. */
declare const BUNDLED_MODELS: Record<string, BundledModel>;

/** The files of the page's shell, with their hashes. */
declare const PRECACHE_LIST: { url: string; revision: string | null; integrity?: string }[];

interface LifetimeEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}

interface InstallingEvent extends LifetimeEvent {
  /** Static routing; in Chromium only. */
  addRoutes?(rule: { condition: { requestMethod: string }; source: 'fetch-event' }): Promise<void>;
}

interface PassingRequestEvent extends LifetimeEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

interface ServiceWorkerWorld {
  readonly registration: ServiceWorkerRegistration;
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install', listener: (event: InstallingEvent) => void): void;
  addEventListener(type: 'activate', listener: (event: LifetimeEvent) => void): void;
  addEventListener(type: 'message', listener: (event: MessageEvent & LifetimeEvent) => void): void;
  addEventListener(type: 'fetch', listener: (event: PassingRequestEvent) => void): void;
}
