/**
 * Turns an int8 .tflite model into the float32 model that it came from, as near as its weights tell: the same
 * graph on dequantised weights. Its answers are those of no trained model, its arithmetic is.
 *
 * Written for plain classifiers: tensors of types int8, uint8 and int32, one subgraph. The schema is TFLite's
 * (schema_v3c.fbs); field numbers below are its.
 */
import { Builder, ByteBuffer } from 'flatbuffers';

const FLOAT32 = 0;
const TYPES = { 0: Float32Array, 2: Int32Array, 3: Uint8Array, 9: Int8Array };
const QUANTIZE = 114;
const DEQUANTIZE = 6;
const RESHAPE = 22;

/** @typedef {{ shape: number[], type: number, buffer: number, name: string, scales: number[], zeros: number[], axis: number }} Tensor */
/** @typedef {{ code: number, version: number, inputs: number[], outputs: number[], optionsType: number, options: number[] | undefined }} Operator */

/** A table of a FlatBuffer. */
class Table {
  /** @param {ByteBuffer} bytes @param {number} at */
  constructor(bytes, at) {
    this.bytes = bytes;
    this.at = at;
    this.slots = (bytes.readInt16(at - bytes.readInt32(at)) - 4) / 2;
  }

  /** @param {number} field @returns {number} position of the field, 0 when absent */
  place(field) {
    const offset = this.bytes.__offset(this.at, 4 + 2 * field);
    return offset && this.at + offset;
  }

  /** @param {number} field @param {number} [otherwise] */
  int32(field, otherwise = 0) {
    const at = this.place(field);
    return at ? this.bytes.readInt32(at) : otherwise;
  }

  /** @param {number} field */
  int8(field) {
    const at = this.place(field);
    return at ? this.bytes.readInt8(at) : 0;
  }

  /** @param {number} field @returns {Table | undefined} */
  table(field) {
    const at = this.place(field);
    return at ? new Table(this.bytes, this.bytes.__indirect(at)) : undefined;
  }

  /** @param {number} field */
  text(field) {
    const at = this.place(field);
    return at ? String(this.bytes.__string(at)) : '';
  }

  /** @param {number} field @param {(at: number) => any} read @param {number} size of an element @returns {any[]} */
  list(field, read, size = 4) {
    const at = this.place(field);
    if (!at) return [];
    const start = this.bytes.__vector(at);
    return Array.from({ length: this.bytes.__vector_len(at) }, (_, i) => read(start + size * i));
  }

  /** @param {number} field @returns {Table[]} */
  tables(field) {
    return this.list(field, (at) => new Table(this.bytes, this.bytes.__indirect(at)));
  }

  /** @param {number} field @returns {number[]} */
  int32s(field) {
    return this.list(field, (at) => this.bytes.readInt32(at));
  }
}

/** @param {Uint8Array} file an int8 .tflite @returns {Uint8Array} a float32 one */
export function floatModelOf(file) {
  const bytes = new ByteBuffer(file);
  const model = new Table(bytes, bytes.readInt32(0));
  const [graph] = model.tables(2);
  const codes = model.tables(1).map((code) => ({ code: Math.max(code.int8(0), code.int32(3)), version: code.int32(2, 1) }));
  const buffers = model.tables(4).map((buffer) => Uint8Array.from(buffer.list(0, (at) => bytes.readUint8(at), 1)));
  const tensors = graph.tables(0).map(readTensor);
  const operators = graph.tables(3).map((operator) => readOperator(operator, codes));

  // Quantise and dequantise say nothing in float: their outputs are their inputs.
  const renamed = tensors.map((_, i) => i);
  const kept = operators.filter(({ code, inputs, outputs }) => {
    if (code !== QUANTIZE && code !== DEQUANTIZE) return true;
    renamed[outputs[0]] = renamed[inputs[0]];
    return false;
  });
  const now = (/** @type {number} */ i) => (i < 0 ? i : renamed[i]);
  for (const operator of kept) operator.inputs = operator.inputs.map(now);

  const indices = new Set(kept.filter(({ code }) => code === RESHAPE).map(({ inputs }) => inputs[1]));
  tensors.forEach((tensor, i) => {
    if (indices.has(i)) return;
    if (tensor.scales.length > 0) buffers[tensor.buffer] = dequantized(tensor, buffers[tensor.buffer]);
    if (tensor.scales.length > 0 || tensor.type === 3) tensor.type = FLOAT32;
  });
  return write(tensors, kept, buffers, graph.int32s(1).map(now), graph.int32s(2).map(now));
}

/** @param {Table} table @returns {Tensor} */
function readTensor(table) {
  const quantization = table.table(4);
  const { bytes } = table;
  return {
    shape: table.int32s(0),
    type: table.int8(1),
    buffer: table.int32(2),
    name: table.text(3),
    scales: quantization?.list(2, (at) => bytes.readFloat32(at)) ?? [],
    zeros: quantization?.list(3, (at) => Number(bytes.readInt64(at)), 8) ?? [],
    axis: quantization?.int32(6) ?? 0,
  };
}

/** @param {Table} table @param {{ code: number, version: number }[]} codes @returns {Operator} */
function readOperator(table, codes) {
  const options = table.table(4);
  const { code, version } = codes[table.int32(0)];
  return {
    code,
    version,
    inputs: table.int32s(1),
    outputs: table.int32s(2),
    optionsType: table.int8(3),
    // Every field of the options in question is a number of at most four bytes, the low ones first.
    options: options && code !== RESHAPE ? Array.from({ length: options.slots }, (_, i) => options.int32(i)) : undefined,
  };
}

/** @param {Tensor} tensor @param {Uint8Array<ArrayBuffer>} data @returns {Uint8Array<ArrayBuffer>} */
function dequantized({ shape, type, scales, zeros, axis }, data) {
  if (data.length === 0) return data;
  const values = new TYPES[/** @type {2 | 3 | 9} */ (type)](data.slice().buffer);
  const inner = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  const channel = (/** @type {number} */ i) => (scales.length > 1 ? Math.floor(i / inner) % shape[axis] : 0);
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
    const options = operator.options && table(operator.options.map(int32));
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

/** @param {Builder} builder @param {number[]} list @param {(value: number) => void} add */
function vector(builder, list, add) {
  builder.startVector(4, list.length, 4);
  for (const value of list.toReversed()) add(value);
  return builder.endVector();
}
