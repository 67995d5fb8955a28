/** A page at app://localhost or capacitor://localhost, in the WebKit that MiniBrowser is made of: MiniBrowser itself has no schemes of apps. */
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { missingEngine } from '../e2e/engines/browser_engine.js';
import { makeTempDir, startOwned } from '../e2e/engines/owned_process.js';

const HOST = fileURLToPath(new URL('webkit_app_scheme.py', import.meta.url));
const END_WITHIN_MS = 60_000;

/** Why such pages cannot be opened here, or false. */
export const missingSchemes = missingEngine('webkit') ?? (!existsSync('/usr/bin/python3') && 'app:// needs the Debian package python3: run tools/setup.sh');

/**
 * Opens the app, waits for its example's first result, and runs a function in the page.
 * @template {unknown[]} A
 * @template R
 * @param {{ www: string, address: string, bridge?: string }} app its web folder; the address of its page; what native code would put into it
 * @param {(...args: A) => R | Promise<R>} fn sent as source text; arguments and result travel as JSON
 * @param {A} args
 * @returns {Promise<Awaited<R>>}
 */
export async function evaluateInApp({ www, address, bridge = '' }, fn, ...args) {
  const { dir, remove } = makeTempDir('hybrid-webkit-');
  const script = path.join(dir, 'script.js');
  writeFileSync(script, `${bridge};
    (async () => {
      while (!document.querySelector('output#topic')?.value) await new Promise((resolve) => setTimeout(resolve, 50));
      return (${fn})(...${JSON.stringify(args)});
    })().then((result) => ({ result }), (error) => ({ error: String(error) }))
      .then((told) => fetch('/result_of_the_test?' + encodeURIComponent(JSON.stringify(told))));`);
  const { child, stop } = startOwned('xvfb-run', ['-a', 'python3', HOST, www, address, script], { env: environment(dir) });
  const timer = setTimeout(stop, END_WITHIN_MS);
  let [output, complaints] = ['', ''];
  child.stdout?.on('data', (data) => (output += data));
  child.stderr?.on('data', (data) => (complaints += data));
  try {
    await new Promise((resolve) => child.once('close', resolve));
    if (!output) throw new Error(`The page at ${address} told nothing:\n${complaints}`);
    const { result, error } = JSON.parse(output);
    if (error) throw new Error(error);
    return result;
  } finally {
    clearTimeout(timer);
    await stop();
    remove();
  }
}

/** As webkit_engine.js has it: nothing of the user's, no helper daemons, no sandbox. @param {string} home */
function environment(home) {
  return {
    PATH: process.env.PATH,
    LANG: 'C.UTF-8',
    HOME: home,
    XDG_RUNTIME_DIR: home,
    GDK_BACKEND: 'x11',
    WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
    GSETTINGS_BACKEND: 'memory',
    GIO_USE_VFS: 'local',
    NO_AT_BRIDGE: '1',
    DBUS_SESSION_BUS_ADDRESS: 'disabled:',
  };
}
