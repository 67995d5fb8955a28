/**
 * Turns an int8 .tflite model into the float32 model that it came from, as near as its weights tell: the same
 * graph on dequantised weights. Its answers are those of no trained model, its arithmetic is.
 *
 * Written for plain classifiers: tensors of types int8, uint8 and int32, one subgraph. The schema is TFLite's
 * (schema_v3c.fbs); field numbers below are its.
 */
import { Builder } from 'flatbuffers';
import { OP, TYPE, constantOf, countOf, readTflite } from './tflite_reader.js';

/** @typedef {import('./tflite_reader.js').Operator} Operator */
/** @typedef {import('./tflite_reader.js').Tensor} Tensor */
/** @typedef {import('./tflite_reader.js').TfliteModel} TfliteModel */

/** @param {Uint8Array} file an int8 .tflite @returns {Uint8Array} a float32 one */
export function floatModelOf(file) {
  const model = readTflite(file);
  const { tensors, operators, buffers } = model;

  // Quantise and dequantise say nothing in float: their outputs are their inputs.
  const renamed = tensors.map((_, i) => i);
  const kept = operators.filter(({ code, inputs, outputs }) => {
    if (code !== OP.quantize && code !== OP.dequantize) return true;
    renamed[outputs[0]] = renamed[inputs[0]];
    return false;
  });
  const now = (/** @type {number} */ i) => (i < 0 ? i : renamed[i]);
  for (const operator of kept) operator.inputs = operator.inputs.map(now);

  const indices = new Set(kept.filter(({ code }) => code === OP.reshape).map(({ inputs }) => inputs[1]));
  tensors.forEach((tensor, i) => {
    if (indices.has(i)) return;
    if (tensor.scales.length > 0 && buffers[tensor.buffer].length > 0) buffers[tensor.buffer] = dequantized(model, i);
    if (tensor.scales.length > 0 || tensor.type === TYPE.uint8) tensor.type = TYPE.float32;
  });
  return write(tensors, kept, buffers, model.inputs.map(now), model.outputs.map(now));
}

/** @param {TfliteModel} model @param {number} index of a constant @returns {Uint8Array<ArrayBuffer>} */
function dequantized(model, index) {
  const { shape, scales, zeros, axis } = model.tensors[index];
  const inner = countOf(shape.slice(axis + 1));
  const channel = (/** @type {number} */ i) => (scales.length > 1 ? Math.floor(i / inner) % shape[axis] : 0);
  const values = Array.from(constantOf(model, index), Number);
  const floats = Float32Array.from(values, (value, i) => scales[channel(i)] * (value - (zeros[channel(i)] ?? 0)));
  return new Uint8Array(floats.buffer);
}

/**
 * @param {Tensor[]} tensors @param {Operator[]} operators @param {Uint8Array[]} buffers
 * @param {number[]} inputs @param {number[]} outputs
 */
function write(tensors, operators, buffers, inputs, outputs) {
  const builder = new Builder(2 ** 20);
  /** @param {number[]} list */
  const int32s = (list) => vector(builder, list, (value) => builder.addInt32(value));
  /** @param {number[]} list */
  const offsets = (list) => vector(builder, list, (value) => builder.addOffset(value));
  /** @param {(readonly [kind: 'offset' | 'int32' | 'int8', value: number] | undefined)[]} fields */
  const table = (fields) => {
    builder.startObject(fields.length);
    fields.forEach((field, i) => {
      if (field?.[0] === 'offset') builder.addFieldOffset(i, field[1], 0);
      else if (field?.[0] === 'int32') builder.addFieldInt32(i, field[1], 0);
      else if (field) builder.addFieldInt8(i, field[1], 0);
    });
    return builder.endObject();
  };
  /** @param {number} value */
  const offset = (value) => /** @type {const} */ (['offset', value]);
  /** @param {number} value */
  const int32 = (value) => /** @type {const} */ (['int32', value]);
  /** @param {number} value */
  const int8 = (value) => /** @type {const} */ (['int8', value]);

  const madeBuffers = buffers.map((data) => {
    if (data.length === 0) return table([]);
    builder.startVector(1, data.length, 16);
    for (let i = data.length - 1; i >= 0; i--) builder.addInt8(data[i]);
    return table([offset(builder.endVector())]);
  });
  const madeTensors = tensors.map(({ shape, type, buffer, name }) => {
    const [shapeAt, nameAt] = [int32s(shape), builder.createString(name)];
    return table([offset(shapeAt), int8(type), int32(buffer), offset(nameAt)]);
  });
  const codes = [...new Set(operators.map(({ code }) => code))];
  const madeCodes = codes.map((code) => table([int8(Math.min(code, 127)), undefined, int32(1), int32(code)]));
  const madeOperators = operators.map((operator) => {
    const options = operator.options && operator.code !== OP.reshape ? table(optionFields(operator.options).map(int32)) : 0;
    const [from, to] = [int32s(operator.inputs), int32s(operator.outputs)];
    const code = int32(codes.indexOf(operator.code));
    return table([code, offset(from), offset(to), options ? int8(operator.optionsType) : undefined, options ? offset(options) : undefined]);
  });
  const [tensorsAt, operatorsAt] = [offsets(madeTensors), offsets(madeOperators)];
  const [inputsAt, outputsAt] = [int32s(inputs), int32s(outputs)];
  const graph = table([tensorsAt, inputsAt, outputsAt, operatorsAt].map(offset));
  const [codesAt, graphsAt, buffersAt] = [offsets(madeCodes), offsets([graph]), offsets(madeBuffers)];
  const description = builder.createString('dequantised');
  builder.finish(table([int32(3), offset(codesAt), offset(graphsAt), offset(description), offset(buffersAt)]), 'TFL3');
  return builder.asUint8Array();
}

/**
 * Every field of the options in question is a number of at most four bytes, the low ones first.
 * @param {import('./tflite_reader.js').Table} options
 */
function optionFields(options) {
  return Array.from({ length: options.slots }, (_, i) => options.int32(i));
}

/** @param {Builder} builder @param {number[]} list @param {(value: number) => void} add */
function vector(builder, list, add) {
  builder.startVector(4, list.length, 4);
  for (const value of list.toReversed()) add(value);
  return builder.endVector();
}
