/// <reference path="./delivery_page/delivery_window.d.ts" />
/**
 * Many packages that come into one page at once, each over a lane of its own: a server and a mirror, which are
 * other origins than the page's, so that no lane waits for another one's connections. All share the page's storage.
 */
import { fileURLToPath } from 'node:url';
import { distFolder } from '../js/native_tool.js';
import { packDeliveries } from './delivery_packages.js';
import { ENGINE_NAMES, launchEngine } from './engines/browser_engine.js';
import { startTestServer } from './test_server.js';

/** @typedef {import('./test_server.js').TestServer} TestServer */

/** Trials at once. WebKit's database comes to a halt under more. */
export const LANES = { chromium: 40, firefox: 40, webkit: 30 };

/** Those that `DELIVERY_ENGINES` names, as 'firefox,webkit', or all. */
export const DELIVERY_ENGINES = ENGINE_NAMES.filter((name) => (process.env.DELIVERY_ENGINES ?? name).split(',').includes(name));

const PAGE_FOLDER = fileURLToPath(new URL('delivery_page', import.meta.url));
const FOLDER = '/package/';
const MOVED_FOLDER = '/moved/';
export const WASM_FOLDER = '/minnow/wasm/';

/**
 * @typedef {object} Lane
 * @property {import('./delivery_packages.js').DeliveryPackage} package
 * @property {TestServer} server
 * @property {TestServer} mirror
 * @property {TestServer} site the page's, shared by all lanes; the worker's script is at an address of the lane's own
 * @property {string} workerPath
 * @property {Record<string, string>} answers of loads that nothing disturbs, by the variant that gave them
 */

/** @param {string} file of the package @returns {string[]} paths under which it may be asked for, each encoding having its own */
export function pathsOf(file) {
  return ['', '.br', '.gz'].map((suffix) => `${FOLDER}${file}${suffix}`);
}

/** The same file at another place of the same server. @param {string} urlPath */
export function movedPath(urlPath) {
  return urlPath.replace(FOLDER, MOVED_FOLDER).replace('/minnow/', '/moved_minnow/').replace(/^\/worker\d+\//, '/minnow/');
}

/** The package's files but for the manifest come no faster than that. @param {Lane} lane @param {number} bytesPerSecond */
export function slowDown({ server, package: { hashes } }, bytesPerSecond) {
  for (const path of [...hashes.keys()].flatMap(pathsOf)) server.fault(path, { bytesPerSecond });
}

/** @param {Lane} lane @param {DeliveryOutcome} outcome @returns {boolean} whether it is the answer of the variant that gave it */
export function isRight({ answers }, { answer, variant }) {
  return answer !== undefined && answer === answers[variant ?? ''];
}

/** @param {Lane} lane @param {TestServer} [server] @returns {string} */
export function folderUrl(lane, server = lane.server) {
  return server.origin + FOLDER;
}

/** What the page asked the lane's servers for of the package, in order: GET requests. @param {Lane} lane */
export function packageRequests({ server, mirror }) {
  return [server, mirror].flatMap(({ requests }) => requests.filter(({ method, path }) => method === 'GET' && path.startsWith(FOLDER)));
}

/** @param {string} urlPath of a request @returns {string} the package's file, whatever its encoding */
export function fileOf(urlPath) {
  return urlPath.slice(FOLDER.length).replace(/\.(br|gz)$/, '');
}

/** Forgets faults, and what was asked for so far. @param {Lane} lane */
export function mend({ server, mirror, site, workerPath }) {
  for (const each of [server, mirror]) {
    each.on();
    each.clearFaults();
    each.clearLog();
  }
  site.faultInTurn([workerPath], []);
}

/**
 * @typedef {object} Launched
 * @property {import('./engines/browser_engine.js').Engine} engine
 * @property {import('./engines/browser_engine.js').EnginePage} page
 * @property {string} [profileDir]
 */

/**
 * @param {import('./engines/browser_engine.js').EngineName} name
 * @param {TestServer} site
 * @param {string} [profileDir]
 * @returns {Promise<Launched>}
 */
async function launch(name, site, profileDir) {
  const engine = await launchEngine(name, { profileDir });
  return { engine, page: await newDeliveryPage(engine, site), profileDir };
}

/** @param {import('./engines/browser_engine.js').Engine} engine @param {TestServer} site */
async function newDeliveryPage(engine, site) {
  const page = await engine.newPage();
  await page.goto(pageUrlOf(site));
  await page.waitFor(() => window.delivery !== undefined);
  return page;
}

/** @param {TestServer} site */
function pageUrlOf(site) {
  return `${site.origin}/delivery.html`;
}

/** A worker that ends in the middle of a transaction can leave WebKit's database locked, for all pages until the browser ends. */
export class DatabaseLocked extends Error {}

export class DeliveryLanes {
  /** @type {Lane[]} */
  lanes = [];
  #site;
  #removePackages;
  #launched;

  /**
   * Use the static open().
   * @param {{ site: TestServer, lanes: Lane[], removePackages: () => void, launched: Launched }} parts
   */
  constructor({ site, lanes, removePackages, launched }) {
    this.lanes = lanes;
    this.#site = site;
    this.#removePackages = removePackages;
    this.#launched = launched;
  }

  /**
   * The options with which packages are there after the page has closed its model. WebKit's automation has no file
   * system, and what its workers put into the Cache API is gone with them.
   * @param {DeliveryRequest['options']} options
   */
  isKeeping({ storage = 'indexeddb', worker = true }) {
    const isWebKit = this.engineName === 'webkit';
    return storage !== 'none' && !(isWebKit && (storage === 'opfs' || (storage === 'cache' && worker)));
  }

  get engineName() {
    return this.#launched.engine.name;
  }

  get pageUrl() {
    return pageUrlOf(this.#site);
  }

  /** The page in which loads happen. */
  get page() {
    return this.#launched.page;
  }

  /**
   * @param {import('./engines/browser_engine.js').EngineName} name
   * @param {number} count of lanes
   * @param {{ isLarge?: boolean, profileDir?: string }} [options] of the packages, of the engine
   */
  static async open(name, count, { isLarge, profileDir } = {}) {
    const { packages, remove } = await packDeliveries(count, { isLarge });
    const site = await startTestServer({ '/': PAGE_FOLDER, '/minnow/': distFolder });
    const lanes = [];
    for (const [i, each] of packages.entries()) {
      const mounts = { [FOLDER]: each.folder, [MOVED_FOLDER]: each.folder, '/minnow/': distFolder, '/moved_minnow/': distFolder };
      const [server, mirror] = [await startTestServer(mounts, { cors: true }), await startTestServer(mounts, { cors: true })];
      const workerFolder = `/worker${i}/`;
      site.mount(workerFolder, distFolder);
      lanes.push({ package: each, server, mirror, site, workerPath: `${workerFolder}minnow-worker.js`, answers: {} });
    }
    const launched = await launch(name, site, profileDir);
    const opened = new DeliveryLanes({ site, lanes, removePackages: remove, launched });
    for (const variant of await launched.page.evaluate(() => window.delivery.variants())) await opened.#learnAnswers(variant);
    return opened;
  }

  /** @param {string} variant */
  async #learnAnswers(variant) {
    const outcomes = await this.load(this.lanes.map((lane) => ({ url: folderUrl(lane), options: { storage: 'none', variant } })));
    this.lanes.forEach((lane, i) => {
      const { answer, error } = outcomes[i];
      if (answer === undefined) throw new Error(`lane ${i} does not load undisturbed: ${error?.message}`);
      lane.answers[variant] = answer;
      mend(lane);
    });
  }

  /** Closes the page, and opens it anew. */
  async reopenPage() {
    const { engine, page } = this.#launched;
    await page.close();
    this.#launched = { ...this.#launched, page: await newDeliveryPage(engine, this.#site) };
  }

  /** One more page. @returns {Promise<import('./engines/browser_engine.js').EnginePage>} */
  newPage() {
    return newDeliveryPage(this.#launched.engine, this.#site);
  }

  /** Kills the browser, and starts it anew on the same profile. */
  async killBrowser() {
    const { engine, profileDir } = this.#launched;
    await engine.kill();
    this.#launched = await launch(engine.name, this.#site, profileDir);
  }

  /** All at once. @param {DeliveryRequest[]} requests @returns {Promise<DeliveryOutcome[]>} */
  load(requests) {
    return this.page.evaluate((all) => window.delivery.loadAll(all), requests);
  }

  /** Forgets everything that the page's storages have. @throws {DatabaseLocked} */
  async clearStorage() {
    try {
      await this.page.evaluate(() => window.delivery.clear());
    } catch (error) {
      throw /does not answer/.test(`${error}`) ? new DatabaseLocked(`${error}`) : error;
    }
  }

  /**
   * @returns {Promise<{ kept: Set<string>, wrong: Set<string>, halves: DeliveryRecords['halves'] }>} SHA-256 of what is in the
   *   database, right and wrong, and what is there by half
   * @throws {DatabaseLocked}
   */
  async records() {
    const records = await this.page.evaluate(() => window.delivery.records());
    if (!records) throw new DatabaseLocked('the database does not answer');
    const hashes = (/** @type {boolean} */ isIntact) => new Set(records.files.filter((record) => record.isIntact === isIntact).map(({ sha256 }) => sha256));
    return { kept: hashes(true), wrong: hashes(false), halves: records.halves };
  }

  async close() {
    await this.#launched.engine.close();
    await Promise.all([this.#site, ...this.lanes.flatMap(({ server, mirror }) => [server, mirror])].map((server) => server.close()));
    this.#removePackages();
  }
}
