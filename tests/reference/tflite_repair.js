/**
 * LiteRT refuses a model in which a per-channel tensor names a quantized dimension that it does not
 * have, as older converters wrote for one-dimensional biases (person_detect.tflite). The field says
 * nothing for a tensor of one dimension, so it is set to 0 in the copy handed to LiteRT.
 */

/** Field indices in the FlatBuffers tables of the TFLite schema. */
const MODEL_SUBGRAPHS = 2;
const SUBGRAPH_TENSORS = 0;
const TENSOR_SHAPE = 0;
const TENSOR_QUANTIZATION = 4;
const QUANTIZED_DIMENSION = 6;

/**
 * @param {Uint8Array} model
 * @returns {Uint8Array} a copy
 */
export function repairQuantizedDimensions(model) {
  const copy = model.slice();
  const view = new DataView(copy.buffer, copy.byteOffset, copy.byteLength);
  for (const subgraph of tablesIn(view, follow(view, 0), MODEL_SUBGRAPHS)) {
    for (const tensor of tablesIn(view, subgraph, SUBGRAPH_TENSORS)) {
      const shape = fieldAt(view, tensor, TENSOR_SHAPE);
      const rank = shape ? view.getUint32(follow(view, shape), true) : 0;
      const quantization = fieldAt(view, tensor, TENSOR_QUANTIZATION);
      const dimension = quantization && fieldAt(view, follow(view, quantization), QUANTIZED_DIMENSION);
      if (dimension && rank === 1 && view.getInt32(dimension, true) > 0) view.setInt32(dimension, 0, true);
    }
  }
  return copy;
}

/** @param {DataView} view @param {number} at @returns {number} where the offset stored at `at` points */
function follow(view, at) {
  return at + view.getUint32(at, true);
}

/** @param {DataView} view @param {number} table @param {number} index @returns {number} position, 0 when absent */
function fieldAt(view, table, index) {
  const vtable = table - view.getInt32(table, true);
  const slot = 4 + 2 * index;
  if (slot >= view.getUint16(vtable, true)) return 0;
  const offset = view.getUint16(vtable + slot, true);
  return offset && table + offset;
}

/** @param {DataView} view @param {number} table @param {number} index @returns {number[]} tables of a vector field */
function tablesIn(view, table, index) {
  const field = fieldAt(view, table, index);
  if (!field) return [];
  const vector = follow(view, field);
  return Array.from({ length: view.getUint32(vector, true) }, (_, i) => follow(view, vector + 4 + 4 * i));
}
