/** The one class of errors of the tools that put models into apps. */

/**
 * @typedef {'NO_PACKAGE' | 'DAMAGED_PACKAGE' | 'BAD_NAME' | 'NO_APP_FOLDER' | 'BAD_CONFIG' | 'BAD_REGISTRY'} PluginErrorCode
 * NO_PACKAGE: there is no package at the path. DAMAGED_PACKAGE: it is not what `minnow pack` wrote. BAD_NAME: an app cannot
 * carry a folder of this name, or two models have one name. BAD_CONFIG: the app's settings keep models from running.
 */

/** `code` is stable, `message` names the thing and says what to do. */
export class PluginError extends Error {
  /** @param {PluginErrorCode} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.name = 'PluginError';
    /** @readonly */
    this.code = code;
  }
}
