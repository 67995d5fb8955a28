/** Writes small ONNX models, for tests that need one of a certain shape (onnx.proto3; protocol buffers' wire format). */

/** onnx.TensorProto.DataType */
const TYPES = /** @type {const} */ ({ float32: 1, int32: 6, int64: 7 });

/** @typedef {{ name: string, dtype: keyof typeof TYPES, shape: readonly number[] }} Tensor */

/** @typedef {{ op: string, inputs: string[], outputs: string[], attributes?: Record<string, number> }} Node */

/** @param {number} value not negative */
function varint(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return [...bytes, value];
}

/** @param {number} field @param {number} value */
const number = (field, value) => Buffer.from([...varint(field << 3), ...varint(value)]);

/** @param {number} field @param {string | Buffer} content */
function block(field, content) {
  const bytes = Buffer.from(/** @type {string} */ (content));
  return Buffer.concat([Buffer.from([...varint((field << 3) | 2), ...varint(bytes.length)]), bytes]);
}

/** @param {number} field @param {Tensor} tensor ValueInfoProto */
function valueInfo(field, { name, dtype, shape }) {
  const dims = Buffer.concat(shape.map((dim) => block(1, number(1, dim))));
  const type = block(1, Buffer.concat([number(1, TYPES[dtype]), block(2, dims)]));
  return block(field, Buffer.concat([block(1, name), block(2, type)]));
}

/** @param {Node} node NodeProto; its attributes are integers */
function node({ op, inputs, outputs, attributes = {} }) {
  const written = Object.entries(attributes).map(([name, value]) => block(5, Buffer.concat([block(1, name), number(3, value), number(20, 2)])));
  return block(1, Buffer.concat([...inputs.map((name) => block(1, name)), ...outputs.map((name) => block(2, name)), block(3, op), block(4, op), ...written]));
}

/**
 * @param {{ inputs: Tensor[], outputs: Tensor[], nodes: Node[], weights: Record<string, { shape: number[], data: Float32Array }> }} graph
 * @returns {Buffer} a ModelProto of opset 13
 */
export function writeOnnx({ inputs, outputs, nodes, weights }) {
  const initializers = Object.entries(weights).map(([name, { shape, data }]) => {
    const dims = Buffer.concat(shape.map((dim) => number(1, dim)));
    return block(5, Buffer.concat([dims, number(2, TYPES.float32), block(8, name), block(9, Buffer.from(data.buffer))]));
  });
  const graph = Buffer.concat([
    ...nodes.map(node),
    block(2, 'graph'),
    ...initializers,
    ...inputs.map((tensor) => valueInfo(11, tensor)),
    ...outputs.map((tensor) => valueInfo(12, tensor)),
  ]);
  return Buffer.concat([number(1, 8), block(7, graph), block(8, Buffer.concat([block(1, ''), number(2, 13)]))]);
}
