/**
 * Quantised ONNX graphs against ONNX Runtime: as onnxruntime.quantization writes them (QDQ with uint8 or int8
 * activations, QOperator, dynamic), made here with weights from a seeded generator.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { OnnxReference } from '../reference/onnx_reference.js';
import { missingNative, packInto, runTensors, withTempDir } from './native_minnow.js';
import { ONNX_TYPE, OnnxWriter } from './onnx_writer.js';
import { compareReals, compareSteps, randomTensors, splitOutputs } from './tensor_comparison.js';

const TOOL = fileURLToPath(new URL('../../build/native/minnow', import.meta.url));
const RUNS = 4;
/** Whole graphs: of the values that are at most one step of the output's scale away. */
const WITHIN_ONE_STEP = 0.99;

/** What the network becomes, however it is spelled. */
const OPERATORS = [
  ...['QUANTIZE', 'TRANSPOSE', 'CONV_2D', 'CONV_2D', 'DEPTHWISE_CONV_2D', 'CONV_2D', 'ADD', 'QUANTIZE', 'CONCAT'],
  ...['MAX_POOL_2D', 'UNARY', 'BINARY', 'MEAN', 'RESHAPE', 'FULLY_CONNECTED', 'SOFTMAX'],
  ...['DEQUANTIZE', 'DEQUANTIZE', 'TRANSPOSE', 'DEQUANTIZE'],
];

/** @param {number} share */
const percent = (share) => `${(100 * share).toFixed(2)} %`;

/** @param {number} seed @returns {() => number} in [-1, 1) */
function generator(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/** A quantised tensor in the graph: its 8-bit value with scale and zero point. */
/** @typedef {{ value: string, scale: string, zero: string, step: number }} Quantized */

/** Writes layers in one of the two spellings. */
class QuantizedNet {
  /** @param {{ isSigned: boolean, isQOperator: boolean }} style */
  constructor({ isSigned, isQOperator }) {
    this.writer = new OnnxWriter();
    this.random = generator(7);
    this.isSigned = isSigned;
    this.isQOperator = isQOperator;
  }

  /** @param {number} value */
  float(value) {
    return this.writer.constant(ONNX_TYPE.float, [], Float32Array.of(value));
  }

  /**
   * @param {number} low @param {number} high what the tensor's values span. Measured ranges are no round numbers; round
   *   ones make sums lie on halves, where each runtime has a rule of its own.
   */
  parameters(low, high) {
    const step = (high - low) / 255;
    const zero = Math.round(-low / step);
    return {
      step,
      scale: this.float(step),
      zero: this.isSigned
        ? this.writer.constant(ONNX_TYPE.int8, [], Int8Array.of(zero - 128))
        : this.writer.constant(ONNX_TYPE.uint8, [], Uint8Array.of(zero)),
    };
  }

  /** @param {string} real @param {number} low @param {number} high @returns {Quantized} */
  quantize(real, low, high) {
    const { step, scale, zero } = this.parameters(low, high);
    return { value: this.writer.node('QuantizeLinear', [real, scale, zero]), scale, zero, step };
  }

  /** @param {Quantized} q */
  dequantize({ value, scale, zero }) {
    return this.writer.node('DequantizeLinear', [value, scale, zero]);
  }

  /**
   * An operator on quantised values: between DQ and Q.
   * @param {string} type @param {Quantized[]} inputs @param {object} attributes
   * @param {number} low @param {number} high
   * @param {string[]} [after] operators on floats behind it
   */
  layer(type, inputs, attributes, low, high, after = []) {
    let real = this.writer.node(type, inputs.map((input) => this.dequantize(input)), { ...attributes });
    for (const name of after) real = this.writer.node(name, [real]);
    return this.quantize(real, low, high);
  }

  /** @param {number} count @param {number} [limit] */
  int8(count, limit = 127) {
    return Int8Array.from({ length: count }, () => Math.round(this.random() * limit));
  }

  /**
   * @param {Quantized} x @param {number[]} shape of the weights @param {object} options
   * @param {'Relu' | 'Clip' | ''} [options.activation]
   * @param {boolean} [options.isPerChannel]
   * @param {boolean} [options.hasBias]
   * @param {Record<string, number | number[]>} [options.attributes]
   * @returns {Quantized}
   */
  conv(x, shape, { activation = '', isPerChannel = true, hasBias = true, attributes = {} }) {
    const { writer } = this;
    const outputs = shape[0];
    const taps = shape.slice(1).reduce((a, b) => a * b, 1);
    const steps = Float32Array.from({ length: isPerChannel ? outputs : 1 }, () => (1.5 + this.random()) / (60 * Math.sqrt(taps)));
    const dims = isPerChannel ? [outputs] : [];
    const weights = writer.constant(ONNX_TYPE.int8, shape, this.int8(outputs * taps));
    const scale = writer.constant(ONNX_TYPE.float, dims, steps);
    const zero = writer.constant(ONNX_TYPE.int8, dims, new Int8Array(steps.length));
    const bias = Int32Array.from({ length: outputs }, () => Math.round(this.random() * 2000));
    const range = activation === 'Clip' ? [0, 6] : activation === 'Relu' ? [0, 5.13] : [-4.27, 4.91];
    if (this.isQOperator) {
      const y = this.parameters(range[0], range[1]);
      const inputs = [x.value, x.scale, x.zero, weights, scale, zero, y.scale, y.zero];
      if (hasBias) inputs.push(writer.constant(ONNX_TYPE.int32, [outputs], bias));
      return { value: writer.node('QLinearConv', inputs, attributes), ...y };
    }
    const inputs = [this.dequantize(x), writer.node('DequantizeLinear', [weights, scale, zero], { axis: 0 })];
    if (hasBias) {
      const unit = steps.map((step) => Math.fround(Math.fround(x.step) * step));
      const biasScale = writer.constant(ONNX_TYPE.float, dims, unit);
      const numbers = writer.constant(ONNX_TYPE.int32, [outputs], bias);
      inputs.push(writer.node('DequantizeLinear', [numbers, biasScale], { axis: 0 }));
    }
    let real = writer.node('Conv', inputs, attributes);
    if (activation === 'Relu') real = writer.node('Relu', [real]);
    if (activation === 'Clip') real = writer.node('Clip', [real, this.float(0), this.float(6)]);
    return this.quantize(real, range[0], range[1]);
  }

  /** @param {string} name @param {Quantized[]} inputs @param {number} low @param {number} high @param {Record<string, number>} [attributes] */
  msLayer(name, inputs, low, high, attributes = {}) {
    const y = this.parameters(low, high);
    const operands = inputs.flatMap(({ value, scale, zero }) => [value, scale, zero]);
    const all = name === 'QLinearConcat' ? [y.scale, y.zero, ...operands] : [...operands, y.scale, y.zero];
    return { value: this.writer.node(`com.microsoft::${name}`, all, attributes), ...y };
  }

  /** @param {Quantized} x @param {number} inner @param {number} outputs @returns {Quantized} */
  gemm(x, inner, outputs) {
    const { writer } = this;
    const step = 1 / (60 * Math.sqrt(inner));
    const weights = writer.constant(ONNX_TYPE.int8, [outputs, inner], this.int8(outputs * inner));
    const scale = this.float(step);
    const zero = writer.constant(ONNX_TYPE.int8, [], Int8Array.of(0));
    const bias = writer.constant(ONNX_TYPE.int32, [outputs], Int32Array.from({ length: outputs }, () => Math.round(this.random() * 500)));
    if (this.isQOperator) {
      const y = this.parameters(-3.91, 4.17);
      const inputs = [x.value, x.scale, x.zero, weights, scale, zero, bias, y.scale, y.zero];
      return { value: writer.node('com.microsoft::QGemm', inputs, { transB: 1 }), ...y };
    }
    const unit = this.float(Math.fround(Math.fround(x.step) * Math.fround(step)));
    const real = writer.node(
      'Gemm',
      [this.dequantize(x), writer.node('DequantizeLinear', [weights, scale, zero]), writer.node('DequantizeLinear', [bias, unit])],
      { transB: 1 },
    );
    return this.quantize(real, -3.91, 4.17);
  }

  /** Something of everything: an inverted residual between a stem and a classifier. */
  mobileNet() {
    const { writer } = this;
    const image = this.quantize(writer.input('image', ONNX_TYPE.float, ['batch', 3, 32, 32]), -1, 1);
    const pads = [1, 1, 1, 1];
    const stem = this.conv(image, [16, 3, 3, 3], { activation: 'Relu', attributes: { strides: [2, 2], pads } });
    const wide = this.conv(stem, [32, 16, 1, 1], { activation: 'Clip' });
    const deep = this.conv(wide, [32, 1, 3, 3], { activation: 'Relu', attributes: { group: 32, pads } });
    const flat = this.conv(deep, [16, 32, 1, 1], { isPerChannel: false, hasBias: false });
    const sum = this.isQOperator
      ? this.msLayer('QLinearAdd', [stem, flat], -4.27, 8.36)
      : this.layer('Add', [stem, flat], {}, -4.27, 8.36);
    const join = this.isQOperator
      ? this.msLayer('QLinearConcat', [sum, flat], -4.27, 8.36, { axis: 1 })
      : this.layer('Concat', [sum, flat], { axis: 1 }, -4.27, 8.36);
    const small = this.isQOperator
      ? { ...join, value: writer.node('MaxPool', [join.value], { kernel_shape: [2, 2], strides: [2, 2] }) }
      : this.layer('MaxPool', [join], { kernel_shape: [2, 2], strides: [2, 2] }, -4.27, 8.36);
    const bent = this.isQOperator
      ? this.msLayer('QLinearSigmoid', [small], 0, 1)
      : this.layer('Sigmoid', [small], {}, 0, 1);
    const gated = this.isQOperator
      ? this.msLayer('QLinearMul', [small, bent], -0.29, 7.83)
      : this.layer('Mul', [small, bent], {}, -0.29, 7.83);
    const mean = this.isQOperator
      ? this.msLayer('QLinearGlobalAveragePool', [gated], -0.11, 3.77)
      : this.layer('GlobalAveragePool', [gated], {}, -0.11, 3.77);
    const rows = this.isQOperator
      ? { ...mean, value: writer.node('Flatten', [mean.value]) }
      : this.layer('Flatten', [mean], {}, -0.11, 3.77);
    const scores = this.gemm(rows, 32, 10);
    const shares = this.isQOperator
      ? this.msLayer('QLinearSoftmax', [scores], 0, 1, { axis: -1, opset: 13 })
      : this.layer('Softmax', [scores], { axis: -1 }, 0, 1);
    writer.node('DequantizeLinear', [shares.value, shares.scale, shares.zero], {}, ['shares']);
    writer.output('shares', ONNX_TYPE.float, ['batch', 10]);
    writer.node('DequantizeLinear', [gated.value, gated.scale, gated.zero], {}, ['features']);
    writer.output('features', ONNX_TYPE.float, ['batch', 32, 8, 8]);
    writer.node('DequantizeLinear', [scores.value, scores.scale, scores.zero], {}, ['scores']);
    writer.output('scores', ONNX_TYPE.float, ['batch', 10]);
    return { file: writer.toBuffer(), steps: [shares.step, gated.step, scores.step] };
  }
}

/** A dynamically quantised dense layer as onnxruntime.quantization writes it. */
function dynamicNet() {
  const writer = new OnnxWriter();
  const random = generator(11);
  const [rows, inner, outputs] = [4, 512, 24];
  writer.input('x', ONNX_TYPE.float, [rows, inner]);
  writer.node('DynamicQuantizeLinear', ['x'], {}, ['numbers', 'scale', 'zero']);
  const weights = writer.constant(ONNX_TYPE.int8, [inner, outputs], Int8Array.from({ length: inner * outputs }, () => Math.round(random() * 127)));
  const zero = writer.constant(ONNX_TYPE.int8, [], Int8Array.of(0));
  const sums = writer.node('MatMulInteger', ['numbers', weights, 'zero', zero]);
  const scale = writer.node('Mul', ['scale', writer.constant(ONNX_TYPE.float, [], Float32Array.of(0.003))]);
  const product = writer.node('Mul', [writer.node('Cast', [sums], { to: ONNX_TYPE.float }), scale]);
  const bias = writer.constant(ONNX_TYPE.float, [outputs], Float32Array.from({ length: outputs }, random));
  writer.node('Add', [product, bias], {}, ['y']);
  writer.output('y', ONNX_TYPE.float, [rows, outputs]);
  writer.node('Identity', [sums], {}, ['sums']);
  writer.output('sums', ONNX_TYPE.int32, [rows, outputs]);
  return writer.toBuffer();
}

/**
 * @param {Buffer} file
 * @returns {Promise<{ names: string[], expected: number[][], actual: number[][], operators: string }>}
 */
function compareWithReference(file) {
  return withTempDir(async (dir) => {
    const model = path.join(dir, 'model.onnx');
    await writeFile(model, file);
    const reference = await OnnxReference.open(model);
    try {
      const data = Buffer.concat(randomTensors(reference.inputs, RUNS));
      const expected = splitOutputs(await reference.run(data, RUNS), reference.outputs, RUNS);
      await packInto(model, path.join(dir, 'package'));
      const actual = splitOutputs(await runTensors(path.join(dir, 'package'), data), reference.outputs, RUNS);
      const { stdout } = await promisify(execFile)(TOOL, ['inspect', path.join(dir, 'package')]);
      return { names: reference.outputs.map(({ name }) => name), expected, actual, operators: stdout };
    } finally {
      await reference.close();
    }
  });
}

describe('quantised ONNX graphs against ONNX Runtime', { skip: missingNative() }, () => {
  for (const isSigned of [false, true]) {
    for (const isQOperator of [false, true]) {
      test(`${isQOperator ? 'QOperator' : 'QDQ'}, ${isSigned ? 'int8' : 'uint8'} activations`, async (t) => {
        const { file, steps } = new QuantizedNet({ isSigned, isQOperator }).mobileNet();
        const { names, expected, actual, operators } = await compareWithReference(file);
        // Nothing but the ends is left in float32.
        assert.deepEqual(operators.match(/^ *\d+ +[A-Z_0-9]+/gm)?.map((line) => line.trim().split(/ +/)[1]), OPERATORS);
        names.forEach((name, index) => {
          const inSteps = /** @param {number[]} values */ (values) => values.map((value) => Math.round(value / steps[index]));
          const [wanted, found] = [inSteps(expected[index]), inSteps(actual[index])];
          const { equal, withinOneStep } = compareSteps(wanted, found);
          const largest = Math.max(...wanted.map((value, i) => Math.abs(value - found[i])));
          t.diagnostic(`${name}: ${percent(equal)} equal, ${percent(withinOneStep)} within one step, largest difference ${largest}`);
          assert.ok(withinOneStep >= WITHIN_ONE_STEP, name);
        });
      });
    }
  }

  test('dynamic quantisation', async (t) => {
    const { names, expected, actual } = await compareWithReference(dynamicNet());
    assert.deepEqual(names, ['y', 'sums']);
    assert.deepEqual(actual[1], expected[1]);
    const { error } = compareReals(expected[0], actual[0]);
    t.diagnostic(`largest error ${error.toExponential(2)} of the range`);
    assert.ok(error <= 1e-6);
  });
});
