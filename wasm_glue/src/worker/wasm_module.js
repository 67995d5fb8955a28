/** Fetches and compiles minnow-<variant>.wasm: the fastest variant that works here. */
import { MinnowError, messageOf } from '../base/errors.js';
import { usableVariants } from '../page/features.js';
import { watchFor } from '../delivery/download.js';
import { htmlError, looksLikeHtml, networkError, request, withRetries } from '../delivery/http.js';

/** @typedef {import('../base/types.js').Variant} Variant */

/** A module's body may take so many times what other answers may be silent for. */
const BODY_PATIENCE = 4;
const REMEDY =
  'check the wasmUrl option: it must name the folder where minnow-scalar.wasm, minnow-simd128.wasm and ' +
  'minnow-relaxed.wasm are served. Bundlers that move the script away from its wasm folder need it ' +
  '(with Vite, optimizeDeps.exclude: ["minnow"] does it too)';

/**
 * @param {Partial<import('../base/types.js').WasmUrls>} urls
 * @param {Variant | undefined} wanted that one or an error
 * @param {import('../delivery/http.js').HttpOptions} options
 * @param {boolean} [isThreaded] the module for several threads, where the variant has one
 * @returns {Promise<{ module: WebAssembly.Module, variant: Variant, isThreaded: boolean }>}
 */
export async function loadWasmModule(urls, wanted, options, isThreaded = false) {
  if (typeof WebAssembly !== 'object') {
    throw new MinnowError('UNSUPPORTED_BROWSER', 'WebAssembly is missing or switched off: update the browser');
  }
  const usable = await usableVariants();
  if (wanted && !usable.includes(wanted)) {
    const message = `The ${wanted} variant does not run here; these do: ${usable.join(', ')}`;
    throw new MinnowError('UNSUPPORTED_BROWSER', message);
  }
  let firstError;
  const patience = {};
  for (const variant of wanted ? [wanted] : usable) {
    const shared = isThreaded && variant !== 'scalar' ? urls[`${variant}-threads`] : undefined;
    try {
      const url = shared ?? /** @type {string} */ (urls[variant]);
      return { module: await compileModule(url, { ...options, patience }), variant, isThreaded: Boolean(shared) };
    } catch (error) {
      // A missing file or an engine's refusal concerns this variant; a dead network concerns all.
      if (!(error instanceof MinnowError) || error.code === 'NETWORK') throw error;
      firstError ??= error;
    }
  }
  throw firstError;
}

/** @param {string} url @param {import('../delivery/http.js').HttpOptions} options @returns {Promise<WebAssembly.Module>} */
export function compileModule(url, options) {
  return withRetries(async () => {
    const watch = watchFor(options);
    try {
      const response = await request(url, { ...options, signal: watch.signal, remedy: REMEDY });
      // What comes goes to the compiler unseen; Firefox waits for ever where another reads along.
      watch.alive(BODY_PATIENCE);
      // WebView hosts and simple servers send other MIME types, which streaming compilation refuses.
      const isWasmType = response.headers.get('Content-Type') === 'application/wasm';
      if (isWasmType && WebAssembly.compileStreaming) return await WebAssembly.compileStreaming(response);
      return await WebAssembly.compile(await readModule(response, url));
    } catch (error) {
      if (error instanceof MinnowError && !watch.stalled) throw error;
      // A body that breaks off is a TypeError, or an abort, or to Firefox half a module; engines differ in what else they refuse with.
      if (watch.stalled || error instanceof TypeError || error instanceof DOMException) throw networkError(url, watch.stalled ?? error);
      throw compileError(url, error);
    } finally {
      watch.end();
    }
  }, options);
}

/** @param {Response} response @param {string} url */
async function readModule(response, url) {
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (looksLikeHtml(bytes)) throw htmlError(url, REMEDY);
  if (String(bytes.subarray(0, 4)) !== '0,97,115,109') {
    throw new MinnowError('WASM', `${url} is no WebAssembly module: ${REMEDY}`, { url });
  }
  return bytes;
}

/** @param {string} url @param {unknown} cause */
function compileError(url, cause) {
  const message =
    `${url} does not compile (${messageOf(cause)}): the file is damaged, this browser is too old, or the ` +
    "page's Content-Security-Policy lacks 'wasm-unsafe-eval' in script-src";
  return new MinnowError('WASM', message, { url, cause });
}
