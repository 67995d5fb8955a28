/** The published declarations in a strict TypeScript project that has none of our dependencies. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { missing, Projects, runIn } from './app_project.js';

const TSC = fileURLToPath(new URL('../../node_modules/.bin/tsc', import.meta.url));
const CONSUMER = readFileSync(new URL('consumer.ts', import.meta.url), 'utf8');
const WRONG = `import { Model } from 'minnow';
export const model: Promise<string> = Model.create('/models/x/');
`;

/** @type {[module: string, moduleResolution: string][]} */
const RESOLUTIONS = [
  ['nodenext', 'nodenext'],
  ['node16', 'node16'],
  ['esnext', 'bundler'],
];

describe('declarations', { skip: missing }, () => {
  /** @type {Projects} */
  let projects;
  before(() => void (projects = new Projects()));
  after(() => projects?.remove());

  for (const [module, moduleResolution] of RESOLUTIONS) {
    test(`moduleResolution: ${moduleResolution}`, async () => {
      const lib = ['es2022', 'dom', 'dom.iterable', 'esnext.disposable'];
      const compilerOptions = { strict: true, skipLibCheck: false, noEmit: true, target: 'es2022', lib, types: [], module, moduleResolution };
      const tsconfig = JSON.stringify({ compilerOptions, files: ['consumer.ts'] });
      const folder = await projects.create(moduleResolution, { 'consumer.ts': CONSUMER, 'tsconfig.json': tsconfig });
      await runIn(folder, TSC, []);
      const wrong = await projects.create(`${moduleResolution}_wrong`, { 'consumer.ts': WRONG, 'tsconfig.json': tsconfig });
      await assert.rejects(runIn(wrong, TSC, []), /'Promise<Model>' is not assignable to type 'Promise<string>'/);
    });
  }
});
