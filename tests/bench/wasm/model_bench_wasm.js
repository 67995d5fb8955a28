// Times whole models in one or more wasm modules, interleaved A B A B, or each operator of them:
//   node model_bench_wasm.js [--browser chromium] [--profile] [--runs N] MODULE.wasm… PACKAGE_FOLDER…
// The first module is the reference of the printed ratios.
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { withBenchPage } from './bench_browser.js';
import { compareSubjects, median, Subject } from './model_subject.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { browser: { type: 'string' }, profile: { type: 'boolean' }, runs: { type: 'string', default: '40' } },
});
const modules = positionals.filter((path) => path.endsWith('.wasm'));
const folders = positionals.filter((path) => !path.endsWith('.wasm'));
const runs = Number(values.runs);
const labels = modules.map((path) => `${basename(dirname(path))}/${basename(path, '.wasm').replace('minnow-', '')}`);

/** @param {string} name @param {number[][]} times of each module */
function printComparison(name, times) {
  const [best, middle] = [Math.min(...times[0]), median(times[0])];
  times.forEach((list, i) => {
    const [min, mid] = [Math.min(...list), median(list)];
    console.log(
      `${name.padEnd(12)} ${labels[i].padEnd(24)} min ${min.toFixed(3).padStart(8)} median ${mid.toFixed(3).padStart(8)} ms` +
        `   ratio min ${(min / best).toFixed(3)} median ${(mid / middle).toFixed(3)}`,
    );
  });
}

/** @param {string} label @param {readonly import('./model_subject.js').OperatorProfile[]} operators */
function printProfile(label, operators) {
  let total = 0;
  operators.forEach(({ name, shape, multiplyAdds, gmacPerSecond, ms }, i) => {
    const speed = multiplyAdds > 0 ? `${gmacPerSecond.toFixed(1).padStart(6)} GMAC/s` : '';
    console.log(
      `${String(i).padStart(4)} ${name.padEnd(18)} ${shape.join('x').padEnd(18)} ${ms.toFixed(4).padStart(8)} ms ${speed}`,
    );
    total += ms;
  });
  console.log(`     sum ${total.toFixed(3)} ms (${label})`);
}

/** @param {string} folder */
function shardsOf(folder) {
  const { shards } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  return shards.map((/** @type {{ file: string }} */ { file }) => readFileSync(join(folder, file)));
}

/** @param {string} folder */
function benchInNode(folder) {
  const shards = shardsOf(folder);
  const subjects = modules.map((path) => Subject.load(new WebAssembly.Module(readFileSync(path)), shards));
  if (values.profile) subjects.forEach((subject, i) => printProfile(labels[i], subject.profile(runs)));
  else printComparison(basename(folder), compareSubjects(subjects, runs));
}

/** @param {string} engine @param {string} folder */
async function benchInBrowser(engine, folder) {
  await withBenchPage(engine, [...modules, folder], async (page, urlOf) => {
    const call = values.profile ? 'profileModules' : 'compareModules';
    const results = await page.evaluate(
      (name, urls, packageUrl, count) => /** @type {any} */ (window)[name](urls, packageUrl, count),
      call, modules.map(urlOf), urlOf(folder), runs,
    );
    if (values.profile) labels.forEach((label, i) => printProfile(label, results[i]));
    else printComparison(basename(folder), results);
  });
}

for (const folder of folders) {
  if (values.browser) await benchInBrowser(values.browser, folder);
  else benchInNode(folder);
}
