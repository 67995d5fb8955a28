// Generated from core/include/minnow/status_list.inc by generate_error_codes.mjs. Do not edit.

/** Names of the engine's status codes, by number. */
export const ENGINE_CODES = /** @type {const} */ ({
  0: 'OK', // no error
  1: 'INVALID_ARGUMENT', // an argument is out of its documented range
  2: 'OUT_OF_MEMORY', // the memory handed in is too small
  3: 'TRUNCATED', // the bytes end too early
  4: 'NOT_A_PACKAGE', // the bytes are no Minnow package
  5: 'UNSUPPORTED_VERSION', // the package needs another version of the runtime
  6: 'CORRUPT', // the bytes contradict themselves
  7: 'LIMIT_EXCEEDED', // a size is above what the runtime accepts
  8: 'UNSUPPORTED_OPERATOR', // an operator is not in this build
  9: 'INVALID_GRAPH', // shapes, dtypes or parameters of the graph do not fit together
  10: 'NOT_READY', // weights that this step needs have not arrived yet
});
