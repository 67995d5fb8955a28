/**
 * The servers inside apps, over a prepared app's web folder: what each WebView's own server answers, and what it does not.
 * Each was written after the platform's source (in node_modules, named below).
 *
 * None of Minnow's requests has a Range, so that ranges are not emulated: a request with one is answered with 400, and seen.
 * app:// and capacitor:// cannot be served to a desktop browser: here those are at http://localhost, a secure context as well;
 * app_scheme_page.js has the schemes themselves.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import path from 'node:path';
import { makeTempDir } from '../e2e/engines/owned_process.js';

/**
 * @typedef {object} Answer
 * @property {number} status 0: no answer at all, the request fails as if the network were gone
 * @property {Record<string, string>} [headers]
 * @property {string} [file] whose bytes are sent at once
 */

/**
 * @typedef {object} WebView
 * @property {'https' | 'http'} protocol of the emulation
 * @property {string} source that was followed
 * @property {(www: string, urlPath: string) => Answer} answer
 * @property {string} [bridge] script that stands for what the native side puts into the page before any other script
 */

/** @typedef {{ method: string, path: string, status: number, range: string | undefined }} ServedRequest */

/** Android's MimeTypeMap, as far as these apps need it. An unknown extension gives none, and then there is no Content-Type. */
/** @type {Record<string, string>} */
const MIME_TYPES = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.jpg': 'image/jpeg',
  '.json': 'application/json',
  '.png': 'image/png',
  '.txt': 'text/plain',
  '.wav': 'audio/x-wav',
};
const SCRIPT = /\.m?js$/;

/** @param {string} file */
function isFile(file) {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** The file of a path, never one outside the folder. @param {string} www @param {string} urlPath */
function fileIn(www, urlPath) {
  const file = path.join(www, urlPath);
  return file.startsWith(www + path.sep) && isFile(file) ? file : undefined;
}

/** @param {string} urlPath @returns {Record<string, string>} */
function androidType(urlPath) {
  const type = SCRIPT.test(urlPath) ? 'application/javascript' : urlPath.endsWith('.wasm') ? 'application/wasm' : MIME_TYPES[path.extname(urlPath)];
  return type ? { 'Content-Type': type } : {};
}

/** Apple's UTType; a system that does not know WebAssembly's falls back to `wasmType`. @param {string} urlPath @param {string} wasmType */
function appleType(urlPath, wasmType) {
  if (SCRIPT.test(urlPath)) return 'text/javascript';
  if (urlPath.endsWith('.wasm')) return wasmType;
  return MIME_TYPES[path.extname(urlPath)] ?? 'application/octet-stream';
}

/** Cordova's bridge to native code, which answers nothing: cordova.js needs it there to fire deviceready. */
const ANDROID_BRIDGE = `
  window._cordovaNative = { exec: () => '', setNativeToJsBridgeMode() {}, retrieveJsMessages: () => '' };
  window.prompt = () => '1';`;
const IOS_BRIDGE = `
  Object.defineProperty(window, 'webkit', { value: { messageHandlers: { cordova: { postMessage() {} } } } });`;

/** @typedef {'cordova-android' | 'cordova-ios' | 'capacitor-android' | 'capacitor-ios'} WebViewName */

/** @type {Record<WebViewName, WebView>} */
export const WEB_VIEWS = {
  'cordova-android': {
    protocol: 'https',
    source: 'cordova-android/framework/src/org/apache/cordova/engine/SystemWebViewClient.java',
    bridge: ANDROID_BRIDGE,
    answer(www, urlPath) {
      const file = fileIn(www, urlPath === '/' ? 'index.html' : urlPath);
      // The handler gives null, and the WebView looks for a server at https://localhost, where there is none.
      return file ? { status: 200, headers: androidType(file), file } : { status: 0 };
    },
  },
  'cordova-ios': {
    protocol: 'http',
    source: 'cordova-ios/CordovaLib/Classes/Private/Plugins/CDVWebViewEngine/CDVURLSchemeHandler.m',
    bridge: IOS_BRIDGE,
    answer(www, urlPath) {
      const file = fileIn(www, path.extname(urlPath) ? urlPath : 'index.html');
      if (!file) return { status: 0 }; // didFailWithError
      const headers = { 'Content-Type': appleType(file, 'application/octet-stream'), 'Cache-Control': 'no-cache', 'Content-Length': String(statSync(file).size) };
      return { status: 200, headers, file };
    },
  },
  'capacitor-android': {
    protocol: 'https',
    source: '@capacitor/android/capacitor/src/main/java/com/getcapacitor/WebViewLocalServer.java',
    answer(www, urlPath) {
      const headers = { 'Cache-Control': 'no-cache' };
      if (urlPath === '/cordova.js') return { status: 200, headers: { ...headers, ...androidType(urlPath) } };
      const isRoute = urlPath === '/' || !path.basename(urlPath).includes('.');
      const file = fileIn(www, isRoute ? 'index.html' : urlPath);
      // A stream that cannot be opened has -1 bytes available.
      return { status: file ? 200 : 404, headers: { ...headers, ...androidType(file ?? urlPath) }, file };
    },
  },
  'capacitor-ios': {
    protocol: 'http',
    source: '@capacitor/ios/Capacitor/Capacitor/WebViewAssetHandler.swift',
    answer(www, urlPath) {
      const headers = { 'Content-Type': appleType(urlPath, 'application/wasm'), 'Cache-Control': 'no-cache' };
      if (urlPath.includes('cordova.js')) return { status: 200, headers };
      const hasExtension = path.extname(urlPath) !== '';
      const file = fileIn(www, hasExtension ? urlPath : 'index.html');
      if (!file) return { status: 0 }; // didFailWithError
      return { status: 200, headers: hasExtension ? headers : { ...headers, 'Content-Type': 'text/html' }, file };
    },
  },
};

const BRIDGE_PATH = '/native_bridge_of_the_test.js';

export class WebViewServer {
  /** @type {ServedRequest[]} */
  requests = [];
  origin = '';
  /** Chromium's command line, with which it sees this server at `origin`. @type {string[]} */
  chromiumFlags = [];
  #webView;
  #www;
  #server;

  /** @param {WebViewName} name @param {string} www */
  constructor(name, www) {
    this.#webView = WEB_VIEWS[name];
    this.#www = path.resolve(www);
    /** @type {import('node:http').RequestListener} */
    const listener = (request, response) => this.#answer(request, response);
    this.#server = this.#webView.protocol === 'https' ? createHttpsServer(selfSigned(), listener) : createHttpServer(listener);
  }

  async start() {
    await new Promise((resolve) => this.#server.listen(0, '127.0.0.1', () => resolve(undefined)));
    const { port } = /** @type {import('node:net').AddressInfo} */ (this.#server.address());
    if (this.#webView.protocol === 'https') {
      this.origin = 'https://localhost';
      this.chromiumFlags = [`--host-resolver-rules=MAP localhost:443 127.0.0.1:${port}`, '--ignore-certificate-errors'];
    } else {
      this.origin = `http://localhost:${port}`;
    }
    return this;
  }

  async close() {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** @param {import('node:http').IncomingMessage} request @param {import('node:http').ServerResponse} response */
  #answer(request, response) {
    const urlPath = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    const { range } = request.headers;
    const { bridge } = this.#webView;
    if (bridge && urlPath === BRIDGE_PATH) {
      response.writeHead(200, { 'Content-Type': 'text/javascript' });
      response.end(bridge);
      return;
    }
    const { status, headers, file } = range ? { status: 400 } : this.#webView.answer(this.#www, urlPath);
    this.requests.push({ method: request.method ?? '', path: urlPath, status, range });
    if (status === 0) {
      request.socket.destroy();
      return;
    }
    const bytes = file ? this.#bytesOf(file) : Buffer.alloc(0);
    // node:http adds a Content-Length to what is ended with its bytes, unless the headers have gone before.
    response.writeHead(status, headers?.['Content-Length'] ? { ...headers, 'Content-Length': String(bytes.length) } : headers);
    response.flushHeaders();
    response.end(bytes);
  }

  /** @param {string} file */
  #bytesOf(file) {
    const bytes = readFileSync(file);
    if (!this.#webView.bridge || !file.endsWith('.html')) return bytes;
    return Buffer.from(bytes.toString('utf8').replace(/<head>/i, `<head><script src="${BRIDGE_PATH}"></script>`));
  }
}

/** A certificate for this run. */
function selfSigned() {
  const { dir, remove } = makeTempDir('hybrid-certificate-');
  const [keyFile, certFile] = [path.join(dir, 'key.pem'), path.join(dir, 'cert.pem')];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile];
  execFileSync('openssl', ['req', '-x509', ...key, '-days', '2', '-subj', '/CN=localhost', '-out', certFile], { stdio: 'pipe' });
  const credentials = { key: readFileSync(keyFile), cert: readFileSync(certFile) };
  remove();
  return credentials;
}
