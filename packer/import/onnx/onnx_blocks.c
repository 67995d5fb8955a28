#include "onnx_blocks.h"

#include <string.h>

enum { MOST_PARTIAL_SUMS = 1 << 20 };  // elements, in the activations' memory

// [blocks * N][1][1][block], behind the last weight of a row 0. PK_FAILED: error filled.
static pk_value add_levels(pk_onnx *o, const pk_onnx_blocks *w) {
  static const float one = 1.0f;
  static const int32_t zero = 0;
  const int64_t outputs = w->blocks * w->outputs;
  const size_t count = (size_t)(outputs * w->block);
  float *values = pk_arena_alloc(&o->graph->arena, count, sizeof *values, o->error);
  if (!values) return PK_FAILED;
  for (int64_t row = 0; row < w->outputs; row++) {
    for (int64_t i = 0; i < w->inner; i++) {
      const int64_t to = (i / w->block * w->outputs + row) * w->block + i % w->block;
      values[to] = w->levels[row * w->inner + i];
    }
  }
  const pk_tensor weights = {.name = o->node_name,
                             .dtype = PK_DTYPE_F32,
                             .rank = 4,
                             .dims = {(int32_t)outputs, 1, 1, (int32_t)w->block},
                             .grid = {.count = 1, .scales = &one, .zero_points = &zero},
                             .data = (const uint8_t *)values,
                             .data_bytes = count * sizeof *values};
  return pk_onnx_add_tensor(o, &weights);
}

// The scales in the order of those outputs.
static pk_value add_scales(pk_onnx *o, const pk_onnx_blocks *w) {
  const int32_t dims[1] = {(int32_t)(w->blocks * w->outputs)};
  float *values = pk_arena_alloc(&o->graph->arena, (size_t)dims[0], sizeof *values, o->error);
  if (!values) return PK_FAILED;
  for (int64_t row = 0; row < w->outputs; row++) {
    for (int64_t b = 0; b < w->blocks; b++) {
      values[b * w->outputs + row] = w->scales[row * w->blocks + b];
    }
  }
  return pk_onnx_constant(o, PK_DTYPE_F32, 1, dims, values);
}

pk_value pk_onnx_product_by_blocks(pk_onnx *o, pk_value x, const pk_onnx_blocks *w) {
  const pk_tensor in = *pk_onnx_tensor(o, x);
  const int64_t padded = w->blocks * w->block, partial = w->blocks * w->outputs;
  const int64_t row_count = pk_onnx_elements(o, x) / w->inner;
  if (in.rank < 1 || in.dims[in.rank - 1] != w->inner || in.dtype != PK_DTYPE_F32 ||
      partial > MOST_PARTIAL_SUMS || row_count > MOST_PARTIAL_SUMS / partial ||
      row_count * padded > INT32_MAX) {
    return PK_ABSENT;
  }
  const int32_t rows = (int32_t)row_count, blocks = (int32_t)w->blocks;
  const int32_t outputs = (int32_t)w->outputs, before[2] = {0, 0};
  const int32_t after[2] = {0, (int32_t)(padded - w->inner)};
  const pk_op like = {
      .attributes.conv = {
          .stride_h = 1, .stride_w = 1, .dilation_h = 1, .dilation_w = 1, .groups = blocks}};
  int32_t dims[PK_MAX_RANK];
  x = pk_onnx_reshape(o, x, 2, (const int32_t[]){rows, (int32_t)w->inner});
  if (after[1] > 0) x = pk_onnx_pad(o, x, before, after, 0.0, 0);
  x = pk_onnx_reshape(o, x, 4, (const int32_t[]){1, rows, 1, (int32_t)padded});
  const pk_value inputs[3] = {x, add_levels(o, w), PK_ABSENT};
  pk_value y = pk_onnx_emit(o, PK_OP_CONV_2D, inputs, 3, PK_DTYPE_F32, 4,
                            (const int32_t[]){1, rows, 1, (int32_t)partial}, &like);
  y = pk_onnx_binary(o, MNW_BINARY_MUL, y, add_scales(o, w));
  y = pk_onnx_reshape(o, y, 3, (const int32_t[]){rows, blocks, outputs});
  y = pk_onnx_reduce(o, MNW_REDUCE_SUM, y, 1u << 1, false);
  memcpy(dims, in.dims, sizeof dims);
  dims[in.rank - 1] = outputs;
  return pk_onnx_reshape(o, y, in.rank, dims);
}

bool pk_onnx_note_blocks(pk_onnx *o, pk_value value, pk_value levels, pk_value scales, int axis,
                         int64_t block) {
  if (value < 0 || !pk_onnx_is_constant(o, value) || !pk_onnx_is_constant(o, levels) ||
      !pk_onnx_is_constant(o, scales) || pk_onnx_tensor(o, value)->rank != 2) {
    return true;
  }
  pk_onnx_block_note *note = pk_arena_alloc(&o->graph->arena, 1, sizeof *note, o->error);
  if (!note) return false;
  *note = (pk_onnx_block_note){value, levels, scales, axis, block, o->block_notes};
  o->block_notes = note;
  return true;
}

// A matrix as rows of `columns`, transposed where that is asked for. NULL: error filled.
static const float *matrix(pk_onnx *o, pk_value value, bool transposes) {
  const pk_tensor tensor = *pk_onnx_tensor(o, value);
  const size_t rows = (size_t)tensor.dims[0], columns = (size_t)tensor.dims[1];
  const float *source;
  size_t count;
  if (!pk_onnx_constant_floats(o, value, &source, &count) || !transposes) return source;
  float *values = pk_arena_alloc(&o->graph->arena, count, sizeof *values, o->error);
  for (size_t i = 0; values && i < count; i++) values[i % columns * rows + i / columns] = source[i];
  return values;
}

pk_value pk_onnx_product_with_noted(pk_onnx *o, pk_value x, pk_value value, bool is_transposed) {
  const pk_onnx_block_note *note = o->block_notes;
  while (note && note->value != value) note = note->next;
  const int inner_axis = is_transposed ? 1 : 0;
  if (!note || note->axis != inner_axis) return PK_ABSENT;
  const pk_tensor all = *pk_onnx_tensor(o, value), scales = *pk_onnx_tensor(o, note->scales);
  if (scales.dims[inner_axis] == 1) return PK_ABSENT;  // the block may be wider than the row
  const pk_onnx_blocks w = {.outputs = all.dims[1 - inner_axis],
                            .inner = all.dims[inner_axis],
                            .block = note->block,
                            .blocks = scales.dims[inner_axis],
                            .levels = matrix(o, note->levels, !is_transposed),
                            .scales = matrix(o, note->scales, !is_transposed)};
  if (!w.levels || !w.scales) return PK_FAILED;
  return pk_onnx_product_by_blocks(o, x, &w);
}
