/** Projects that use the package as its users do: packed by npm, installed from the tarball. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = path.join(HERE, '../..');
const NPM_FLAGS = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
const BUILD_WITHIN_MS = 60_000;

/** Why these tests cannot run; undefined where they can. */
export const missing = [
  [path.join(HERE, 'node_modules/vite'), 'tools/setup.sh'],
  [path.join(ROOT, 'wasm_glue/dist/wasm/minnow-scalar.wasm'), 'tools/build.sh wasm js'],
]
  .filter(([file]) => !existsSync(file))
  .map(([file, remedy]) => `${path.relative(ROOT, file)} is missing (${remedy})`)[0];

/**
 * Runs a program to its end.
 * @param {string} folder where it runs
 * @param {string} program that is on the path, or installed for these tests
 * @param {string[]} args
 * @returns {Promise<string>} what it printed
 */
export async function runIn(folder, program, args) {
  const env = { ...process.env, NO_COLOR: '1', PATH: `${path.join(HERE, 'node_modules/.bin')}:${process.env.PATH}` };
  try {
    const options = { cwd: folder, env, encoding: /** @type {const} */ ('utf8'), timeout: BUILD_WITHIN_MS };
    const { stdout, stderr } = await promisify(execFile)(program, args, options);
    return stdout + stderr;
  } catch (error) {
    const { stdout = '', stderr = '' } = /** @type {{ stdout?: string, stderr?: string }} */ (error);
    throw new Error(`${program} ${args.join(' ')} failed: ${error}\n${stdout}${stderr}`, { cause: error });
  }
}

/** A folder of projects, each of which has the package installed. */
export class Projects {
  #folder = mkdtempSync(path.join(tmpdir(), 'minnow_bundlers_'));
  #installed = this.#install();

  async #install() {
    const folder = path.join(this.#folder, 'installed');
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }));
    await runIn(path.join(ROOT, 'wasm_glue'), 'npm', ['pack', '--pack-destination', this.#folder, ...NPM_FLAGS]);
    const tarball = readdirSync(this.#folder).find((name) => name.endsWith('.tgz')) ?? '';
    await runIn(folder, 'npm', ['install', path.join(this.#folder, tarball), ...NPM_FLAGS]);
    return folder;
  }

  /**
   * @param {string} name
   * @param {Record<string, string>} files texts by path
   * @returns {Promise<string>} the new project's folder
   */
  async create(name, files) {
    const folder = path.join(this.#folder, name);
    cpSync(await this.#installed, folder, { recursive: true });
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      writeFileSync(path.join(folder, file), text);
    }
    return folder;
  }

  async remove() {
    await this.#installed.catch(() => undefined);
    rmSync(this.#folder, { recursive: true });
  }
}
