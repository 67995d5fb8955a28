/**
 * Turns a float32 .tflite classifier into a graph model of TensorFlow.js, with the operators fused as its own
 * converter fuses them.
 *
 * Knows the operators of the models that are timed, and fails at others.
 */
import { convWindow, depthwiseWindow, poolWindow } from './tflite_geometry.js';
import { OP, TYPE, constantOf, readTflite } from './tflite_reader.js';

/** @typedef {import('./tflite_geometry.js').Activation} Activation */
/** @typedef {import('./tflite_geometry.js').Window} Window */
/** @typedef {import('./tflite_reader.js').Operator} Operator */
/** @typedef {import('./tflite_reader.js').TfliteModel} TfliteModel */

/** A NodeDef of TensorFlow as JSON. @typedef {{ name: string, op: string, input?: string[], attr: Record<string, object> }} Node */

const WEIGHTS_FILE = 'weights.bin';
const FUSED = /** @type {Record<Activation, string[]>} */ ({ none: [], relu: ['Relu'], relu6: ['Relu6'] });

/** Attributes as TensorFlow's protobufs have them in JSON. */
const FLOAT = { type: 'DT_FLOAT' };
const INT32 = { type: 'DT_INT32' };
const text = (/** @type {string} */ value) => ({ s: base64(value) });
const texts = (/** @type {string[]} */ values) => ({ list: { s: values.map(base64) } });
const ints = (/** @type {number[]} */ values) => ({ list: { i: values.map(String) } });
const shapeOf = (/** @type {number[]} */ sizes) => ({ shape: { dim: sizes.map((size) => ({ size: String(size) })) } });

/** @param {Uint8Array} file a float32 .tflite @returns {Record<string, string | Uint8Array>} files by their names */
export function tfjsModelOf(file) {
  return new Converter(readTflite(file)).convert();
}

class Converter {
  #model;
  /** @type {Node[]} */
  #nodes = [];
  /** @type {{ name: string, shape: number[], dtype: 'float32' | 'int32', data: Uint8Array }[]} */
  #weights = [];
  /** Nodes by tensor. @type {Map<number, string>} */
  #names = new Map();

  /** @param {TfliteModel} model */
  constructor(model) {
    this.#model = model;
  }

  convert() {
    const { inputs, outputs, tensors, operators } = this.#model;
    for (const input of inputs) this.#node(input, 'Placeholder', [], { dtype: FLOAT, shape: shapeOf(tensors[input].shape) });
    operators.forEach((operator) => this.#addOperator(operator));
    const port = (/** @type {number} */ i) => ({ name: `${this.#name(i)}:0`, dtype: 'DT_FLOAT', tensorShape: shapeOf(tensors[i].shape).shape });
    const ports = (/** @type {number[]} */ list) => Object.fromEntries(list.map((i) => [this.#name(i), port(i)]));
    const model = {
      format: 'graph-model',
      generatedBy: 'tflite_tfjs.js',
      convertedBy: null,
      signature: { inputs: ports(inputs), outputs: ports(outputs) },
      modelTopology: { node: this.#nodes, library: {}, versions: { producer: 1087 } },
      weightsManifest: [{ paths: [WEIGHTS_FILE], weights: this.#weights.map(({ name, shape, dtype }) => ({ name, shape, dtype })) }],
    };
    return { 'model.json': JSON.stringify(model), [WEIGHTS_FILE]: Buffer.concat(this.#weights.map(({ data }) => data)) };
  }

  /** @param {Operator} operator */
  #addOperator({ code, inputs, outputs: [output], options }) {
    const { tensors } = this.#model;
    switch (code) {
      case OP.conv: {
        const filter = this.#filter(inputs[1], ([out, height, width, depth]) => [height, width, depth, out]);
        return this.#addConv('_FusedConv2D', inputs, output, convWindow(options), filter);
      }
      case OP.depthwiseConv: {
        const filter = this.#filter(inputs[1], ([one, height, width, depth]) => [height, width, depth, one]);
        return this.#addConv('FusedDepthwiseConv2dNative', inputs, output, depthwiseWindow(options), filter);
      }
      case OP.add:
        return this.#node(output, 'AddV2', inputs.map((input) => this.#name(input)), { T: FLOAT });
      case OP.averagePool: {
        const { size, ...window } = poolWindow(options);
        return this.#node(output, 'AvgPool', [this.#name(inputs[0])], { ksize: ints([1, ...size, 1]), ...placement(window) });
      }
      case OP.mean: {
        const attributes = { T: FLOAT, Tidx: INT32, keep_dims: { b: tensors[output].shape.length === 4 } };
        return this.#node(output, 'Mean', [this.#name(inputs[0]), this.#constant(inputs[1])], attributes);
      }
      case OP.reshape: {
        const sizes = Int32Array.from(tensors[output].shape);
        const shape = this.#addWeights(`shape_of_${output}`, 'int32', [sizes.length], sizes);
        return this.#node(output, 'Reshape', [this.#name(inputs[0]), shape], { T: FLOAT, Tshape: INT32 });
      }
      case OP.softmax:
        return this.#node(output, 'Softmax', [this.#name(inputs[0])], { T: FLOAT });
      default:
        throw new Error(`operator ${code} is not converted`);
    }
  }

  /** @param {string} op @param {number[]} inputs @param {number} output @param {Window} window @param {string} filter */
  #addConv(op, [input, , bias], output, window, filter) {
    this.#node(output, op, [this.#name(input), filter, this.#constant(bias)], {
      ...placement(window),
      dilations: ints([1, ...window.dilations, 1]),
      explicit_paddings: { list: {} },
      fused_ops: texts(['BiasAdd', ...FUSED[window.activation]]),
      num_args: { i: '1' },
      epsilon: { f: 0 },
    });
  }

  /** With the first axis last. @param {number} index @param {(shape: number[]) => number[]} newShape @returns {string} */
  #filter(index, newShape) {
    const { shape } = this.#model.tensors[index];
    const values = /** @type {Float32Array} */ (constantOf(this.#model, index));
    const inner = values.length / shape[0];
    const data = values.map((_, i) => values[(i % shape[0]) * inner + Math.floor(i / shape[0])]);
    return this.#addWeights(`filter_${index}`, 'float32', newShape(shape), data);
  }

  /** @param {number} index @returns {string} */
  #constant(index) {
    const { shape, type } = this.#model.tensors[index];
    const data = /** @type {Float32Array | Int32Array} */ (constantOf(this.#model, index));
    return this.#addWeights(`constant_${index}`, type === TYPE.int32 ? 'int32' : 'float32', shape, data);
  }

  /** @param {string} name @param {'float32' | 'int32'} dtype @param {number[]} shape @param {Float32Array | Int32Array} data */
  #addWeights(name, dtype, shape, data) {
    this.#nodes.push({ name, op: 'Const', attr: { dtype: dtype === 'int32' ? INT32 : FLOAT } });
    this.#weights.push({ name, shape, dtype, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) });
    return name;
  }

  /** @param {number} output @param {string} op @param {string[]} input @param {Record<string, object>} attr */
  #node(output, op, input, attr) {
    const name = `value_${output}`;
    this.#nodes.push({ name, op, input, attr });
    this.#names.set(output, name);
  }

  /** @param {number} index */
  #name(index) {
    const name = this.#names.get(index);
    if (name === undefined) throw new Error(`tensor ${this.#model.tensors[index].name} is a constant, or not yet computed`);
    return name;
  }
}

/** @param {Window} window */
function placement({ isSame, strides }) {
  return { T: FLOAT, strides: ints([1, ...strides, 1]), padding: text(isSame ? 'SAME' : 'VALID'), data_format: text('NHWC') };
}

/** @param {string} value */
function base64(value) {
  return Buffer.from(value).toString('base64');
}
