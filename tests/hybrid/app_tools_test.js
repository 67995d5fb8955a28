/** What puts models into apps: the command-line tool, the checks of settings, and the plugin as it is assembled. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { makeTempDir } from '../e2e/engines/owned_process.js';
import { writeOnnx } from '../js/tiny_onnx.js';
import { assemblePlugin, missing, pluginSources, root } from './hybrid_apps.js';

const MODELS = path.join(root, 'models');
const MINNOW = path.join(root, 'build/native/minnow');

/** @template T @param {string} file @returns {Promise<T>} */
const source = (file) => import(pathToFileURL(path.join(pluginSources, file)).href);

/** @param {string} file @returns {any} */
const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

describe('minnow-models', () => {
  const { dir, remove } = makeTempDir('hybrid-tools-');
  const www = path.join(dir, 'app/www');
  const registry = () => readJson(path.join(www, 'minnow/models.json')).models;
  after(remove);
  before(() => mkdirSync(www, { recursive: true }));

  /** @param {...string} args */
  const tool = (...args) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(pluginSources, 'bin/add_model.mjs'), ...args], { cwd: MODELS, encoding: 'utf8' });
    return { status, stdout, stderr };
  };
  /** A changed copy of a package. @param {string} name @param {(folder: string) => void} change */
  const changed = (name, change) => {
    const folder = path.join(dir, name);
    cpSync(path.join(MODELS, 'doodles/package'), folder, { recursive: true });
    change(folder);
    return folder;
  };
  /** @param {(manifest: any) => void} change */
  const manifestWith = (change) => (/** @type {string} */ folder) => {
    const file = path.join(folder, 'manifest.json');
    const manifest = readJson(file);
    change(manifest);
    writeFileSync(file, JSON.stringify(manifest));
  };

  test('adds models one after the other, under the names that are asked for', () => {
    const first = tool('doodles', 'words=wake_words', '--www', www);
    assert.equal(first.status, 0, first.stderr);
    assert.match(first.stdout, /^doodles: image-classification, \d+ bytes in .*models\/doodles\/\nwords: audio-classification/);
    assert.equal(tool('intents/package', '--www', www).status, 0);
    assert.equal(tool('words=intents_zh', '--www', www).status, 0);
    assert.deepEqual(registry().map((/** @type {any} */ { name, task, url }) => [name, task, url]), [
      ['doodles', 'image-classification', 'models/doodles/'],
      ['intents', 'text-classification', 'models/intents/'],
      ['words', 'text-classification', 'models/words/'],
    ]);
    assert.equal(readJson(path.join(www, 'models/words/manifest.json')).name, 'intents_zh');
    const files = readdirSync(www, { recursive: true, encoding: 'utf8' });
    assert.deepEqual(files.filter((file) => /\.(br|gz)$/.test(file)), []);
    assert.ok(!JSON.stringify(files.map((file) => file.endsWith('manifest.json') && readJson(path.join(www, file)))).includes('encodings'));
  });

  test('refuses what is no whole package, and writes nothing then', () => {
    const shard = readdirSync(path.join(MODELS, 'doodles/package')).find((file) => file.endsWith('.mnw')) ?? '';
    /** @type {[string, RegExp][]} */
    const cases = [
      [path.join(dir, 'nowhere'), /nowhere does not exist: give a folder that "minnow pack/],
      [dir, /has no manifest\.json/],
      [changed('bit', (folder) => writeFileSync(path.join(folder, shard), readFileSync(path.join(folder, shard)).fill(1, 99, 100))), /bit\/000-.* has another SHA-256/],
      [changed('short', (folder) => writeFileSync(path.join(folder, shard), 'short')), new RegExp(`short/000-.* has 5 bytes instead of ${statSync(path.join(MODELS, 'doodles/package', shard)).size}`)],
      [changed('gone', (folder) => rmSync(path.join(folder, shard))), /gone\/manifest\.json names 000-.*, which is missing/],
      [changed('json', (folder) => writeFileSync(path.join(folder, 'manifest.json'), '{')), /json\/manifest\.json is no JSON/],
      [changed('other', manifestWith((manifest) => (manifest.format = 'other'))), /is not the manifest of a Minnow package/],
      [changed('newer', manifestWith((manifest) => (manifest.version = 3))), /has format version 3/],
      [changed('out', manifestWith((manifest) => (manifest.shards[0].file = '../doodles/x'))), /which is no plain name/],
      [changed('list', manifestWith((manifest) => (manifest.shards = 7))), /has shards that are no list/],
      [changed('empty', manifestWith((manifest) => Object.assign(manifest, { shards: [], labels: undefined }))), /names no file/],
      [changed('null', manifestWith((manifest) => (manifest.shards[0] = null))), /which is no plain name/],
      [changed('part', manifestWith((manifest) => (manifest.parts = [null]))), /has undefined for parts\[0\]\.folder/],
      [changed('self', manifestWith((manifest) => (manifest.parts = [{ folder: 'package', manifest: { file: 'other.json' } }]))), /names no manifest\.json in parts\[0\]/],
      ['_doodles=doodles', /the name "_doodles" in an app, since Android leaves such folders out/],
      ['.doodles=doodles', /the name "\.doodles" in an app, since Android leaves/],
      ['my doodles=doodles', /since only letters, digits/],
      ['doodles=wake_words', /Two models have the name "doodles"/],
      ['words=', /names no folder/],
    ];
    const before = readFileSync(path.join(www, 'minnow/models.json'), 'utf8');
    for (const [spec, message] of cases) {
      const { status, stderr } = tool('doodles', spec, '--www', www);
      assert.equal(status, 1, spec);
      assert.match(stderr, message);
      assert.match(stderr, /^error: (?!.*\n.*at )/);
    }
    assert.equal(readFileSync(path.join(www, 'minnow/models.json'), 'utf8'), before);
    assert.match(tool('doodles', '--www', path.join(dir, 'none')).stderr, /^error: The app's web folder .* does not exist/);
    assert.equal(tool('doodles').status, 2);
    assert.equal(tool('doodles', '--www', www, '--wrong').status, 2);
    for (const text of ['[]', 'null', '{', '{ "format": "minnow-models", "version": 1, "models": [null] }']) {
      writeFileSync(path.join(www, 'minnow/models.json'), text);
      assert.match(tool('doodles', '--www', www).stderr, /^error: .*models\.json is no registry of models/, text);
    }
    writeFileSync(path.join(www, 'minnow/models.json'), before);
  });

  test('says what in the page or in capacitor.config.json keeps models from running', () => {
    const page = path.join(www, 'index.html');
    writeFileSync(page, `<meta http-equiv="Content-Security-Policy" content="default-src 'self'">`);
    const policy = tool('doodles', '--www', www);
    assert.equal(policy.status, 1);
    assert.match(policy.stderr, /forbids WebAssembly: add 'wasm-unsafe-eval' to its default-src/);
    rmSync(page);
    const config = path.join(dir, 'app/capacitor.config.json');
    writeFileSync(config, '{ "server": { "androidScheme": "http", "hostname": "app.example" } }');
    assert.match(tool('doodles', '--www', www).stderr, /error: The app is served from http:\/\/app\.example.*remove server\.androidScheme/);
    writeFileSync(config, '{ "server": { "androidScheme": "http", "url": "http://10.0.0.2:5173" } }');
    const warned = tool('doodles', '--www', www);
    assert.equal(warned.status, 0);
    assert.match(warned.stderr, /warning: The app is served from http:\/\/localhost[\s\S]*warning: server\.url is http:\/\/10/);
    writeFileSync(config, '{');
    assert.match(tool('doodles', '--www', www).stderr, /capacitor\.config\.json is no JSON/);
    rmSync(config);
  });

  test('a split package stays whole: its parts’ manifests are described anew', { skip: !existsSync(MINNOW) && 'build/native/minnow is missing' }, async () => {
    const model = path.join(dir, 'chain.onnx');
    const weights = (/** @type {number} */ seed) => ({ shape: [64, 64], data: Float32Array.from({ length: 4096 }, (_, i) => Math.sin(seed + i)) });
    writeFileSync(model, writeOnnx({
      inputs: [{ name: 'x', dtype: 'float32', shape: [1, 64] }],
      outputs: [{ name: 'y', dtype: 'float32', shape: [1, 64] }],
      nodes: [{ op: 'MatMul', inputs: ['x', 'a'], outputs: ['h'] }, { op: 'Relu', inputs: ['h'], outputs: ['r'] }, { op: 'MatMul', inputs: ['r', 'b'], outputs: ['y'] }],
      weights: { a: weights(1), b: weights(2) },
    }));
    execFileSync(MINNOW, ['pack', model, '--split', '2', '-o', path.join(dir, 'chain')], { stdio: 'pipe' });
    const { status, stderr } = tool(path.join(dir, 'chain'), '--www', www);
    assert.equal(status, 0, stderr);
    const copy = path.join(www, 'models/chain');
    assert.deepEqual(readdirSync(copy).sort(), ['manifest.json', 'part-0', 'part-1']);
    const { ModelChain } = await import(pathToFileURL(path.join(root, 'wasm_glue/dist/node.js')).href);
    const input = Float32Array.from({ length: 64 }, (_, i) => i / 64);
    const outputs = [];
    for (const folder of [path.join(dir, 'chain'), copy]) {
      const chain = await ModelChain.create(folder);
      outputs.push((await chain.run([input]))[0].data);
      chain.dispose();
    }
    assert.deepEqual(outputs[1], outputs[0]);
    writeFileSync(path.join(dir, 'chain/part-1/manifest.json'), readFileSync(path.join(dir, 'chain/part-0/manifest.json')));
    assert.match(tool(path.join(dir, 'chain'), '--www', www).stderr, /part-1\/manifest\.json has (another SHA-256|\d+ bytes instead)/);
  });
});

describe('checks of an app', () => {
  test('the Content-Security-Policy', async () => {
    /** @type {typeof import('../../cordova_plugin/lib/content_policy.mjs')} */
    const { policyProblems } = await source('lib/content_policy.mjs');
    /** @param {string} policy @param {string} [quote] */
    const problems = (policy, quote = '"') => policyProblems(`<head><meta content=${quote}${policy}${quote} http-equiv=content-security-policy></head>`, 'p');
    assert.deepEqual(policyProblems('<head></head>', 'p'), []);
    assert.deepEqual(policyProblems(`<!-- <meta http-equiv="Content-Security-Policy" content="default-src 'none'"> -->`, 'p'), []);
    assert.deepEqual(problems("default-src 'self' data: 'unsafe-eval'"), []);
    assert.deepEqual(problems("default-src 'self'; script-src 'self' 'wasm-unsafe-eval'"), []);
    assert.deepEqual(problems('default-src &#39;self&#39;; script-src &#39;self&#39; &#39;wasm-unsafe-eval&#39;', "'"), []);
    assert.deepEqual(problems("img-src 'self'"), []);
    assert.match(problems("script-src 'self'").join(), /^The Content-Security-Policy of p forbids WebAssembly: add 'wasm-unsafe-eval' to its script-src$/);
    assert.match(problems("script-src 'self' 'wasm-unsafe-eval'; worker-src 'none'").join(), /forbids its worker: add 'self' to its worker-src$/);
    assert.match(problems("script-src 'self' 'wasm-unsafe-eval'; connect-src https").join(), /forbids reading models: add 'self' to its connect-src$/);
    assert.equal(problems("default-src 'none'").length, 4);
  });

  test('platforms and schemes', async () => {
    /** @type {typeof import('../../cordova_plugin/lib/app_config.mjs')} */
    const { checkCordovaApp } = await source('lib/app_config.mjs');
    /** @param {string} platform @param {string | undefined} version @param {Record<string, string>} [preferences] */
    const check = (platform, version, preferences = {}) => checkCordovaApp({ platform, version, preference: (name) => preferences[name] });
    for (const [platform, version] of [['android', '15.1.0'], ['android', undefined], ['ios', '8.1.1'], ['browser', '7.0.0']]) {
      assert.deepEqual(check(/** @type {string} */ (platform), version), { errors: [], warnings: [] });
    }
    assert.match(check('android', '9.1.0').errors.join(), /^cordova-android 9 opens apps from file:\/\/.*cordova platform add android@latest$/);
    assert.match(check('ios', '5.1.1').errors.join(), /^cordova-ios 5 opens apps from file/);
    assert.match(check('ios', '7.1.1').errors.join(), /set <preference name="scheme" value="app" \/>/);
    assert.deepEqual(check('ios', '7.1.1', { scheme: 'app' }).errors, []);
    assert.deepEqual(check('ios', '8.0.0', { scheme: 'https' }).errors, []);
    assert.match(check('ios', '8.0.0', { scheme: 'FILE' }).errors.join(), /from file:\/\//);
    assert.match(check('android', '15.0.0', { Scheme: 'http' }).warnings.join(), /http:\/\/localhost/);
    assert.match(check('android', '15.0.0', { Scheme: 'http', hostname: 'app.example' }).errors.join(), /no secure context/);
  });
});

describe('the assembled plugin', { skip: missing }, () => {
  const { dir, remove } = makeTempDir('hybrid-plugin-');
  after(remove);
  before(() => assemblePlugin(dir));

  /** @param {string} folder */
  const filesBelow = (folder) => readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
  /** @param {string} xml @param {string} attribute @returns {string[]} */
  const valuesOf = (xml, attribute) => [...xml.matchAll(new RegExp(`<(?:asset|js-module|hook)\\b[^>]*?\\b${attribute}="([^"]+)"`, 'g'))].map((match) => match[1]);

  test('lists every file of the runtime, one by one, and has what it lists', () => {
    const dist = path.join(root, 'wasm_glue/dist');
    const expected = filesBelow(dist).filter((file) => /\.(js|wasm)$/.test(file) && file !== 'node.js' && !file.includes('-threads')).map((file) => `minnow/${file}`);
    const xml = readFileSync(path.join(dir, 'plugin.xml'), 'utf8');
    assert.deepEqual(valuesOf(xml, 'target').filter((target) => target.startsWith('minnow/')).sort(), expected.sort());
    for (const file of valuesOf(xml, 'src')) assert.ok(existsSync(path.join(dir, file)), file);
    for (const file of valuesOf(readFileSync(path.join(dir, 'tests/plugin.xml'), 'utf8'), 'src')) assert.ok(existsSync(path.join(dir, 'tests', file)), file);
  });

  test('has one version', () => {
    const { version } = readJson(path.join(dir, 'package.json'));
    for (const file of ['plugin.xml', 'tests/plugin.xml']) assert.match(readFileSync(path.join(dir, file), 'utf8'), new RegExp(`id="[^"]+" version="${version}"`));
    assert.equal(readJson(path.join(root, 'wasm_glue/package.json')).version, version);
  });

  test('types stand on their own', () => {
    mkdirSync(path.join(dir, 'node_modules'));
    symlinkSync(dir, path.join(dir, 'node_modules/cordova-plugin-minnow'));
    const user = path.join(dir, 'user.ts');
    writeFileSync(user, `import type {} from 'cordova-plugin-minnow';
      export async function use(file: Blob): Promise<string> {
        const classifier = await window.minnow.ImageClassifier.create('models/doodles');
        const [best] = await classifier.classify(file);
        const { MinnowError } = await window.minnow.load('minnow');
        const likeness: number = await window.minnow.cosineSimilarity(new Float32Array(2), new Float32Array(2));
        // @ts-expect-error there is no such part
        window.minnow.load('nothing');
        return best.label + (await window.minnow.models())[0].url + likeness + MinnowError.name;
      }`);
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022', '--module', 'nodenext', '--lib', 'es2022,esnext.disposable,dom,dom.iterable,dom.asynciterable', '--types', ''];
    const { status, stdout } = spawnSync(path.join(root, 'node_modules/.bin/tsc'), [...options, user], { cwd: dir, encoding: 'utf8' });
    assert.equal(status, 0, stdout);
  });

  test('window.minnow has every class and every function of the package that a page calls', async () => {
    const module = /** @type {{ exports: any }} */ ({ exports: {} });
    new Function('module', readFileSync(path.join(dir, 'www/minnow_plugin.js'), 'utf8'))(module);
    /** What the package's own files share, and storages, which load() gives. */
    const isInternal = (/** @type {string} */ name) => ['sendPicture', 'updateInBackground'].includes(name) || name.endsWith('Storage');
    for (const part of ['minnow', 'vision', 'audio', 'text', 'chain', 'minnow-storage']) {
      for (const [name, value] of Object.entries(await import(pathToFileURL(path.join(root, 'wasm_glue/dist', `${part}.js`)).href))) {
        if (isInternal(name)) continue;
        if (typeof value?.create === 'function') assert.equal(typeof module.exports[name]?.create, 'function', name);
        else if (part !== 'minnow') assert.equal(typeof module.exports[name], 'function', name);
      }
    }
    const { storage } = await import(pathToFileURL(path.join(root, 'wasm_glue/dist/minnow.js')).href);
    assert.deepEqual(Object.keys(module.exports.storage).sort(), Object.keys(storage).sort());
  });
});
