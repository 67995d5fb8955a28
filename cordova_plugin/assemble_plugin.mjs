#!/usr/bin/env node
/**
 * Assembles the plugin as it is published into cordova_plugin/dist: the sources of this folder, the npm package's files for
 * browsers, its types, and a model for the nested tests; both plugin.xml get the list of their assets.
 *
 * usage: assemble_plugin.mjs [OUTPUT FOLDER]
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateRawSync } from 'node:zlib';
import { readPackage } from './lib/model_package.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const OUTPUT = path.resolve(process.argv[2] ?? path.join(HERE, 'dist'));
/** What the plugin consists of besides the runtime. */
const SOURCES = ['README.md', 'bin', 'hooks', 'lib', 'package.json', 'tests', 'types', 'www'];
/** The package's scripts and WebAssembly; not its source for Node, and not the modules for several threads: no WebView shares memory. */
const FOR_WEBVIEWS = /^(?!node\.js$).*(?<!-threads)\.(js|wasm)$/;
const ASSETS_MARK = '<!-- ASSETS -->';
/** The model of the nested tests, and what they show it. */
const TEST_MODEL = path.join(HERE, '../models/doodles');
const TEST_PICTURE = 'samples/cat.png';

rmSync(OUTPUT, { recursive: true, force: true });
mkdirSync(OUTPUT, { recursive: true });
for (const source of SOURCES) cpSync(path.join(HERE, source), path.join(OUTPUT, source), { recursive: true });
const runtime = copyRuntime();
writePluginXml('plugin.xml', runtime.map((file) => `minnow/${file}`));
writePluginXml('tests/plugin.xml', copyTestModel());
printSize(runtime);

/** @returns {string[]} the files, relative to minnow/ */
function copyRuntime() {
  const root = path.dirname(fileURLToPath(import.meta.resolve('minnow')));
  if (!existsSync(path.join(root, 'minnow.js'))) throw new Error('wasm_glue/dist is not built: run tools/build.sh wasm js');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => FOR_WEBVIEWS.test(file)).sort();
  for (const file of files) cpSync(path.join(root, file), path.join(OUTPUT, 'minnow', file));
  cpSync(path.join(root, 'types'), path.join(OUTPUT, 'types/minnow'), { recursive: true });
  const types = path.join(OUTPUT, 'types/minnow_plugin.d.ts');
  writeFileSync(types, readFileSync(types, 'utf8').replace(/from 'minnow(?:\/(\w+))?'/g, (_, part = 'minnow') => `from './minnow/${part}.js'`));
  return files;
}

/** @returns {string[]} the files, relative to tests/ */
function copyTestModel() {
  const folder = 'minnow-tests/doodles';
  const files = readPackage(TEST_MODEL).files.map((file) => ({ ...file, path: `${folder}/${file.path}` }));
  files.push({ path: 'minnow-tests/cat.png', bytes: readFileSync(path.join(TEST_MODEL, TEST_PICTURE)) });
  for (const file of files) {
    mkdirSync(path.dirname(path.join(OUTPUT, 'tests', file.path)), { recursive: true });
    writeFileSync(path.join(OUTPUT, 'tests', file.path), file.bytes);
  }
  return files.map((file) => file.path);
}

/** @param {string} name @param {readonly string[]} assets beside it, served at the same paths */
function writePluginXml(name, assets) {
  const xml = readFileSync(path.join(HERE, name), 'utf8');
  if (xml.split(ASSETS_MARK).length !== 2) throw new Error(`${name}: the mark ${ASSETS_MARK} has to stand in it once`);
  const list = assets.map((asset) => `<asset src="${asset}" target="${asset}" />`).join('\n  ');
  writeFileSync(path.join(OUTPUT, name), xml.replace(ASSETS_MARK, list));
}

/** What the plugin adds to an app, and to what is downloaded of it: stores' packages are zip files. @param {readonly string[]} files */
function printSize(files) {
  const contents = files.map((file) => readFileSync(path.join(OUTPUT, 'minnow', file)));
  /** @param {readonly Buffer[]} parts */
  const total = (parts) => parts.reduce((sum, { length }) => sum + length, 0);
  console.log(`${files.length} files of the runtime in the plugin: ${total(contents)} bytes, ${total(contents.map((bytes) => deflateRawSync(bytes)))} deflated`);
}
