/**
 * Dropping and pasting files. No driver can do either with real files, so the events are made in the
 * page: untrusted, but with the DataTransfer and the File objects that a handler reads.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** @param {string[]} paths */
async function encodeFiles(paths) {
  return Promise.all(
    paths.map(async (file) => ({ name: path.basename(file), base64: (await readFile(file)).toString('base64') })),
  );
}

/**
 * @param {import('./engines/browser_engine.js').EnginePage} page
 * @param {string} selector where to drop
 * @param {string[]} paths
 */
export async function dropFiles(page, selector, paths) {
  await dispatchWithFiles(page, ['dragenter', 'dragover', 'drop'], selector, paths);
}

/**
 * @param {import('./engines/browser_engine.js').EnginePage} page
 * @param {string} selector element that has the focus, 'body' as a rule
 * @param {string[]} paths
 */
export async function pasteFiles(page, selector, paths) {
  await dispatchWithFiles(page, ['paste'], selector, paths);
}

/**
 * @param {import('./engines/browser_engine.js').EnginePage} page
 * @param {string[]} types
 * @param {string} selector
 * @param {string[]} paths
 */
async function dispatchWithFiles(page, types, selector, paths) {
  await page.evaluate(
    (types, selector, files) => {
      const target = document.querySelector(selector);
      if (!target) throw new Error(`no element matches ${selector}`);
      const data = new DataTransfer();
      for (const { name, base64 } of files) {
        const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
        /** @type {Record<string, string>} */
        const imageTypes = { bmp: 'bmp', jpeg: 'jpeg', jpg: 'jpeg', png: 'png' };
        const imageType = imageTypes[name.split('.').pop()?.toLowerCase() ?? ''];
        data.items.add(new File([bytes], name, { type: imageType ? `image/${imageType}` : '' }));
      }
      const options = { bubbles: true, cancelable: true, composed: true };
      for (const type of types) {
        const event =
          type === 'paste'
            ? new ClipboardEvent(type, { ...options, clipboardData: data })
            : new DragEvent(type, { ...options, dataTransfer: data });
        if (event instanceof ClipboardEvent && event.clipboardData?.files.length !== files.length) {
          // Firefox's constructor ignores clipboardData.
          Object.defineProperty(event, 'clipboardData', { value: data });
        }
        target.dispatchEvent(event);
      }
    },
    types,
    selector,
    await encodeFiles(paths),
  );
}
