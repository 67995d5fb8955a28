/** The one class of errors, and how errors cross from the worker to the page. */

/**
 * @typedef {'NETWORK' | 'HTTP' | 'INTEGRITY' | 'SIGNATURE' | 'ROLLBACK' | 'WASM' | 'WORKER' | 'BAD_MANIFEST' | 'BAD_IMAGE'
 *   | 'BAD_AUDIO' | 'MICROPHONE' | 'WRONG_TASK' | 'DISPOSED' | 'UNSUPPORTED_BROWSER'} ScriptErrorCode codes of the JavaScript side
 */

/** @typedef {typeof import('./error_codes.js').ENGINE_CODES} EngineCodes */

/** @typedef {Exclude<EngineCodes[keyof EngineCodes], 'OK'>} EngineErrorCode codes of the C core */

/** @typedef {ScriptErrorCode | EngineErrorCode} MinnowErrorCode */

/**
 * @typedef {object} MinnowErrorDetails
 * @property {string} [url] the address that was asked
 * @property {number} [status] its HTTP status
 * @property {string} [file] the package's or the picture's file
 * @property {string} [field] the manifest's field, as in `shards[2].sha256`
 * @property {unknown} [cause]
 */

/** An error of Minnow: `code` is stable, `message` says what is wrong and what to do about it. */
export class MinnowError extends Error {
  /** Scripts of the package that load each other have a copy of this class each. @param {any} value */
  static [Symbol.hasInstance](value) {
    return value?.name === 'MinnowError';
  }

  /**
   * @param {MinnowErrorCode} code
   * @param {string} message
   * @param {MinnowErrorDetails} [details]
   */
  constructor(code, message, { cause, ...details } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'MinnowError';
    /** @readonly */
    this.code = code;
    /** @readonly @type {string | undefined} */
    this.url = details.url;
    /** @readonly @type {number | undefined} */
    this.status = details.status;
    /** @readonly @type {string | undefined} */
    this.file = details.file;
    /** @readonly @type {string | undefined} */
    this.field = details.field;
  }
}

/**
 * What structured cloning keeps of an error of our own class is its message alone, so errors travel as
 * plain objects.
 * @typedef {{ name: string, message: string, code?: MinnowErrorCode, details?: MinnowErrorDetails }} ErrorOnWire
 */

/** @param {unknown} error @returns {ErrorOnWire} */
export function errorToWire(error) {
  if (error instanceof MinnowError) {
    const { name, message, code, url, status, file, field, cause } = error;
    return { name, message, code, details: { url, status, file, field, cause: messageOf(cause) } };
  }
  return { name: error instanceof Error ? error.name : 'Error', message: messageOf(error) ?? '' };
}

/** @param {ErrorOnWire} wire @returns {Error} */
export function errorFromWire({ name, message, code, details }) {
  if (code) return new MinnowError(code, message, details);
  if (name === 'AbortError') return new DOMException(message, name);
  return Object.assign(new Error(message), { name });
}

/** @param {unknown} error @returns {string | undefined} */
export function messageOf(error) {
  if (error === undefined || error === null) return undefined;
  return error instanceof Error ? error.message : String(error);
}
