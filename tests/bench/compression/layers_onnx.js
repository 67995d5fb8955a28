/**
 * A TensorFlow.js layers model as ONNX, layer by layer and with the weights as they are: batch normalisation and padding stay
 * operators of their own, for the packer folds them.
 */
import { ONNX_TYPE, OnnxWriter } from '../../parity/onnx_writer.js';

/** @typedef {import('./layers_model.js').Layer} Layer */
/** @typedef {import('./layers_model.js').LayersModel} LayersModel */

/** Axes of convolution kernels in ONNX's order: output, input, height, width. */
const CONV_AXES = [3, 2, 0, 1];
const DEPTHWISE_AXES = [2, 3, 0, 1];
/** What TensorFlow.js writes out only where it differs. */
const DEFAULT_EPSILON = 1e-3;

/** @param {LayersModel} model channels last @returns {Buffer} an .onnx file with channels first; its output is [1, features, 1, 1] */
export function onnxOfLayers(model) {
  const conversion = new Conversion(model);
  model.layers.forEach((layer, index) => conversion.add(layer, index === model.layers.length - 1 ? ['features'] : undefined));
  const last = model.layers[model.layers.length - 1];
  conversion.writer.output('features', ONNX_TYPE.float, [1, conversion.channels(last), 1, 1]);
  return conversion.writer.toBuffer();
}

class Conversion {
  writer = new OnnxWriter();
  /** @type {Map<string, { value: string, channels: number }>} by layer */
  #made = new Map();
  #weights;

  /** @param {LayersModel} model */
  constructor({ weights }) {
    this.#weights = weights;
  }

  /** @param {Layer} layer that is converted @returns {number} channels of its result */
  channels({ name }) {
    return this.#of(name).channels;
  }

  /** @param {Layer} layer @param {string[]} [outputs] the name of its value */
  add(layer, outputs) {
    const { kind, name, config, inputs } = layer;
    const values = inputs.map((input) => this.#of(input).value);
    const channels = inputs.length > 0 ? this.#of(inputs[0]).channels : 0;
    /** @param {string} type @param {string[]} more @param {Record<string, any>} [attributes] @param {number} [width] */
    const node = (type, more, attributes, width = channels) =>
      this.#made.set(name, { value: this.writer.node(type, [...values, ...more], attributes, outputs), channels: width });
    switch (kind) {
      case 'InputLayer': {
        const [, height, width, depth] = config.batch_input_shape;
        this.#made.set(name, { value: this.writer.input('picture', ONNX_TYPE.float, [1, depth, height, width]), channels: depth });
        break;
      }
      case 'ZeroPadding2D': {
        const [[top, bottom], [left, right]] = config.padding;
        const pads = BigInt64Array.from([0, 0, top, left, 0, 0, bottom, right], BigInt);
        node('Pad', [this.writer.constant(ONNX_TYPE.int64, [pads.length], pads)]);
        break;
      }
      case 'Conv2D':
        node('Conv', [this.#kernel(`${name}/kernel`, CONV_AXES)], window(layer), config.filters);
        break;
      case 'DepthwiseConv2D':
        node('Conv', [this.#kernel(`${name}/depthwise_kernel`, DEPTHWISE_AXES)], { ...window(layer), group: channels });
        break;
      case 'BatchNormalization':
        node('BatchNormalization', ['gamma', 'beta', 'moving_mean', 'moving_variance'].map((part) => this.#constant(`${name}/${part}`)), {
          epsilon: { float: config.epsilon ?? DEFAULT_EPSILON },
        });
        break;
      case 'ReLU': {
        if (config.max_value === undefined || config.max_value === null) node('Relu', []);
        else node('Clip', [this.#scalar(0), this.#scalar(config.max_value)]);
        break;
      }
      case 'Add':
        node('Add', []);
        break;
      case 'GlobalAveragePooling2D':
        node('GlobalAveragePool', []);
        break;
      default:
        throw new Error(`layer ${name}: ${kind} is not converted`);
    }
  }

  /** @param {string} name @param {number[]} axes of the stored kernel in the order of the new one */
  #kernel(name, axes) {
    const { shape, data } = this.#weight(name);
    const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, extent) => product * extent, 1));
    const newShape = axes.map((axis) => shape[axis]);
    const moved = data.map((_, index) => {
      let [rest, at] = [index, 0];
      for (let i = axes.length - 1; i >= 0; i--) {
        at += (rest % newShape[i]) * strides[axes[i]];
        rest = Math.floor(rest / newShape[i]);
      }
      return data[at];
    });
    return this.writer.constant(ONNX_TYPE.float, newShape, moved);
  }

  /** @param {string} name */
  #constant(name) {
    const { shape, data } = this.#weight(name);
    return this.writer.constant(ONNX_TYPE.float, shape, data);
  }

  /** @param {number} value */
  #scalar(value) {
    return this.writer.constant(ONNX_TYPE.float, [], Float32Array.of(value));
  }

  /** @param {string} name */
  #weight(name) {
    const weight = this.#weights.get(name);
    if (!weight) throw new Error(`there is no weight ${name}`);
    return weight;
  }

  /** @param {string} layer */
  #of(layer) {
    const made = this.#made.get(layer);
    if (!made) throw new Error(`layer ${layer} is read before it is made`);
    return made;
  }
}

/** @param {Layer} layer a convolution without bias and activation */
function window({ name, config }) {
  const { strides, kernel_size: size, dilation_rate: dilations, padding } = config;
  const isSame = padding === 'same';
  // With a step of 1 the padding is the same on both sides whatever the picture's size.
  if (config.use_bias || config.activation !== 'linear' || (isSame && strides.some((/** @type {number} */ step) => step !== 1))) {
    throw new Error(`layer ${name}: convolutions with bias, activation or strided "same" padding are not converted`);
  }
  const around = size.map((/** @type {number} */ extent, /** @type {number} */ i) => (isSame ? ((extent - 1) * dilations[i]) >> 1 : 0));
  return { strides, dilations, kernel_shape: size, pads: [...around, ...around] };
}
