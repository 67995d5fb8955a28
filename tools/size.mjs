// Shipped bytes: what a page fetches of Minnow itself up to its first inference.
// usage: size.mjs [--json] [--gate]
//
// Counted up to the first inference: every .js file of wasm_glue/dist that a page with pictures to classify fetches,
// and the largest wasm variant, since a browser fetches exactly one; further tasks' files are printed beside it. --gate
// fails above the budget, where all of it together, every operator and task (MINNOW_OPS=all), is above the default
// build's limit, and where a module has imports.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';

const budgetBytes = 80 * 1024;
/** Promised of the default build; the budget above is what it is held to day by day. */
const limitBytes = 150 * 1024;
const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'wasm_glue/dist');

/** @param {string} path @returns {{bytes: number, brotli: number}} */
function measure(path) {
  const content = readFileSync(path);
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  return { bytes: content.length, brotli: brotliCompressSync(content, { params }).length };
}

/** @param {string} why @returns {never} */
function fail(why) {
  console.error(`size: ${why}`);
  process.exit(1);
}

if (!existsSync(dist)) fail('wasm_glue/dist does not exist; run tools/build.sh first');
const shipped = readdirSync(dist, { recursive: true, encoding: 'utf8' }).sort();
const allScripts = shipped.filter((name) => /\.m?js$/.test(name) && !isForNode(name));
/** Entries of their own, and what they fetch by themselves. */
const isFurtherTask = (/** @type {string} */ name) =>
  /^((vision|audio|text|chain|coi|coi_service_worker|minnow-(tasks|delivery|crypto|storage|helper|audio-worklet))\.js|wasm\/minnow-sound-text\.wasm)$/.test(name);
const scripts = allScripts.filter((name) => !isFurtherTask(name));
const variants = shipped
  .filter((name) => name.endsWith('.wasm') && !isFurtherTask(name))
  .map((name) => ({ name, size: measure(join(dist, name)) }))
  .sort((a, b) => b.size.brotli - a.size.brotli);
if (scripts.length === 0) fail(`no script in ${relative(root, dist)}; run tools/build.sh first`);
if (variants.length === 0) fail(`no wasm module in ${relative(root, dist)}; run tools/build.sh first`);

/** The file-system source for Node is never fetched by a page. @param {string} name */
function isForNode(name) {
  return /(^|[/_.])node([/_.]|$)/.test(name);
}

/** @type {Record<string, {bytes: number, brotli: number}>} */
const files = {};
for (const name of scripts) files[name] = measure(join(dist, name));
files[variants[0].name] = variants[0].size;
const total = Object.values(files).reduce((sum, file) => sum + file.brotli, 0);

const furtherFiles = new Map(shipped.filter(isFurtherTask).map((name) => [name, measure(join(dist, name))]));
const everything = [...furtherFiles.values()].reduce((sum, { brotli }) => sum + brotli, total);

if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ total_brotli_bytes: total, budget_bytes: budgetBytes, limit_bytes: limitBytes, files }, null, 2));
} else {
  console.log('Shipped up to the first inference:     bytes    brotli');
  for (const [name, { bytes, brotli }] of Object.entries(files)) {
    console.log(`  ${name.padEnd(34)} ${String(bytes).padStart(8)}  ${String(brotli).padStart(8)}`);
  }
  console.log(`  ${'total'.padEnd(34)} ${''.padStart(8)}  ${String(total).padStart(8)}  of ${budgetBytes}`);
  const further = [...furtherFiles].map(([name, { brotli }]) => `${name} ${brotli}`);
  console.log(`  on demand, after brotli: ${further.join(', ')}`);
  console.log(`The default build, every operator and task: ${everything} bytes after brotli; at most ${limitBytes}`);
}
if (process.argv.includes('--gate')) {
  checkImports();
  if (everything > limitBytes) fail(`${everything} bytes after brotli are above the default build's limit of ${limitBytes}`);
  if (total > budgetBytes) fail(`${total} bytes after brotli are above the budget of ${budgetBytes}`);
}

/** The modules are pure: an import, but of the memory that threads share, would be start-up code that slipped in. */
function checkImports() {
  for (const name of shipped.filter((file) => file.endsWith('.wasm'))) {
    const imports = WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(join(dist, name)))).filter(
      ({ kind }) => !(name.endsWith('-threads.wasm') && kind === 'memory'),
    );
    if (imports.length > 0) fail(`${name} has imports: ${imports.map((i) => i.name).join(', ')}`);
  }
}
