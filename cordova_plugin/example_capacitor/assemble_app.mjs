/**
 * Assembles the app's web folder, dist/: the page, the npm package's files beside it, and the models. A bundler does the
 * first two in a real app; the models then go to the folder that it copies as it is (Vite: public/).
 */
import { execFileSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const DIST = path.join(HERE, 'dist');
/** An app of your own calls `npx --package cordova-plugin-minnow minnow-models` instead. */
const ADD_MODEL = path.join(HERE, '../bin/add_model.mjs');
const MODELS = ['sign_digits', 'intents'].map((name) => path.join(HERE, '../../models', name));

rmSync(DIST, { recursive: true, force: true });
cpSync(path.join(HERE, 'www'), DIST, { recursive: true });
const minnow = path.dirname(fileURLToPath(import.meta.resolve('minnow')));
cpSync(minnow, path.join(DIST, 'minnow'), { recursive: true, filter: (file) => !/[/\\]types$|node\.js$|-threads\.wasm$/.test(file) });
execFileSync(process.execPath, [ADD_MODEL, ...MODELS, '--www', DIST], { stdio: 'inherit' });
