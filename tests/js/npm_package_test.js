import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { distFolder, importNodeModule, importPageModule } from './native_tool.js';

const skip = !existsSync(path.join(distFolder, 'minnow.js')) && 'wasm_glue/dist is missing (tools/build.sh js)';

/** The language alone, without window, self, fetch, URL, Worker or indexedDB: whatever is touched fails. */
const EVALUATE_IN_EMPTY_REALM = `
import { readFileSync } from 'node:fs';
import vm from 'node:vm';
const module = new vm.SourceTextModule(readFileSync(process.argv[1], 'utf8'), { context: vm.createContext({}) });
await module.link(() => { throw new Error('a static import'); });
await module.evaluate();
if (Object.keys(module.namespace).length === 0) throw new Error('no exports');
`;

describe('npm package', { skip }, () => {
  test('importing touches nothing of the page, and works where there is none', async () => {
    for (const name of ['minnow.js', 'minnow-worker.js']) {
      const flags = ['--experimental-vm-modules', '--no-warnings', '--input-type=module', '-e', EVALUATE_IN_EMPTY_REALM];
      execFileSync(process.execPath, [...flags, path.join(distFolder, name)]);
    }
    await importPageModule();
    await importNodeModule();
  });

  test('the exports are those of the documentation', async () => {
    const documented = ['ImageClassifier', 'MinnowError', 'Model', 'storage', 'supported'];
    /** What the package's other entries are made of. */
    const shared = ['ModelBase', 'PictureTask', 'abortable', 'absoluteUrl', 'inOrder', 'openTask', 'tell', 'throwIfAborted'];
    assert.deepEqual(Object.keys(await importPageModule()).sort(), [...documented, ...shared].sort());
    const entries = {
      'vision.js': ['ImageSegmenter', 'ObjectDetector', 'sendPicture', 'upscaleToSource', 'watchFrames'],
      'minnow-storage.js': ['CacheApiStorage', 'MemoryStorage', 'OpfsStorage', 'checkForUpdate', 'prefetch', 'updateInBackground'],
      'audio.js': ['AudioClassifier'],
      'chain.js': ['ModelChain'],
      'text.js': ['TextClassifier', 'TextEmbedder', 'cosineSimilarity'],
    };
    for (const [entry, names] of Object.entries(entries)) {
      assert.deepEqual(Object.keys(await import(pathToFileURL(path.join(distFolder, entry)).href)).sort(), names);
    }
  });

  test('nothing is evaluated from text, and no address of another origin is built in', () => {
    for (const name of readdirSync(distFolder).filter((name) => name.endsWith('.js'))) {
      const source = readFileSync(path.join(distFolder, name), 'utf8');
      assert.doesNotMatch(source, /\beval\s*\(|new Function\s*\(/, name);
      assert.doesNotMatch(source, /https?:\/\//, name);
    }
  });

  test('bundlers find worker and wasm by the expressions they look for', () => {
    const source = readFileSync(path.join(distFolder, 'minnow.js'), 'utf8');
    assert.match(source, /new Worker\(new URL\("\.\/minnow-worker\.js",import\.meta\.url\),\{type:"module",name:"minnow"\}\)/);
    for (const variant of ['scalar', 'simd128', 'relaxed']) {
      assert.ok(source.includes(`new URL("./wasm/minnow-${variant}.wasm",import.meta.url)`));
    }
  });

  test('every file that package.json names is there', () => {
    const folder = path.dirname(distFolder);
    const { exports } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
    for (const target of Object.values(exports)) {
      const files = typeof target === 'string' ? [target] : Object.values(target);
      for (const file of files) assert.ok(existsSync(path.join(folder, file.replace('*', ''))), file);
      if (typeof target !== 'string') assert.equal(Object.keys(target)[0], 'types', 'types come first');
    }
  });
});
