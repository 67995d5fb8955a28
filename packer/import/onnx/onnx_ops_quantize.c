// Quantisation, written out in float32: exact, and independent of what the tensors around know.
// pass_recognize_quantization.c finds the two chains made here where they mean tensors with a
// scale.
#include "onnx_quantize.h"

#include <string.h>

#include "../float_constant.h"
#include "onnx_blocks.h"

// A scale or zero point of one number for each block along `axis`, repeated to the shape of `in`.
static pk_value by_blocks(pk_onnx *o, pk_value value, const pk_tensor *in, int axis) {
  const pk_tensor factor = *pk_onnx_tensor(o, value);
  const int64_t block = pk_onnx_attribute_int(o, "block_size", 0);
  int32_t dims[PK_MAX_RANK + 1];
  bool fits = factor.rank == in->rank && in->rank < MNW_MAX_RANK && block > 0 && block < 1 << 24;
  for (int i = 0; fits && i < in->rank; i++) {
    fits = i == axis ? factor.dims[i] == (in->dims[i] + block - 1) / block
                     : factor.dims[i] == in->dims[i];
  }
  if (!fits) {
    pk_onnx_broken(o, "its scales %s do not fit blocks of %lld in %s",
                   pk_tensor_shape_text(&factor).text, (long long)block,
                   pk_tensor_shape_text(in).text);
    return PK_FAILED;
  }
  for (int i = 0; i <= in->rank; i++) dims[i] = i <= axis ? factor.dims[i] : factor.dims[i - 1];
  dims[axis + 1] = 1;
  value = pk_onnx_reshape(o, value, in->rank + 1, dims);
  dims[axis + 1] = (int32_t)block;
  value = pk_onnx_expand(o, value, in->rank + 1, dims);
  memcpy(dims, factor.dims, sizeof factor.dims);
  dims[axis] = (int32_t)(factor.dims[axis] * block);
  value = pk_onnx_reshape(o, value, in->rank, dims);
  return pk_onnx_part(o, value, axis, 0, in->dims[axis]);
}

// A scale or zero point beside `in`: a scalar, or one number for each index of `axis`.
static pk_value along_axis(pk_onnx *o, pk_value value, const pk_tensor *in, int64_t axis) {
  if (value < 0) return PK_FAILED;
  const pk_tensor factor = *pk_onnx_tensor(o, value);
  if (pk_onnx_elements(o, value) == 1) return pk_onnx_reshape(o, value, 0, NULL);
  if (!pk_onnx_axis(o, &axis, in->rank)) return PK_FAILED;
  if (factor.rank != 1) return by_blocks(o, value, in, (int)axis);
  if (factor.dims[0] != in->dims[axis]) {
    pk_onnx_broken(o, "its %d scales or zero points do not fit axis %lld of %s", factor.dims[0],
                   (long long)axis, pk_tensor_shape_text(in).text);
    return PK_FAILED;
  }
  int32_t dims[PK_MAX_RANK];
  for (int i = 0; i < in->rank; i++) dims[i] = i == axis ? factor.dims[0] : 1;
  return pk_onnx_reshape(o, value, in->rank, dims);
}

static bool limits_of(int type, float *low, float *high) {
  static const struct {
    int type;
    float low, high;
  } rows[] = {{PK_ONNX_UINT8, 0.0f, 255.0f},    {PK_ONNX_INT8, -128.0f, 127.0f},
              {PK_ONNX_UINT16, 0.0f, 65535.0f}, {PK_ONNX_INT16, -32768.0f, 32767.0f},
              {PK_ONNX_UINT4, 0.0f, 15.0f},     {PK_ONNX_INT4, -8.0f, 7.0f},
              {PK_ONNX_UINT2, 0.0f, 3.0f},      {PK_ONNX_INT2, -2.0f, 1.0f}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (rows[i].type != type) continue;
    *low = rows[i].low;
    *high = rows[i].high;
    return true;
  }
  return false;
}

pk_value pk_onnx_quantize(pk_onnx *o, pk_value x, pk_value scale, pk_value zero, int type,
                          int64_t axis) {
  float low = 0.0f, high = 0.0f;
  if (x < 0 || scale < 0 || zero == PK_FAILED) return PK_FAILED;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  const bool is_real = pk_onnx_type_float_format(type) != NULL;
  if (!is_real && !limits_of(type, &low, &high)) {
    pk_onnx_refuse(o, "to %s", pk_onnx_type_name(type));
    return PK_FAILED;
  }
  pk_value y = pk_onnx_binary(o, MNW_BINARY_DIV, pk_onnx_cast(o, x, PK_DTYPE_F32),
                              along_axis(o, scale, &in, axis));
  if (!is_real) y = pk_onnx_unary(o, MNW_UNARY_ROUND, y, 0, 0);
  if (zero != PK_ABSENT) {
    y = pk_onnx_binary(o, MNW_BINARY_ADD, y,
                       along_axis(o, pk_onnx_cast(o, zero, PK_DTYPE_F32), &in, axis));
  }
  if (is_real) {
    y = pk_onnx_round_float(o, y, type);
  } else {
    y = pk_onnx_cast(o, pk_onnx_unary(o, MNW_UNARY_CLIP, y, low, high), pk_onnx_type_dtype(type));
  }
  if (y >= 0) o->types[y] = (uint8_t)type;
  return y;
}

// Numbers, scales and zero points of a constant, if it has one scale for all or for each index of
// an axis. False where it has not, or with the error filled.
static bool read_constant(pk_onnx *o, pk_value x, pk_value scale, pk_value zero, int64_t axis,
                          pk_tensor *numbers) {
  const float *scales;
  size_t count, zero_count = 0;
  pk_onnx_ints zeros = {.count = 0};
  *numbers = *pk_onnx_tensor(o, x);
  const pk_dtype dtype = numbers->dtype;
  if (!pk_onnx_is_constant(o, x) || !pk_onnx_is_constant(o, scale) ||
      (zero != PK_ABSENT && !pk_onnx_is_constant(o, zero)) || pk_tensor_elements(numbers) < 1 ||
      (dtype != PK_DTYPE_S8 && dtype != PK_DTYPE_U8 && dtype != PK_DTYPE_S32)) {
    return false;
  }
  if (!pk_onnx_constant_floats(o, scale, &scales, &count) ||
      (zero != PK_ABSENT && !pk_onnx_constant_ints(o, zero, &zeros))) {
    return false;
  }
  zero_count = zeros.count;
  if (count != 1 &&
      (pk_onnx_tensor(o, scale)->rank != 1 || axis < -numbers->rank || axis >= numbers->rank)) {
    return false;
  }
  const int at = (int)(axis < 0 ? axis + numbers->rank : axis);
  if ((count != 1 && (size_t)numbers->dims[at] != count) ||
      (zero_count != 0 && zero_count != count)) {
    return false;
  }
  float *own = pk_arena_copy(&o->graph->arena, scales, count, sizeof *own, o->error);
  int32_t *zero_points = pk_arena_alloc(&o->graph->arena, count, sizeof *zero_points, o->error);
  if (!own || !zero_points) return false;
  for (size_t i = 0; i < zero_count; i++) zero_points[i] = (int32_t)zeros.values[i];
  numbers->quantization = (pk_quantization){
      .count = count, .scales = own, .zero_points = zero_points, .axis = count > 1 ? at : 0};
  return true;
}

// The real values of a constant at once, with the grid that they lie on.
static pk_value dequantize_constant(pk_onnx *o, const pk_tensor *numbers) {
  const int32_t source = pk_graph_add_tensor(o->graph, numbers, o->error);
  const int32_t real = source < 0 ? -1 : pk_graph_float_constant(o->graph, source, o->error);
  if (real < 0) return PK_FAILED;
  pk_tensor tensor = o->graph->tensors[real];
  tensor.name = o->node_name;
  return pk_onnx_add_tensor(o, &tensor);
}

pk_value pk_onnx_dequantize(pk_onnx *o, pk_value x, pk_value scale, pk_value zero, int64_t axis) {
  if (x < 0 || scale < 0 || zero == PK_FAILED) return PK_FAILED;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  pk_tensor numbers;
  if (read_constant(o, x, scale, zero, axis, &numbers)) return dequantize_constant(o, &numbers);
  if (o->error->code != PK_OK) return PK_FAILED;
  pk_value y = pk_onnx_cast(o, x, PK_DTYPE_F32);
  if (zero != PK_ABSENT) {
    y = pk_onnx_binary(o, MNW_BINARY_SUB, y,
                       along_axis(o, pk_onnx_cast(o, zero, PK_DTYPE_F32), &in, axis));
  }
  const pk_value real = pk_onnx_binary(o, MNW_BINARY_MUL, y, along_axis(o, scale, &in, axis));
  const bool has_blocks = real >= 0 && pk_onnx_tensor(o, scale)->rank == 2 && in.rank == 2;
  if (has_blocks && pk_onnx_axis(o, &axis, in.rank) &&
      !pk_onnx_note_blocks(o, real, y, scale, (int)axis,
                           pk_onnx_attribute_int(o, "block_size", 0))) {
    return PK_FAILED;
  }
  return real;
}

bool pk_onnx_op_quantize_linear(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0), zero = pk_onnx_input(o, 2);
  if (x < 0 || zero == PK_FAILED) return false;
  const int asked = (int)pk_onnx_attribute_int(o, "output_dtype", 0);
  const int type = zero != PK_ABSENT ? pk_onnx_type(o, zero) : asked ? asked : PK_ONNX_UINT8;
  return pk_onnx_set_output(o, 0,
                            pk_onnx_quantize(o, x, pk_onnx_required(o, 1), zero, type,
                                             pk_onnx_attribute_int(o, "axis", 1)));
}

bool pk_onnx_op_dequantize_linear(pk_onnx *o) {
  return pk_onnx_set_output(
      o, 0,
      pk_onnx_dequantize(o, pk_onnx_required(o, 0), pk_onnx_required(o, 1), pk_onnx_input(o, 2),
                         pk_onnx_attribute_int(o, "axis", 1)));
}

// The range of x with 0 in it, in 255 steps; a tensor of nothing but zeros gets steps of 1.
bool pk_onnx_op_dynamic_quantize(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  if (x < 0) return false;
  const uint32_t all = (1u << pk_onnx_tensor(o, x)->rank) - 1;
  const pk_value zero = pk_onnx_scalar(o, PK_DTYPE_F32, 0.0);
  const pk_value one = pk_onnx_scalar(o, PK_DTYPE_F32, 1.0);
  const pk_value low =
      pk_onnx_binary(o, MNW_BINARY_MIN, pk_onnx_reduce(o, MNW_REDUCE_MIN, x, all, false), zero);
  const pk_value high =
      pk_onnx_binary(o, MNW_BINARY_MAX, pk_onnx_reduce(o, MNW_REDUCE_MAX, x, all, false), zero);
  const pk_value range = pk_onnx_binary(o, MNW_BINARY_SUB, high, low);
  const pk_value steps = pk_onnx_binary_scalar(o, MNW_BINARY_DIV, range, 255.0);
  const pk_value is_flat = pk_onnx_binary(o, MNW_BINARY_EQUAL, range, zero);
  if (is_flat < 0 || steps < 0) return false;
  const pk_value choice[3] = {is_flat, one, steps};
  const pk_value scale = pk_onnx_emit(o, PK_OP_WHERE, choice, 3, PK_DTYPE_F32, 0, NULL, NULL);
  pk_value point = pk_onnx_binary(o, MNW_BINARY_DIV, low, scale);
  point = pk_onnx_unary(o, MNW_UNARY_ROUND, pk_onnx_unary(o, MNW_UNARY_NEG, point, 0, 0), 0, 0);
  point = pk_onnx_unary(o, MNW_UNARY_CLIP, point, 0.0f, 255.0f);
  pk_value y = pk_onnx_unary(o, MNW_UNARY_ROUND, pk_onnx_binary(o, MNW_BINARY_DIV, x, scale), 0, 0);
  y = pk_onnx_binary(o, MNW_BINARY_ADD, y, point);
  y = pk_onnx_unary(o, MNW_UNARY_CLIP, y, 0.0f, 255.0f);
  return pk_onnx_set_output(o, 0, pk_onnx_whole(o, y, PK_DTYPE_U8)) &&
         pk_onnx_set_output(o, 1, scale) &&
         pk_onnx_set_output(o, 2, pk_onnx_whole(o, point, PK_DTYPE_U8));
}
