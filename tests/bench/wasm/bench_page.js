/** The browser's half of the wasm benches. */
import { timeKernels } from './kernel_timer.js';
import { compareSubjects, median, Subject } from './model_subject.js';

/** @param {string} url */
const compile = async (url) => WebAssembly.compileStreaming(fetch(url));

/** @param {string} folder its URL, ending in a slash @returns {Promise<Uint8Array[]>} */
async function shardsOf(folder) {
  const { shards } = await (await fetch(`${folder}manifest.json`)).json();
  return Promise.all(shards.map(async (/** @type {{ file: string }} */ { file }) => new Uint8Array(await (await fetch(folder + file)).arrayBuffer())));
}

/** @param {string[]} modules @param {string} folder */
async function subjectsOf(modules, folder) {
  const shards = await shardsOf(folder);
  return Promise.all(modules.map(async (url) => Subject.load(await compile(url), shards)));
}

/** Until the browser has compiled its best code. */
const WARM_UP_MS = 500;
const DECODINGS = 15;

/** @param {Subject} subject */
function warmUp(subject) {
  const begunAt = performance.now();
  while (performance.now() - begunAt < WARM_UP_MS) subject.time(1);
}

/**
 * Pushes a package's shards into fresh instances. ms: median from bytes in memory to weights as the kernels read them.
 * @param {string} url of the module @param {string} folder
 */
async function timeDecoding(url, folder) {
  const [module, shards] = [await compile(url), await shardsOf(folder)];
  const times = [];
  let weightBytes = 0;
  for (let i = 0; i < DECODINGS; i++) {
    const subject = new Subject(module, shards[0]);
    const begunAt = performance.now();
    subject.push(shards);
    times.push(performance.now() - begunAt);
    if (subject.exports.is_ready() !== 1) throw new Error('the package is not complete');
    weightBytes = subject.exports.memory_report(0);
  }
  return { weightBytes, ms: median(times) };
}

Object.assign(window, {
  timeDecoding,
  /** @param {string} url @param {string} filter */
  timeKernels: async (url, filter) => timeKernels(await compile(url), filter),
  /** @param {string[]} modules @param {string} folder @param {number} runs */
  compareModules: async (modules, folder, runs) => compareSubjects(await subjectsOf(modules, folder), runs),
  /** Of the same inputs. @param {string} url of the module @param {string[]} folders @param {number} runs */
  comparePackages: async (url, folders, runs) => {
    const module = await compile(url);
    const subjects = await Promise.all(folders.map(async (folder) => Subject.load(module, await shardsOf(folder))));
    subjects.forEach(warmUp);
    return compareSubjects(subjects, runs);
  },
  /** @param {string[]} modules @param {string} folder @param {number} runs */
  profileModules: async (modules, folder, runs) =>
    (await subjectsOf(modules, folder)).map((subject) => {
      warmUp(subject);
      return subject.profile(runs);
    }),
});
