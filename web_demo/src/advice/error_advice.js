/**
 * From an error to what a person needs: what happened, in plain words, and what to do about it.
 * No page here: the panel is error_view.js.
 */
import { cameraAdvice, lookAdvice, microphoneAdvice } from './input_advice.js';
import { loadAdvice } from './load_advice.js';

/**
 * @typedef {object} PlainAdvice
 * @property {string} kind stable name of the situation, for styles and tests
 * @property {string} title
 * @property {string} message
 * @property {readonly string[]} steps what to do
 * @property {readonly string[]} [commands] to type into a terminal
 * @property {string} [retryLabel] of the button; '' where trying again cannot help
 */

/** @typedef {Required<PlainAdvice> & { code: string, details: string }} Advice */

/**
 * @typedef {object} FailedTask
 * @property {'load' | 'look' | 'camera' | 'microphone'} task look: at a picture, a sound or a text
 * @property {string} packageUrl
 * @property {boolean} isDefaultPackage nobody asked for another one with ?model=
 * @property {boolean} [isFromFiles] the package is files that somebody chose or dropped
 * @property {string} [inputName] of the picture or sound
 */

/**
 * What is read from errors: MinnowError's fields, DOMException's name.
 * @typedef {{ name: string, message: string, code: string, status?: number, file?: string, url?: string, cause?: unknown }} Failure
 */

/** @param {unknown} error @param {FailedTask} failed @returns {Advice} */
export function adviceFor(error, failed) {
  const failure = readFailure(error);
  const choose = { load: loadAdvice, look: lookAdvice, camera: cameraAdvice, microphone: microphoneAdvice }[failed.task];
  return {
    commands: [],
    retryLabel: 'Try again',
    ...choose(failure, failed),
    code: failure.code,
    details: `${failure.code}: ${failure.message}`,
  };
}

/**
 * For a tab whose model was not there when the page was built.
 * @param {string} name the model's folder in models/
 * @returns {Advice}
 */
export function missingModelAdvice(name) {
  return {
    kind: 'no_model',
    title: 'This tab’s model is not trained yet',
    message: `The page was built without models/${name}/package. This trains it and shows it here:`,
    steps: [],
    commands: [`build/native/minnow train models/${name}`, 'npm run demo'],
    retryLabel: '',
    code: 'NO_MODEL',
    details: '',
  };
}

/** @param {unknown} error @returns {Failure} */
function readFailure(error) {
  if (!(error instanceof Error)) return { name: 'Error', code: 'Error', message: String(error) };
  const { name, message, code, status, file, url, cause } = /** @type {Error & Partial<Failure>} */ (error);
  return { name, message, code: typeof code === 'string' ? code : name, status, file, url, cause };
}
