/**
 * Weights of 2, 4 and 8 bits in ONNX graphs against ONNX Runtime: behind DequantizeLinear (one scale, one for each
 * channel, one for each block), between quantised activations, and in MatMulNBits. Made here from a seeded generator.
 */
import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';

import { OnnxReference } from '../reference/onnx_reference.js';
import { missingNative, packInto, runTensors, withTempDir } from './native_minnow.js';
import { ONNX_TYPE, OnnxWriter } from './onnx_writer.js';
import { compareReals, compareSteps, randomTensors, splitOutputs } from './tensor_comparison.js';

const RUNS = 3;
const OPSET = 21;
const MAX_ERROR_OF_RANGE = 1e-5;
/** Of shards whose weights stayed few levels, beside the scales' bytes; as different float32 numbers they take 29. */
const MOST_BITS_A_WEIGHT = 15;

/** @param {number} seed @returns {() => number} in [0, 1) */
function generator(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Several numbers a byte, the first in the low bits. @param {number[]} levels @param {number} bits */
function packLevels(levels, bits) {
  const packed = new Uint8Array(Math.ceil((levels.length * bits) / 8));
  levels.forEach((level, i) => (packed[Math.floor((i * bits) / 8)] |= (level & (2 ** bits - 1)) << ((i * bits) % 8)));
  return packed;
}

class LowBitNet {
  constructor() {
    this.writer = new OnnxWriter();
    this.random = generator(3);
  }

  /** @param {number} count @param {number} bits */
  levels(count, bits) {
    return Array.from({ length: count }, () => Math.floor(this.random() * 2 ** bits));
  }

  /** @param {number[]} shape */
  scales(shape) {
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 0.01 + this.random() / 20);
    return this.writer.constant(ONNX_TYPE.float, shape, data);
  }

  /**
   * Weights behind DequantizeLinear.
   * @param {number[]} shape @param {number[]} scaleShape
   * @param {{ isSigned?: boolean, hasZero?: boolean, attributes?: Record<string, number> }} options
   */
  dequantized(shape, scaleShape, { isSigned = true, hasZero = true, attributes = {} }) {
    const type = isSigned ? ONNX_TYPE.int4 : ONNX_TYPE.uint4;
    const count = (/** @type {number[]} */ dims) => dims.reduce((a, b) => a * b, 1);
    const inputs = [this.writer.constant(type, shape, packLevels(this.levels(count(shape), 4), 4)), this.scales(scaleShape)];
    if (hasZero) inputs.push(this.writer.constant(type, scaleShape, packLevels(this.levels(count(scaleShape), isSigned ? 3 : 4), 4)));
    return this.writer.node('DequantizeLinear', inputs, attributes);
  }

  /** @param {number} count */
  floats(count) {
    return this.writer.constant(ONNX_TYPE.float, [count], Float32Array.from({ length: count }, () => this.random() - 0.5));
  }
}

/** @typedef {(net: LowBitNet) => number[]} Build writes the output "y", gives its shape */

/** @type {(options: { block: number, bits?: number, zero?: 'packed' | 'real', bias?: boolean, inner?: number }) => Build} */
const nbits = ({ block, bits = 4, zero, bias = false, inner = 96 }) => (net) => {
  const { writer } = net;
  const [rows, outputs] = [5, 40];
  const blocks = Math.ceil(inner / block);
  writer.input('x', ONNX_TYPE.float, [2, rows, inner]);
  const inputs = ['x', writer.constant(ONNX_TYPE.uint8, [outputs, blocks, (block * bits) / 8], packLevels(net.levels(outputs * blocks * block, bits), bits))];
  inputs.push(net.scales([outputs * blocks]));
  if (zero === 'packed') {
    const rowsOf = Array.from({ length: outputs }, () => packLevels(net.levels(blocks, bits), bits));
    inputs.push(writer.constant(ONNX_TYPE.uint8, [outputs * rowsOf[0].length], Uint8Array.from(rowsOf.flatMap((row) => [...row]))));
  } else if (zero === 'real') {
    inputs.push(writer.constant(ONNX_TYPE.float, [outputs * blocks], Float32Array.from({ length: outputs * blocks }, () => 6 + 4 * net.random())));
  }
  if (bias) inputs.push(...['', '', ''].slice(inputs.length - 3, 2), net.floats(outputs));
  writer.node('com.microsoft::MatMulNBits', inputs, { K: inner, N: outputs, bits, block_size: block }, ['y']);
  return [2, rows, outputs];
};

/** @type {Record<string, Build>} */
const GRAPHS = {
  'one scale': (net) => {
    net.writer.input('x', ONNX_TYPE.float, [4, 64]);
    const weights = net.dequantized([24, 64], [], { hasZero: false });
    net.writer.node('Gemm', ['x', weights, net.floats(24)], { transB: 1 }, ['y']);
    return [4, 24];
  },
  'a scale for each column, uint4 with zero points, an odd number of them': (net) => {
    net.writer.input('x', ONNX_TYPE.float, [4, 63]);
    net.writer.node('MatMul', ['x', net.dequantized([63, 25], [25], { isSigned: false, attributes: { axis: 1 } })], {}, ['y']);
    return [4, 25];
  },
  'a convolution with a scale for each output': (net) => {
    net.writer.input('x', ONNX_TYPE.float, [1, 8, 9, 9]);
    const weights = net.dequantized([48, 8, 3, 3], [48], { attributes: { axis: 0 } });
    const sum = net.writer.node('Conv', ['x', weights, net.floats(48)], { pads: [1, 1, 1, 1] });
    net.writer.node('Relu', [sum], {}, ['y']);
    return [1, 48, 9, 9];
  },
  'a convolution and a factor for each output behind it': (net) => {
    net.writer.input('x', ONNX_TYPE.float, [1, 8, 9, 9]);
    const sum = net.writer.node('Conv', ['x', net.dequantized([48, 8, 3, 3], [48], { attributes: { axis: 0 } }), net.floats(48)]);
    net.writer.node('Mul', [sum, net.scales([48, 1, 1])], {}, ['y']);
    return [1, 48, 7, 7];
  },
  'a convolution and factors behind it that turn signs': (net) => {
    net.writer.input('x', ONNX_TYPE.float, [1, 8, 9, 9]);
    const sum = net.writer.node('Conv', ['x', net.dequantized([48, 8, 3, 3], [48], { attributes: { axis: 0 } })]);
    const factors = Float32Array.from({ length: 48 }, (_, i) => (i % 3) - 1);
    net.writer.node('Mul', [sum, net.writer.constant(ONNX_TYPE.float, [48, 1, 1], factors)], {}, ['y']);
    return [1, 48, 7, 7];
  },
  'a depthwise convolution': (net) => {
    net.writer.input('x', ONNX_TYPE.float, [1, 24, 9, 9]);
    const weights = net.dequantized([24, 1, 5, 5], [24], { attributes: { axis: 0 } });
    net.writer.node('Conv', ['x', weights, net.floats(24)], { group: 24 }, ['y']);
    return [1, 24, 5, 5];
  },
  'blocks along the rows, the last one shorter': (net) => {
    net.writer.input('x', ONNX_TYPE.float, [4, 80]);
    net.writer.node('MatMul', ['x', net.dequantized([80, 24], [3, 24], { attributes: { axis: 0, block_size: 32 } })], {}, ['y']);
    return [4, 24];
  },
  'blocks along the rows of a Gemm, with zero points and a bias': (net) => {
    net.writer.input('x', ONNX_TYPE.float, [4, 96]);
    const weights = net.dequantized([24, 96], [24, 3], { isSigned: false, attributes: { axis: 1, block_size: 32 } });
    net.writer.node('Gemm', ['x', weights, net.floats(24)], { transB: 1 }, ['y']);
    return [4, 24];
  },
  'blocks along the columns': (net) => {
    net.writer.input('x', ONNX_TYPE.float, [4, 40]);
    net.writer.node('MatMul', ['x', net.dequantized([40, 64], [40, 4], { attributes: { axis: 1, block_size: 16 } })], {}, ['y']);
    return [4, 64];
  },
  'MatMulNBits': nbits({ block: 32 }),
  'MatMulNBits, zero points, the last block shorter': nbits({ block: 32, zero: 'packed', inner: 80 }),
  'MatMulNBits, real zero points': nbits({ block: 16, zero: 'real' }),
  'MatMulNBits, one block a row and a bias': nbits({ block: 128, zero: 'packed', bias: true }),
  'MatMulNBits, 8 bits': nbits({ block: 32, bits: 8 }),
  'MatMulNBits, 8 bits, one block a row': nbits({ block: 128, bits: 8, zero: 'packed' }),
  'MatMulNBits, 2 bits': nbits({ block: 64, bits: 2 }),
};

/** Weights, and scales beside them, of the graphs whose weights stay few levels. @type {Record<string, [number, number]>} */
const FEW_LEVELS = {
  'a scale for each column, uint4 with zero points, an odd number of them': [63 * 25, 25],
  'a convolution with a scale for each output': [48 * 72, 48],
  'a convolution and a factor for each output behind it': [48 * 72, 48],
  'a depthwise convolution': [24 * 25, 24],
  'blocks along the rows, the last one shorter': [24 * 96, 72],
  'blocks along the rows of a Gemm, with zero points and a bias': [24 * 96, 72],
  'MatMulNBits': [40 * 96, 120],
  'MatMulNBits, zero points, the last block shorter': [40 * 96, 120],
  'MatMulNBits, one block a row and a bias': [40 * 96, 40],
  'MatMulNBits, 2 bits': [40 * 128, 80],
};
const OTHER_BYTES = 900;

/** @param {string} folder @returns {number} bytes of the shards */
function shardBytes(folder) {
  const shards = readdirSync(folder).filter((name) => name.endsWith('.mnw'));
  return shards.reduce((sum, name) => sum + statSync(path.join(folder, name)).size, 0);
}

/** @param {Buffer} file @param {(expected: number[], actual: number[], bytes: number) => void} judge */
function compare(file, judge) {
  return withTempDir(async (dir) => {
    const [model, folder] = [path.join(dir, 'model.onnx'), path.join(dir, 'package')];
    await writeFile(model, file);
    const reference = await OnnxReference.open(model);
    try {
      const data = Buffer.concat(randomTensors(reference.inputs, RUNS));
      const expected = splitOutputs(await reference.run(data, RUNS), reference.outputs, RUNS);
      await packInto(model, folder);
      const actual = splitOutputs(await runTensors(folder, data), reference.outputs, RUNS);
      judge(expected[0], actual[0], shardBytes(folder));
    } finally {
      await reference.close();
    }
  });
}

describe('ONNX weights of few bits against ONNX Runtime', { skip: missingNative() }, () => {
  for (const [name, build] of Object.entries(GRAPHS)) {
    test(name, (t) => {
      const net = new LowBitNet();
      net.writer.output('y', ONNX_TYPE.float, build(net));
      return compare(net.writer.toBuffer(OPSET), (expected, actual, bytes) => {
        const { error } = compareReals(expected, actual);
        t.diagnostic(`largest error ${error.toExponential(1)} of the range; ${bytes} bytes`);
        assert.ok(error <= MAX_ERROR_OF_RANGE);
        const few = FEW_LEVELS[name];
        if (few) assert.ok(bytes <= (few[0] * MOST_BITS_A_WEIGHT) / 8 + 4 * few[1] + OTHER_BYTES);
      });
    });
  }

  test('int8 activations with int4 weights become an int8 operator', (t) => {
    const net = new LowBitNet();
    const { writer } = net;
    const point = writer.constant(ONNX_TYPE.int8, [], Int8Array.of(3));
    const step = (/** @type {number} */ value) => writer.constant(ONNX_TYPE.float, [], Float32Array.of(value));
    const [scaleIn, scaleOut] = [step(1 / 117), step(0.031)];
    writer.input('x', ONNX_TYPE.float, [1, 8, 12, 12]);
    const x = writer.node('DequantizeLinear', [writer.node('QuantizeLinear', ['x', scaleIn, point]), scaleIn, point]);
    const weights = net.dequantized([32, 8, 3, 3], [32], { hasZero: false, attributes: { axis: 0 } });
    const y = writer.node('QuantizeLinear', [writer.node('Conv', [x, weights]), scaleOut, point]);
    writer.node('DequantizeLinear', [y, scaleOut, point], {}, ['y']);
    writer.output('y', ONNX_TYPE.float, [1, 32, 10, 10]);
    return compare(writer.toBuffer(OPSET), (expected, actual, bytes) => {
      const steps = (/** @type {number[]} */ values) => values.map((value) => Math.round(value / 0.031));
      const { equal, withinOneStep } = compareSteps(steps(expected), steps(actual));
      t.diagnostic(`${(100 * equal).toFixed(2)} % equal; ${bytes} bytes`);
      assert.equal(withinOneStep, 1);
      assert.ok(equal > 0.99);
      // 2304 weights: half a byte each and no more than 1 kB for all the rest.
      assert.ok(bytes < 2304 / 2 + 1100);
    });
  });

  for (const [what, change, words] of /** @type {[string, (inputs: string[], net: LowBitNet) => Record<string, number>, RegExp][]} */ ([
    ['bits', () => ({ bits: 3 }), /MatMulNBits \(with weights of 3 bits\)/],
    ['a block size', () => ({ block_size: 0 }), /block_size 0 is out of range/],
    ['an inner size', () => ({ K: 1 << 30 }), /K 1073741824/],
    ['another inner size', () => ({ K: 128 }), /does not hold the 2560 bytes expected/],
    ['an order', (inputs, net) => {
      inputs.push('', net.writer.constant(ONNX_TYPE.int32, [96], new Int32Array(96)));
      return {};
    }, /MatMulNBits \(with g_idx\)/],
    ['zero points', (inputs, net) => {
      inputs.push(net.writer.constant(ONNX_TYPE.uint8, [3], new Uint8Array(3)));
      return {};
    }, /does not hold the 80 bytes expected/],
    ['scales', (inputs, net) => {
      inputs[2] = net.scales([7]);
      return {};
    }, /it has 7 scales or zero points instead of 120/],
    ['weights', (inputs) => {
      inputs[1] = 'x';
      return {};
    }, /must be known while packing|constant|computed/],
  ])) {
    test(`MatMulNBits with ${what} that it cannot have is refused`, () =>
      withTempDir(async (dir) => {
        const net = new LowBitNet();
        const { writer } = net;
        const packed = writer.constant(ONNX_TYPE.uint8, [40, 3, 16], packLevels(net.levels(40 * 96, 4), 4));
        const inputs = [writer.input('x', ONNX_TYPE.float, [2, 96]), packed, net.scales([120])];
        const attributes = { K: 96, N: 40, bits: 4, block_size: 32, ...change(inputs, net) };
        writer.node('com.microsoft::MatMulNBits', inputs, attributes, ['y']);
        writer.output('y', ONNX_TYPE.float, [2, 40]);
        await writeFile(path.join(dir, 'model.onnx'), writer.toBuffer(OPSET));
        await assert.rejects(packInto(path.join(dir, 'model.onnx'), path.join(dir, 'package')), words);
      }));
  }
});
