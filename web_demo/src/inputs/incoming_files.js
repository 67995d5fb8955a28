/** Files that come in by drag-and-drop anywhere on the page, or by paste. */

/** @param {(files: File[]) => void} onFiles no files: something was dropped that is none */
export function listenForFiles(onFiles) {
  document.addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    onFiles(files);
  });
  // dragenter and dragleave fire for every element passed: only their balance says whether the
  // pointer is still over the page.
  let depth = 0;
  /** @param {number} value */
  const setDepth = (value) => {
    depth = Math.max(0, value);
    document.body.classList.toggle('is_drop_target', depth > 0);
  };
  document.addEventListener('dragenter', () => setDepth(depth + 1));
  document.addEventListener('dragleave', () => setDepth(depth - 1));
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('drop', async (event) => {
    event.preventDefault();
    setDepth(0);
    onFiles(await filesOf(event.dataTransfer));
  });
}

/**
 * Calls back with what is chosen in a file input, also when it is the same file again.
 * @param {HTMLInputElement} input
 * @param {(files: File[]) => void} onFiles
 */
export function listenForChoice(input, onFiles) {
  input.addEventListener('change', () => {
    const files = [...(input.files ?? [])];
    // Otherwise choosing the same file again would be no change, and nothing would happen.
    input.value = '';
    if (files.length > 0) onFiles(files);
  });
}

/** @param {DataTransfer | null} data @returns {Promise<File[]>} those of dropped folders as well */
async function filesOf(data) {
  if (!data) return [];
  // Both lists are empty after the first await.
  const files = [...data.files];
  const folders = [...data.items].map((item) => item.webkitGetAsEntry?.()).filter((entry) => entry?.isDirectory);
  if (folders.length === 0) return files;
  const inFolders = await Promise.all(folders.map((folder) => filesIn(/** @type {FileSystemDirectoryEntry} */ (folder))));
  return inFolders.flat();
}

/** The files of a folder, not of folders in it. @param {FileSystemDirectoryEntry} folder @returns {Promise<File[]>} */
async function filesIn(folder) {
  const reader = folder.createReader();
  /** @type {FileSystemEntry[]} */
  const entries = [];
  for (;;) {
    // A reader hands out a hundred at a time.
    const more = await new Promise((/** @type {(entries: FileSystemEntry[]) => void} */ resolve, reject) => reader.readEntries(resolve, reject));
    if (more.length === 0) break;
    entries.push(...more);
  }
  const files = /** @type {FileSystemFileEntry[]} */ (entries.filter(({ isFile }) => isFile));
  return Promise.all(files.map((entry) => new Promise((/** @type {(file: File) => void} */ resolve, reject) => entry.file(resolve, reject))));
}
