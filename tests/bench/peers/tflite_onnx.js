/**
 * Turns a .tflite model, float32, int8 or uint8, into ONNX for ONNX Runtime: quantised values as QuantizeLinear and
 * DequantizeLinear around float operators, which the runtime fuses into its integer kernels. Pictures are NCHW inside,
 * with transposes at the ends; activations are uint8, for which its kernels are fastest, also where TFLite has int8.
 *
 * Knows the operators of the models that are timed, and fails at others.
 */
import { ONNX_TYPE, OnnxWriter } from '../../parity/onnx_writer.js';
import { activationOf, convWindow, depthwiseWindow, padsOf, poolWindow } from './tflite_geometry.js';
import { OP, TYPE, constantOf, countOf, readTflite } from './tflite_reader.js';

/** @typedef {import('./tflite_geometry.js').Activation} Activation */
/** @typedef {import('./tflite_geometry.js').Window} Window */
/** @typedef {import('./tflite_reader.js').Operator} Operator */
/** @typedef {import('./tflite_reader.js').Tensor} Tensor */
/** @typedef {import('./tflite_reader.js').TfliteModel} TfliteModel */

const TO_NCHW = [0, 3, 1, 2];
const TO_NHWC = [0, 2, 3, 1];
/** From int8 to uint8. */
const SHIFT = 128;

const ELEMENTS = { [TYPE.float32]: ONNX_TYPE.float, [TYPE.uint8]: ONNX_TYPE.uint8, [TYPE.int8]: ONNX_TYPE.int8, [TYPE.int64]: ONNX_TYPE.int64 };

/** @param {Uint8Array} file a .tflite @returns {Buffer} the ONNX file */
export function onnxModelOf(file) {
  return new Converter(readTflite(file)).convert();
}

class Converter {
  #onnx = new OnnxWriter();
  #model;
  /** ONNX names by tensor; of a quantised one its uint8 value. @type {Map<number, string>} */
  #values = new Map();

  /** @param {TfliteModel} model */
  constructor(model) {
    this.#model = model;
  }

  convert() {
    const { inputs, operators, outputs } = this.#model;
    inputs.forEach((input, i) => this.#addInput(input, `input_${i}`));
    for (const operator of operators) this.#addOperator(operator);
    outputs.forEach((output, i) => this.#addOutput(output, `output_${i}`));
    return this.#onnx.toBuffer();
  }

  /** @param {number} index @param {string} name */
  #addInput(index, name) {
    const tensor = this.#model.tensors[index];
    let value = this.#onnx.input(name, elementOf(tensor), tensor.shape);
    if (tensor.type === TYPE.int8) value = this.#quantize(this.#dequantize(value, tensor, ONNX_TYPE.int8), tensor);
    this.#values.set(index, isPicture(tensor) ? this.#onnx.node('Transpose', [value], { perm: TO_NCHW }) : value);
  }

  /** @param {number} index @param {string} name */
  #addOutput(index, name) {
    const tensor = this.#model.tensors[index];
    let value = this.#value(index);
    if (isPicture(tensor)) value = this.#onnx.node('Transpose', [value], { perm: TO_NHWC });
    if (tensor.type === TYPE.int8) value = this.#quantize(this.#dequantize(value, tensor), tensor, ONNX_TYPE.int8);
    this.#onnx.node('Identity', [value], {}, [name]);
    this.#onnx.output(name, elementOf(tensor), tensor.shape);
  }

  /** @param {Operator} operator */
  #addOperator({ code, inputs, outputs: [output], options }) {
    const { tensors } = this.#model;
    const [first] = inputs;
    const write = (/** @type {string} */ value, /** @type {Activation} */ activation = 'none') => this.#write(output, value, activation);
    switch (code) {
      case OP.conv:
        return this.#addConv(inputs, output, convWindow(options), false);
      case OP.depthwiseConv:
        return this.#addConv(inputs, output, depthwiseWindow(options), true);
      case OP.fullyConnected: {
        const [weights, bias] = [this.#weights(inputs[1], [0, 1]), this.#bias(inputs)];
        return write(this.#onnx.node('Gemm', [this.#read(first), weights, ...bias], { transB: 1 }), activationOf(options, 0));
      }
      case OP.add:
        return write(this.#onnx.node('Add', inputs.map((input) => this.#read(input))), activationOf(options, 0));
      case OP.averagePool: {
        const { size, ...window } = poolWindow(options);
        const pads = padsOf(window, tensors[first].shape.slice(1, 3), size);
        const attributes = { kernel_shape: size, strides: window.strides, pads };
        return write(this.#onnx.node('AveragePool', [this.#read(first)], attributes), window.activation);
      }
      case OP.mean: {
        if (String(constantOf(this.#model, inputs[1])) !== '1,2' || !isPicture(tensors[output])) throw new Error('a mean of other axes is not converted');
        return write(this.#onnx.node('GlobalAveragePool', [this.#read(first)]));
      }
      case OP.softmax:
        return write(this.#onnx.node('Softmax', [this.#read(first)], { axis: -1 }));
      case OP.concatenation: {
        if (options?.int32(0) !== 3) throw new Error('a concatenation along another axis is not converted');
        return write(this.#onnx.node('Concat', inputs.map((input) => this.#read(input)), { axis: 1 }), activationOf(options, 1));
      }
      case OP.resizeBilinear:
        return write(this.#resize(first, output, options?.int8(2) === 1, options?.int8(3) === 1));
      case OP.argMax:
        this.#values.set(output, this.#onnx.node('ArgMax', [this.#read(first)], { axis: isPicture(tensors[first]) ? 1 : -1, keepdims: 0 }));
        return;
      case OP.reshape:
        return this.#addReshape(first, output);
      case OP.quantize:
      case OP.dequantize:
        if (sameScale(tensors[first], tensors[output])) this.#values.set(output, this.#value(first));
        else write(this.#read(first));
        return;
      default:
        throw new Error(`operator ${code} is not converted`);
    }
  }

  /** @param {number[]} inputs @param {number} output @param {Window} window @param {boolean} isDepthwise */
  #addConv(inputs, output, window, isDepthwise) {
    const { tensors } = this.#model;
    const [input, filter] = [tensors[inputs[0]].shape, tensors[inputs[1]].shape];
    // [out, height, width, in], or [1, height, width, out] where each output has an input of its own.
    const weights = this.#weights(inputs[1], isDepthwise ? [3, 0, 1, 2] : TO_NCHW);
    const kernel = filter.slice(1, 3);
    const attributes = {
      kernel_shape: kernel,
      strides: window.strides,
      dilations: window.dilations,
      pads: padsOf(window, input.slice(1, 3), kernel),
      group: isDepthwise ? input[3] : 1,
    };
    const value = this.#onnx.node('Conv', [this.#read(inputs[0]), weights, ...this.#bias(inputs)], attributes);
    this.#write(output, value, window.activation);
  }

  /** @param {number} input @param {number} output @param {boolean} alignsCorners @param {boolean} hasHalfPixels */
  #resize(input, output, alignsCorners, hasHalfPixels) {
    const [batch, height, width, channels] = this.#model.tensors[output].shape;
    const sizes = this.#onnx.constant(ONNX_TYPE.int64, [4], BigInt64Array.from([batch, channels, height, width], BigInt));
    const coordinates = alignsCorners ? 'align_corners' : hasHalfPixels ? 'half_pixel' : 'asymmetric';
    return this.#onnx.node('Resize', [this.#read(input), '', '', sizes], { mode: 'linear', coordinate_transformation_mode: coordinates });
  }

  /** @param {number} input @param {number} output */
  #addReshape(input, output) {
    const { tensors } = this.#model;
    const { shape } = tensors[output];
    const isFlat = countOf(tensors[input].shape.slice(1, 3)) === 1;
    if (isPicture(tensors[output]) || (isPicture(tensors[input]) && !isFlat)) throw new Error('a reshape of pictures is not converted');
    const wanted = this.#onnx.constant(ONNX_TYPE.int64, [shape.length], BigInt64Array.from(shape, BigInt));
    this.#values.set(output, this.#onnx.node('Reshape', [this.#value(input), wanted]));
  }

  /** @param {number} index @returns {string} as it is kept: uint8 where it is quantised */
  #value(index) {
    const value = this.#values.get(index);
    if (value === undefined) throw new Error(`tensor ${this.#model.tensors[index].name} is a constant, or not yet computed`);
    return value;
  }

  /** @param {number} index @returns {string} a float value */
  #read(index) {
    const tensor = this.#model.tensors[index];
    return isQuantized(tensor) ? this.#dequantize(this.#value(index), tensor) : this.#value(index);
  }

  /** @param {number} index @param {string} value a float one @param {Activation} activation */
  #write(index, value, activation) {
    const tensor = this.#model.tensors[index];
    const active = isImplied(activation, tensor) ? value : this.#activate(value, activation);
    this.#values.set(index, isQuantized(tensor) ? this.#quantize(active, tensor) : active);
  }

  /** @param {string} value @param {Activation} activation */
  #activate(value, activation) {
    if (activation === 'relu') return this.#onnx.node('Relu', [value]);
    const [low, high] = [0, 6].map((bound) => this.#onnx.constant(ONNX_TYPE.float, [], Float32Array.of(bound)));
    return this.#onnx.node('Clip', [value, low, high]);
  }

  /** @param {number} index a constant @param {number[]} order of its axes in ONNX @returns {string} a float value */
  #weights(index, order) {
    const tensor = this.#model.tensors[index];
    const shape = order.map((axis) => tensor.shape[axis]);
    const data = transposed(constantOf(this.#model, index), tensor.shape, order);
    const value = this.#onnx.constant(elementOf(tensor), shape, data);
    if (!isQuantized(tensor)) return value;
    const scales = this.#constantFloats(tensor.scales);
    const zeros = tensor.type === TYPE.uint8 ? Uint8Array.from(tensor.zeros) : Int8Array.from(tensor.zeros);
    const zero = this.#onnx.constant(elementOf(tensor), zeros.length > 1 ? [zeros.length] : [], zeros);
    return this.#onnx.node('DequantizeLinear', [value, scales, zero], { axis: 0 });
  }

  /** @param {number[]} inputs of a convolution or product @returns {string[]} the bias as a float value; empty: there is none */
  #bias([input, weights, bias]) {
    if (bias === undefined || bias < 0) return [];
    const { tensors } = this.#model;
    const isWhole = isQuantized(tensors[weights]);
    const data = constantOf(this.#model, bias);
    const value = this.#onnx.constant(isWhole ? ONNX_TYPE.int32 : ONNX_TYPE.float, tensors[bias].shape, data);
    if (!isWhole) return [value];
    const scales = this.#constantFloats(tensors[weights].scales.map((scale) => tensors[input].scales[0] * scale));
    return [this.#onnx.node('DequantizeLinear', [value, scales], { axis: 0 })];
  }

  /** @param {string} value @param {Tensor} tensor @param {number} [type] */
  #dequantize(value, tensor, type) {
    return this.#onnx.node('DequantizeLinear', [value, ...this.#scaleAndZero(tensor, type)]);
  }

  /** @param {string} value @param {Tensor} tensor @param {number} [type] */
  #quantize(value, tensor, type) {
    return this.#onnx.node('QuantizeLinear', [value, ...this.#scaleAndZero(tensor, type)]);
  }

  /** @param {Tensor} tensor @param {number} type */
  #scaleAndZero({ type: given, scales, zeros }, type = ONNX_TYPE.uint8) {
    const isSigned = type === ONNX_TYPE.int8;
    const zero = zeros[0] + (given === TYPE.int8 && !isSigned ? SHIFT : 0);
    return [this.#constantFloats(scales), this.#onnx.constant(type, [], isSigned ? Int8Array.of(zero) : Uint8Array.of(zero))];
  }

  /** @param {number[]} values a single one becomes a scalar */
  #constantFloats(values) {
    return this.#onnx.constant(ONNX_TYPE.float, values.length > 1 ? [values.length] : [], Float32Array.from(values));
  }
}

/** @param {Tensor} tensor */
function isPicture({ shape }) {
  return shape.length === 4;
}

/** @param {Tensor} tensor */
function isQuantized({ type, scales }) {
  return scales.length > 0 && (type === TYPE.uint8 || type === TYPE.int8);
}

/** @param {Tensor} a @param {Tensor} b whether both are the same value as uint8 */
function sameScale(a, b) {
  const zero = (/** @type {Tensor} */ { type, zeros }) => zeros[0] + (type === TYPE.int8 ? SHIFT : 0);
  return isQuantized(a) && isQuantized(b) && a.scales[0] === b.scales[0] && zero(a) === zero(b);
}

/** Whether the range of the output's quantisation clamps as the activation does. @param {Activation} activation @param {Tensor} tensor */
function isImplied(activation, tensor) {
  if (activation === 'none') return true;
  if (!isQuantized(tensor)) return false;
  const zero = tensor.zeros[0] + (tensor.type === TYPE.int8 ? SHIFT : 0);
  const highest = tensor.scales[0] * (255 - zero);
  return zero === 0 && (activation === 'relu' || highest < 6 + tensor.scales[0] / 2);
}

/** @param {Tensor} tensor */
function elementOf({ type, name }) {
  const element = ELEMENTS[/** @type {keyof typeof ELEMENTS} */ (type)];
  if (element === undefined) throw new Error(`${name} is of type ${type}, which is not converted`);
  return element;
}

/**
 * @template {ReturnType<typeof constantOf>} T
 * @param {T} data
 * @param {number[]} shape
 * @param {number[]} order the result's axis i is this one of the data's
 * @returns {T}
 */
function transposed(data, shape, order) {
  const strides = shape.map((_, axis) => countOf(shape.slice(axis + 1)));
  const result = /** @type {T} */ (data.slice());
  const place = order.map(() => 0);
  for (let i = 0; i < data.length; i++) {
    result[i] = data[order.reduce((at, axis, k) => at + strides[axis] * place[k], 0)];
    for (let k = order.length - 1; k >= 0 && ++place[k] === shape[order[k]]; k--) place[k] = 0;
  }
  return result;
}
