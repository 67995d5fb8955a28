/** The built demo with a packed MobileNetV2, on a server of its own: another port is another origin, with fresh storage. */
import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { missingNative, packOnce } from '../parity/native_minnow.js';
import { startTestServer } from './test_server.js';

const DIST = fileURLToPath(new URL('../../web_demo/dist', import.meta.url));
export const DEMO_MODEL = 'models/coral/tf2_mobilenet_v2_1.0_224_ptq.tflite';
const LABELS = 'labels/imagenet_labels.txt';
const REPORT_PATH = '/csp_report';

/** Where the page looks for its model. */
export const PACKAGE_PATH = '/models/default/';

/** Why tests of the page cannot run, or false: node:test's `skip`. @returns {string | false} */
export function missingPage() {
  return !existsSync(path.join(DIST, 'index.html')) && 'web_demo/dist is not built: run tools/build.sh';
}

/** The same, for tests with its default package. @returns {string | false} */
export function missingDemo() {
  return missingPage() || missingNative(DEMO_MODEL, LABELS, 'photos/imagenet');
}

/** The package of a model that the page was built with. @param {string} name */
export function bundledFolder(name) {
  return path.join(DIST, 'models', name);
}

/** Why a tab cannot be tried, or false. @param {string} name of its model @returns {string | false} */
export function missingBundled(name) {
  if (existsSync(path.join(bundledFolder(name), 'manifest.json'))) return false;
  return `models/${name}/package is missing: run build/native/minnow train models/${name}, then tools/build.sh demo`;
}

/** What the page has to try a model with. @param {string} name @returns {string[]} paths of the files */
export function samplesIn(name) {
  const folder = path.join(DIST, 'samples', name);
  return existsSync(folder) ? readdirSync(folder).sort().map((file) => path.join(folder, file)) : [];
}

/** Whether this build has the relaxed SIMD module; old emcc releases cannot make it. */
export function hasRelaxedModule() {
  return existsSync(path.join(DIST, 'minnow/wasm/minnow-relaxed.wasm'));
}

/** @returns {Promise<string>} the folder of the demo's package */
export function packDemoModel() {
  return packOnce(DEMO_MODEL, LABELS);
}

/**
 * @typedef {object} DemoSite
 * @property {import('./test_server.js').TestServer} server
 * @property {string} origin
 * @property {string[]} shards their file names, in order
 * @property {string} labels name of the labels' file
 * @property {string[]} violations reports about the Content-Security-Policy, from any engine
 * @property {() => Promise<void>} close
 */

/**
 * Serves the demo. Its Content-Security-Policy, which stands in the page, is also sent as a header, for two
 * reasons: workers get it too, and breaches are reported to this server instead of only being logged.
 * @returns {Promise<DemoSite>}
 */
export async function startDemoSite() {
  const folder = await packDemoModel();
  const site = await servePage({ [PACKAGE_PATH]: folder });
  const manifest = JSON.parse(await readFile(path.join(folder, 'manifest.json'), 'utf8'));
  return {
    ...site,
    shards: manifest.shards.map((/** @type {{ file: string }} */ { file }) => file),
    labels: manifest.labels.file,
  };
}

/**
 * The page with nothing but the models that it was built with.
 * @param {string} [dist] another build
 * @returns {Promise<Omit<DemoSite, 'shards' | 'labels'>>}
 */
export function startTabsSite(dist) {
  return servePage({}, dist);
}

/** @param {Record<string, string>} packages folders by their paths @param {string} [dist] */
async function servePage(packages, dist = DIST) {
  const policy = /http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec(await readFile(path.join(dist, 'index.html'), 'utf8'));
  if (!policy) throw new Error('the demo has no Content-Security-Policy any more');
  const headers = { 'Content-Security-Policy': `${policy[1]}; report-uri ${REPORT_PATH}` };
  const server = await startTestServer(
    { '/': dist, ...packages },
    { isolate: true, headersFor: (urlPath) => (/(\/|\.html|\.js)$/.test(urlPath) ? headers : {}) },
  );
  /** @type {string[]} */
  const violations = [];
  server.handle(REPORT_PATH, (_request, response, body) => {
    violations.push(String(body));
    response.writeHead(204).end();
  });
  return {
    server,
    origin: server.origin,
    violations,
    close: () => server.close(),
  };
}

/**
 * The addresses under which a file of the package may be fetched, each encoding having its own.
 * @param {string} file
 * @returns {string[]}
 */
export function addressesOf(file) {
  return ['', '.br', '.gz'].map((suffix) => PACKAGE_PATH + file + suffix);
}
