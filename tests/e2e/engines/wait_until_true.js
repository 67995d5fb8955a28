import { BrowserDied } from './browser_died.js';

const POLL_MS = 50;
/** Machines that run tests may be slow and busy: what is waited for comes at once or, broken, never. */
const PATIENCE_MS = 60_000;

/**
 * Polls from outside the page, so that a wait survives a navigation.
 * @param {() => Promise<unknown>} probe
 * @param {string} what named in the error
 * @param {number} [timeoutMs]
 */
export async function waitUntilTrue(probe, what, timeoutMs = PATIENCE_MS) {
  const deadline = performance.now() + timeoutMs;
  let lastError = '';
  for (;;) {
    try {
      if (await probe()) return;
      lastError = '';
    } catch (error) {
      if (error instanceof BrowserDied) throw error;
      lastError = `; last error: ${error instanceof Error ? error.message : error}`;
    }
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${what}${lastError}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
