/** What the options of TFLite operators with windows mean, for the converters. */

/** @typedef {import('./tflite_reader.js').Operator} Operator */
/** @typedef {import('./tflite_reader.js').Table} Table */

/** @typedef {'none' | 'relu' | 'relu6'} Activation */

/**
 * @typedef {object} Window extents in the order height, width
 * @property {boolean} isSame padded so that an output of stride 1 is as large as its input
 * @property {number[]} strides
 * @property {number[]} dilations
 * @property {Activation} activation
 */

/** Where the options of each operator have what; a field that is absent is 0. */
const CONV = { strides: [2, 1], activation: 3, dilations: [5, 4] };
const DEPTHWISE_CONV = { strides: [2, 1], activation: 4, dilations: [6, 5] };
const POOL = { strides: [2, 1], activation: 5, dilations: [] };

/** @param {Table | undefined} options of CONV_2D */
export const convWindow = (options) => readWindow(options, CONV);
/** @param {Table | undefined} options of DEPTHWISE_CONV_2D */
export const depthwiseWindow = (options) => readWindow(options, DEPTHWISE_CONV);
/** @param {Table | undefined} options of AVERAGE_POOL_2D */
export const poolWindow = (options) => ({ ...readWindow(options, POOL), size: [4, 3].map((field) => options?.int32(field) ?? 1) });

/** @param {Table | undefined} options @param {{ strides: number[], activation: number, dilations: number[] }} fields @returns {Window} */
function readWindow(options, { strides, activation, dilations }) {
  if (!options) throw new Error('an operator with a window has no options');
  return {
    isSame: options.int8(0) === 0,
    strides: strides.map((field) => options.int32(field)),
    dilations: dilations.length > 0 ? dilations.map((field) => options.int32(field, 1)) : [1, 1],
    activation: activationOf(options, activation),
  };
}

/** @param {Table | undefined} options @param {number} field @returns {Activation} */
export function activationOf(options, field) {
  const code = options?.int8(field) ?? 0;
  const activation = /** @type {Record<number, Activation>} */ ({ 0: 'none', 1: 'relu', 3: 'relu6' })[code];
  if (!activation) throw new Error(`activation ${code} is not converted`);
  return activation;
}

/**
 * Padding as ONNX writes it: before height, before width, behind height, behind width.
 * @param {Window} window
 * @param {number[]} input height, width
 * @param {number[]} size of the window: height, width
 */
export function padsOf({ isSame, strides, dilations }, input, size) {
  const totals = input.map((extent, i) => {
    const reach = (size[i] - 1) * dilations[i] + 1;
    return isSame ? Math.max((Math.ceil(extent / strides[i]) - 1) * strides[i] + reach - extent, 0) : 0;
  });
  return [...totals.map((total) => total >> 1), ...totals.map((total) => total - (total >> 1))];
}
