/** Writes small ONNX models for tests: protobuf messages field by field (onnx.proto), no more of it than that. */

/** @typedef {{ name: string, type: number, shape: (number | string)[] }} ValueInfo string: a symbolic dimension */

export const ONNX_TYPE = Object.freeze({ float: 1, uint8: 2, int8: 3, int32: 6, int64: 7, uint4: 21, int4: 22 });
const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, ints: 7 };

/** @param {number} value @returns {Buffer} */
function varint(value) {
  const bytes = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

/** @param {number} field @param {number} value */
const integer = (field, value) => Buffer.concat([varint(field << 3), varint(value)]);

/** @param {number} field @param {string | Buffer} value bytes, text or a message */
function bytes(field, value) {
  const data = Buffer.from(value);
  return Buffer.concat([varint((field << 3) | 2), varint(data.length), data]);
}

/** @param {number} field @param {number} value */
function float32(field, value) {
  const data = Buffer.alloc(4);
  data.writeFloatLE(value);
  return Buffer.concat([varint((field << 3) | 5), data]);
}

/** @param {string} name @param {number | string | number[] | { float: number }} value */
function attribute(name, value) {
  if (Array.isArray(value)) {
    return Buffer.concat([bytes(1, name), ...value.map((item) => integer(8, item)), integer(20, ATTRIBUTE_TYPE.ints)]);
  }
  if (typeof value === 'object') {
    return Buffer.concat([bytes(1, name), float32(2, value.float), integer(20, ATTRIBUTE_TYPE.float)]);
  }
  if (typeof value === 'string') return Buffer.concat([bytes(1, name), bytes(4, value), integer(20, ATTRIBUTE_TYPE.string)]);
  return Buffer.concat([bytes(1, name), integer(3, value), integer(20, ATTRIBUTE_TYPE.int)]);
}

/** @param {ValueInfo} info */
function valueInfo({ name, type, shape }) {
  const dims = shape.map((dim) => bytes(1, typeof dim === 'string' ? bytes(2, dim) : integer(1, dim)));
  return Buffer.concat([bytes(1, name), bytes(2, bytes(1, Buffer.concat([integer(1, type), bytes(2, Buffer.concat(dims))])))]);
}

/** A model under construction. Values are known by their names; every `add` gives the name of what it made. */
export class OnnxWriter {
  /** @type {Buffer[]} */
  #nodes = [];
  /** @type {Buffer[]} */
  #initializers = [];
  /** @type {Buffer[]} */
  #inputs = [];
  /** @type {Buffer[]} */
  #outputs = [];
  #count = 0;

  /** @param {string} name @param {number} type @param {(number | string)[]} shape */
  input(name, type, shape) {
    this.#inputs.push(bytes(11, valueInfo({ name, type, shape })));
    return name;
  }

  /** @param {string} name @param {number} type @param {(number | string)[]} shape */
  output(name, type, shape) {
    this.#outputs.push(bytes(12, valueInfo({ name, type, shape })));
  }

  /** Of 4-bit types: packed, the first in the low bits. @param {number} type @param {number[]} shape @param {Float32Array | Int8Array | Uint8Array | Int32Array | BigInt64Array} data */
  constant(type, shape, data) {
    const name = `constant_${this.#count++}`;
    const raw = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    const dims = shape.map((dim) => integer(1, dim));
    this.#initializers.push(bytes(5, Buffer.concat([...dims, integer(2, type), bytes(8, name), bytes(9, raw)])));
    return name;
  }

  /**
   * @param {string} type "Conv", or "com.microsoft::QLinearAdd"
   * @param {string[]} inputs
   * @param {Record<string, number | string | number[] | { float: number }>} [attributes]
   * @param {string[]} [outputs]
   */
  node(type, inputs, attributes = {}, outputs = [`value_${this.#count++}`]) {
    const [domain, name] = type.includes('::') ? type.split('::') : ['', type];
    this.#nodes.push(
      bytes(
        1,
        Buffer.concat([
          ...inputs.map((value) => bytes(1, value)),
          ...outputs.map((value) => bytes(2, value)),
          bytes(4, name),
          ...Object.entries(attributes).map(([key, value]) => bytes(5, attribute(key, value))),
          bytes(7, domain),
        ]),
      ),
    );
    return outputs[0];
  }

  /** @param {number} [opset] @returns {Buffer} the file */
  toBuffer(opset = 17) {
    const graph = Buffer.concat([...this.#nodes, bytes(2, 'graph'), ...this.#initializers, ...this.#inputs, ...this.#outputs]);
    const sets = [
      bytes(8, Buffer.concat([bytes(1, ''), integer(2, opset)])),
      bytes(8, Buffer.concat([bytes(1, 'com.microsoft'), integer(2, 1)])),
    ];
    const irVersion = opset >= 21 ? 10 : 8; // that of 4-bit types
    return Buffer.concat([integer(1, irVersion), bytes(2, 'test'), bytes(7, graph), ...sets]);
  }
}
