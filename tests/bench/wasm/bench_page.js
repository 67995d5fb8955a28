/** The browser's half of the wasm benches. */
import { timeKernels } from './kernel_timer.js';
import { compareSubjects, Subject } from './model_subject.js';

/** @param {string} url */
const compile = async (url) => WebAssembly.compileStreaming(fetch(url));

/** @param {string} folder its URL, ending in a slash @returns {Promise<Uint8Array[]>} */
async function shardsOf(folder) {
  const { shards } = await (await fetch(`${folder}manifest.json`)).json();
  return Promise.all(shards.map(async (/** @type {{ file: string }} */ { file }) => (await fetch(folder + file)).bytes()));
}

/** @param {string[]} modules @param {string} folder */
async function subjectsOf(modules, folder) {
  const shards = await shardsOf(folder);
  return Promise.all(modules.map(async (url) => new Subject(await compile(url), shards)));
}

Object.assign(window, {
  /** @param {string} url @param {string} filter */
  timeKernels: async (url, filter) => timeKernels(await compile(url), filter),
  /** @param {string[]} modules @param {string} folder @param {number} runs */
  compareModules: async (modules, folder, runs) => compareSubjects(await subjectsOf(modules, folder), runs),
  /** @param {string[]} modules @param {string} folder @param {number} runs */
  profileModules: async (modules, folder, runs) =>
    (await subjectsOf(modules, folder)).map((subject) => {
      subject.profile(20); // until the engine has compiled its best code
      return subject.profile(runs);
    }),
});
