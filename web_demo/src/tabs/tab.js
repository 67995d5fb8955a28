/** What the page asks of a tab. No code. */

/**
 * @typedef {object} Tab
 * @property {() => void} hide another tab, or another window, is in front: camera and microphone end
 * @property {(files: File[]) => void} takeFiles dropped or pasted ones; none: something was dropped that is no file
 */

export {};
