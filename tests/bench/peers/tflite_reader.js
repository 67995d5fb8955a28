/**
 * Reads a .tflite model of one subgraph into plain objects. The schema is TFLite's (schema_v3c.fbs); field numbers
 * below, and those that the users of `Operator.options` give, are its.
 */
import { ByteBuffer } from 'flatbuffers';

/** Codes of operators, as far as the benches have to know them apart. */
export const OP = Object.freeze({
  add: 0,
  averagePool: 1,
  concatenation: 2,
  conv: 3,
  depthwiseConv: 4,
  dequantize: 6,
  fullyConnected: 9,
  reshape: 22,
  resizeBilinear: 23,
  softmax: 25,
  mean: 40,
  argMax: 56,
  quantize: 114,
});

/** Codes of element types. */
export const TYPE = Object.freeze({ float32: 0, int32: 2, uint8: 3, int64: 4, int8: 9 });

const ARRAYS = { 0: Float32Array, 2: Int32Array, 3: Uint8Array, 4: BigInt64Array, 9: Int8Array };

/** @typedef {{ shape: number[], type: number, buffer: number, name: string, scales: number[], zeros: number[], axis: number }} Tensor */
/** @typedef {{ code: number, version: number, inputs: number[], outputs: number[], optionsType: number, options: Table | undefined }} Operator */

/**
 * @typedef {object} TfliteModel
 * @property {Tensor[]} tensors
 * @property {Operator[]} operators in execution order
 * @property {Uint8Array<ArrayBuffer>[]} buffers that tensors name; empty: no constant
 * @property {number[]} inputs tensors
 * @property {number[]} outputs tensors
 */

/** A table of a FlatBuffer. */
export class Table {
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

  /** @param {number} field */
  float32(field) {
    const at = this.place(field);
    return at ? this.bytes.readFloat32(at) : 0;
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

/** @param {Uint8Array} file @returns {TfliteModel} */
export function readTflite(file) {
  const bytes = new ByteBuffer(file);
  const model = new Table(bytes, bytes.readInt32(0));
  const [graph] = model.tables(2);
  const codes = model.tables(1).map((code) => ({ code: Math.max(code.int8(0), code.int32(3)), version: code.int32(2, 1) }));
  return {
    tensors: graph.tables(0).map(readTensor),
    operators: graph.tables(3).map((operator) => readOperator(operator, codes)),
    buffers: model.tables(4).map((buffer) => Uint8Array.from(buffer.list(0, (at) => bytes.readUint8(at), 1))),
    inputs: graph.int32s(1),
    outputs: graph.int32s(2),
  };
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
  const { code, version } = codes[table.int32(0)];
  return {
    code,
    version,
    inputs: table.int32s(1),
    outputs: table.int32s(2),
    optionsType: table.int8(3),
    options: table.table(4),
  };
}

/** A constant's elements. @param {TfliteModel} model @param {number} tensor */
export function constantOf({ tensors, buffers }, tensor) {
  const { type, buffer } = tensors[tensor];
  return new ARRAYS[/** @type {keyof typeof ARRAYS} */ (type)](buffers[buffer].slice().buffer);
}

/** @param {readonly number[]} shape */
export function countOf(shape) {
  return shape.reduce((product, size) => product * size, 1);
}
