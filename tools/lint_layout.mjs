// Proves the layout rules that a reader of the folder listing relies on (docs/ARCHITECTURE.md):
// includes and imports point downwards, file names are unique, files stay short, lock files and sources
// name no package registry, generated files are up to date. Prints each breach; ends with status 1 if any.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, extname, join, posix, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
process.chdir(root);

// A C file in a folder may include files of that folder, and of those listed for it.
const publicHeader = 'core/include';
const includable = {
  'core/include': [],
  'core/base': [publicHeader],
  'core/kernels': [publicHeader, 'core/base'],
  'core/format': [publicHeader, 'core/base', 'core/kernels'],
  'core/ops': [publicHeader, 'core/base', 'core/kernels', 'core/format'],
  'core/runtime': [publicHeader, 'core/base', 'core/kernels', 'core/format', 'core/ops'],
  'core/frontend': [publicHeader, 'core/base'],
  packer: ['core'],
  'packer/autodiff': ['core', 'packer/import'],
  'packer/compress': ['core', 'packer/autodiff', 'packer/encode', 'packer/import', 'packer/package', 'packer/picture', 'packer/pk_error.h', 'packer/pk_random.h', 'packer/lowered_graph.h'],
  'packer/data': ['core', 'packer/encode', 'packer/package', 'packer/picture', 'packer/pk_error.h', 'packer/pk_random.h'],
  'packer/sign': ['packer/encode', 'packer/package', 'packer/pk_error.h'],
  'packer/train': ['core', 'packer/autodiff', 'packer/compress', 'packer/data', 'packer/encode', 'packer/import', 'packer/package', 'packer/pk_clock.h', 'packer/pk_error.h', 'packer/pk_random.h'],
  'packer/search': ['packer/encode', 'packer/package', 'packer/train', 'packer/pk_error.h', 'packer/pk_random.h'],
  'packer/eval': ['core', 'packer/compress', 'packer/data', 'packer/package', 'packer/pk_error.h'],
  'packer/report': ['core', 'packer/compress', 'packer/data', 'packer/eval', 'packer/search', 'packer/encode', 'packer/package', 'packer/picture', 'packer/pk_error.h'],
  wasm_glue: [publicHeader],
  tests: ['core', 'packer'],
  'tools/emscripten': [],
};
// The core runs where there is no operating system: nothing of libc but memory, numbers and assertions.
const coreSystemHeaders = /^(assert|float|limits|math|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|string|minnow\/minnow|wasm_simd128|simde\/wasm\/simd128)\.h$/;
const publicHeaderSystemHeaders = /^std(bool|def|int)\.h$/;

// JavaScript of a folder may import files of that folder, and of those listed for it. Other folders
// are reached by the package's name.
const importable = { cordova_plugin: [], web_demo: [], wasm_glue: [], tools: [], tests: ['tools', 'wasm_glue', 'web_demo', 'cordova_plugin'] };

const sharedNames = /^(CMakeLists\.txt|README\.md|package(-lock)?\.json|tsconfig\.json|index\.html|plugin\.xml|LICENSE|\.gitignore|run)$/;
const maxLines = 600;

// Commands that compare generated files with what would be generated now.
const generatedChecks = [['wasm_glue/generate_error_codes.mjs', '--check']];

/** @type {string[]} */
const breaches = [];
const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
  .split('\0')
  .filter((path) => path && existsSync(path));
/** @type {Map<string, string>} */
const pathOfName = new Map();

for (const path of files) {
  const name = basename(path);
  if (sharedNames.test(name) || path.startsWith('models/')) continue; // every model has the same files
  const other = pathOfName.get(name);
  if (other) breaches.push(`${path}: has the same name as ${other}; names are unique, so that one finds files by them`);
  pathOfName.set(name, path);
}

/** The longest key of `rules` that is a folder of `path`. @param {object} rules @param {string} path */
function folderOf(rules, path) {
  return Object.keys(rules)
    .filter((folder) => path.startsWith(`${folder}/`))
    .sort((a, b) => b.length - a.length)[0];
}

/** @param {Record<string, string[]>} rules @param {string} from @param {string} to */
function mayUse(rules, from, to) {
  const folder = folderOf(rules, from);
  if (!folder || to.startsWith(`${folder}/`)) return true;
  return rules[/** @type {keyof typeof rules} */ (folder)].some((allowed) => `${to}/`.startsWith(`${allowed}/`));
}

/** @param {string} path @param {string} text */
function checkIncludes(path, text) {
  for (const [, bracket, target] of text.matchAll(/^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]/gm)) {
    const included = pathOfName.get(basename(target));
    if (bracket === '"' || included?.endsWith(target)) {
      if (!included) breaches.push(`${path}: includes "${target}", which is not in the repository`);
      else if (!mayUse(includable, path, included)) {
        breaches.push(`${path}: may not include ${included}; ${folderOf(includable, path)} lies below or beside it`);
      }
    } else if (path.startsWith(`${publicHeader}/`) && !publicHeaderSystemHeaders.test(target)) {
      breaches.push(`${path}: the public header needs only stdbool.h, stddef.h and stdint.h, not <${target}>`);
    } else if (path.startsWith('core/') && !coreSystemHeaders.test(target)) {
      breaches.push(`${path}: <${target}> is not available to the core`);
    }
  }
}

/** @param {string} path @param {string} text */
function checkImports(path, text) {
  for (const [, target] of text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g)) {
    const imported = posix.join(posix.dirname(path), target);
    if (!mayUse(importable, path, imported)) {
      breaches.push(`${path}: may not import ${imported}; use what the package exports by name`);
    }
  }
}

const registryUrl = /https?:\/\/[^\s/"'<>)]*(registry|mirror|artifact|npmjs|pypi|\bdeb\.)[^\s/"'<>)]*/i;

for (const path of files) {
  const extension = extname(path);
  if (/^\.(png|jpe?g|ico|woff2?|gz|br|mnw|tflite|bin|wasm|webp)$/.test(extension)) continue;
  const text = readFileSync(path, 'utf8');
  const url = text.match(registryUrl);
  if (url) breaches.push(`${path}: names the package registry ${url[0]}`);
  if (basename(path) === 'package-lock.json' && /"resolved": "https?:/.test(text)) {
    breaches.push(`${path}: has "resolved" addresses; npm with the repository's .npmrc writes none`);
  }
  const lines = text.split('\n').length - 1;
  if (/^\.([ch]|m?js|css|html|sh|cmake)$/.test(extension) && lines > maxLines) {
    breaches.push(`${path}: ${lines} lines; at most ${maxLines}`);
  }
  if (/^\.([ch]|inc)$/.test(extension)) checkIncludes(path, text);
  if (/^\.m?js$/.test(extension)) checkImports(path, text);
}

for (const [script, ...args] of generatedChecks) {
  if (!existsSync(script)) {
    breaches.push(`${script}: is listed as a check of generated files and does not exist`);
    continue;
  }
  try {
    execFileSync(process.execPath, [join(root, script), ...args], { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    breaches.push(`${script}: ${/** @type {any} */ (error).stderr || error}`.trim());
  }
}

for (const breach of breaches) console.error(breach);
console.log(`${files.length} files, ${breaches.length} breaches of the layout rules`);
process.exitCode = breaches.length > 0 ? 1 : 0;
