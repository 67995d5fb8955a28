/**
 * Apps as developers make them: with the command-line tools of Cordova and Capacitor, from the examples of cordova_plugin/,
 * in folders of their own. The tools ask nobody for anything: platforms and plugins come from this folder's node_modules, npm is
 * offline, and their settings go to a home folder that ends with the test.
 */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { makeTempDir, startOwned } from '../e2e/engines/owned_process.js';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const pluginSources = path.join(root, 'cordova_plugin');
const MODULES = fileURLToPath(new URL('node_modules', import.meta.url));
/** Capacitor's tool needs Node 22; this repository has one for machines with an older one. */
const NODE_22 = Number.parseInt(process.versions.node, 10) >= 22 ? process.execPath : path.join(root, 'node_modules/.bin/node');

/** @typedef {'browser' | 'android' | 'ios'} Platform */
/** @typedef {{ code: number, output: string }} Finished */

/** Why apps cannot be made here, or false: node:test's `skip`. */
export const missing = [
  [path.join(MODULES, '.bin/cordova'), 'npm ci --prefix tests/hybrid'],
  [path.join(root, 'wasm_glue/dist/minnow.js'), 'tools/build.sh js'],
  [path.join(root, 'wasm_glue/dist/wasm/minnow-scalar.wasm'), 'tools/build.sh wasm js'],
]
  .filter(([file]) => !existsSync(file))
  .map(([file, remedy]) => `${path.relative(root, file)} is missing (${remedy})`)[0] ?? false;

/** The same for Capacitor's. */
export const missingCapacitor = missing || (!existsSync(NODE_22) && 'Capacitor’s command-line tool needs Node 22');

/** @param {string} home @param {string[]} [pathFolders] searched for programs before all others */
function quietEnvironment(home, pathFolders = []) {
  return {
    PATH: [...pathFolders, process.env.PATH].join(path.delimiter),
    LANG: 'C.UTF-8',
    HOME: home,
    CI: '1',
    NODE_PATH: MODULES, // cordova-browser finds its own modules in the app's, where npm would have put them
    npm_config_offline: 'true',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
    npm_config_ignore_scripts: 'true', // the platforms' own build steps would run in node_modules
  };
}

/**
 * @param {string} file @param {string[]} args @param {{ cwd: string, env: Record<string, string | undefined> }} options
 * @returns {Promise<Finished>}
 */
async function run(file, args, options) {
  try {
    const { stdout, stderr } = await promisify(execFile)(file, args, { ...options, maxBuffer: 2 ** 24 });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = /** @type {any} */ (error);
    return { code, output: `${stdout}${stderr}` };
  }
}

/** @param {Promise<Finished>} finished @returns {Promise<string>} its output */
export async function succeeding(finished) {
  const { code, output } = await finished;
  if (code !== 0) throw new Error(`The command ended with ${code}:\n${output}`);
  return output;
}

/** A folder laid out as the repository is, so that the examples' paths hold. */
function makeWorkspace() {
  const { dir, remove } = makeTempDir('hybrid-');
  mkdirSync(path.join(dir, 'home'));
  mkdirSync(path.join(dir, 'cordova_plugin'));
  symlinkSync(path.join(root, 'models'), path.join(dir, 'models'));
  return { dir, remove, home: path.join(dir, 'home') };
}

/** The plugin as it would be published now. @param {string} folder */
export async function assemblePlugin(folder) {
  await succeeding(run(process.execPath, [path.join(pluginSources, 'assemble_plugin.mjs'), folder], { cwd: root, env: process.env }));
  return folder;
}

export class CordovaApp {
  #workspace = makeWorkspace();
  #bin = path.join(MODULES, '.bin/cordova');
  home = this.#workspace.home;
  folder = path.join(this.#workspace.dir, 'cordova_plugin/app');
  plugin = path.join(this.#workspace.dir, 'plugin');

  /**
   * `cordova create` with the example's page and settings, all platforms, and the plugin.
   * @param {readonly Platform[]} platforms
   */
  async create(platforms) {
    await assemblePlugin(this.plugin);
    await succeeding(run(this.#bin, ['create', this.folder, 'org.minnow.example', 'Example', '--no-telemetry'], this.#options(this.#workspace.dir)));
    rmSync(path.join(this.folder, 'www'), { recursive: true });
    for (const part of ['www', 'config.xml']) cpSync(path.join(pluginSources, 'example', part), path.join(this.folder, part), { recursive: true });
    await succeeding(this.cordova('platform', 'add', ...platforms.map((platform) => path.join(MODULES, `cordova-${platform}`))));
    await succeeding(this.cordova('plugin', 'add', this.plugin));
    return this;
  }

  /** @param {...string} args of the command-line tool, which runs in the app @returns {Promise<Finished>} */
  cordova(...args) {
    return run(this.#bin, [...args, '--no-telemetry'], this.#options(this.folder));
  }

  /** As cordova(), until stop() is called. @param {string[]} args @param {string[]} pathFolders */
  start(args, pathFolders) {
    return startOwned(this.#bin, [...args, '--no-telemetry'], { cwd: this.folder, env: quietEnvironment(this.home, pathFolders) });
  }

  /** Where a prepared platform has what its WebView is served. @param {Platform} platform */
  www(platform) {
    return path.join(this.folder, 'platforms', platform, platform === 'android' ? 'app/src/main/assets/www' : 'www');
  }

  remove() {
    this.#workspace.remove();
  }

  /** @param {string} cwd */
  #options(cwd) {
    return { cwd, env: quietEnvironment(this.home) };
  }
}

export class CapacitorApp {
  #workspace = makeWorkspace();
  folder = path.join(this.#workspace.dir, 'cordova_plugin/example_capacitor');

  /** The example, its packages "installed", and its web folder built. */
  async create() {
    for (const part of ['bin', 'lib']) symlinkSync(path.join(pluginSources, part), path.join(this.#workspace.dir, 'cordova_plugin', part));
    cpSync(path.join(pluginSources, 'example_capacitor'), this.folder, {
      recursive: true,
      filter: (file) => !/[/\\](dist|android|ios|node_modules)$/.test(file),
    });
    mkdirSync(path.join(this.folder, 'node_modules'));
    symlinkSync(path.join(MODULES, '@capacitor'), path.join(this.folder, 'node_modules/@capacitor'));
    symlinkSync(path.join(root, 'wasm_glue'), path.join(this.folder, 'node_modules/minnow'));
    await succeeding(this.#run([path.join(this.folder, 'assemble_app.mjs')]));
    return this;
  }

  /** @param {...string} args of the command-line tool, which runs in the app */
  capacitor(...args) {
    return this.#run([path.join(MODULES, '@capacitor/cli/bin/capacitor'), ...args]);
  }

  /** @param {'android' | 'ios'} platform */
  www(platform) {
    return path.join(this.folder, platform === 'android' ? 'android/app/src/main/assets/public' : 'ios/App/App/public');
  }

  remove() {
    this.#workspace.remove();
  }

  /** @param {string[]} args */
  #run(args) {
    return run(NODE_22, args, { cwd: this.folder, env: quietEnvironment(this.#workspace.home) });
  }
}
