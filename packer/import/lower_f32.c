// The float32 forms of the operators with weights: three inputs, weights in tiles of eight output
// channels (depthwise: as they are), bias padded like the weights.
#include <string.h>

#include "../../core/base/bytes.h"
#include "../../core/format/package_format.h"
#include "../../core/kernels/packed_layout.h"
#include "../../core/ops/op_params.h"
#include "activation_range.h"
#include "lower.h"

bool pk_lowering_add_bias_f32(pk_lowering *lowering, pk_lowered_op *lowered, const pk_op *op,
                              size_t groups, size_t channels, size_t padded) {
  const pk_tensor *bias = pk_op_input(lowering->graph, op, PK_INPUT_BIAS);
  pk_lowered_tensor tensor = {.dtype = MNW_DTYPE_F32,
                              .rank = 1,
                              .dims = {(int32_t)(groups * padded)},
                              .layout = MNW_LAYOUT_ROW_MAJOR,
                              .data_bytes = groups * padded * sizeof(float)};
  const char *name = bias ? bias->name : op->name;
  tensor.data = pk_lowering_bytes(lowering, name, tensor.data_bytes);
  if (!tensor.data) return false;
  tensor.name = pk_lowering_name(lowering, name, bias ? "" : "/bias");
  for (size_t g = 0; bias && g < groups; g++) {
    memcpy(tensor.data + g * padded * sizeof(float), bias->data + g * channels * sizeof(float),
           channels * sizeof(float));
  }
  return pk_lowering_add_number(lowered, pk_lowering_constant(lowering, tensor));
}

// `groups` matrices [o_count][k_count], each into tiles of its own.
static bool add_tiles(pk_lowering *lowering, pk_lowered_op *lowered, const pk_op *op, size_t groups,
                      size_t o_count, size_t k_count, pk_lowered_tensor tensor) {
  const pk_tensor *weights = pk_op_input(lowering->graph, op, PK_INPUT_WEIGHTS);
  const size_t group_floats = mnw_round_up(o_count, MNW_TILE_CHANNELS) * k_count;
  tensor.dtype = MNW_DTYPE_F32;
  tensor.data_bytes = groups * group_floats * sizeof(float);
  tensor.data = pk_lowering_bytes(lowering, weights->name, tensor.data_bytes);
  if (!tensor.data) return false;
  tensor.name = pk_lowering_name(lowering, weights->name, "");
  for (size_t i = 0; i < groups * o_count * k_count; i++) {
    memcpy(tensor.data + pk_place_in_tiles(i, o_count, k_count) * sizeof(float),
           weights->data + i * sizeof(float), sizeof(float));
  }
  return pk_lowering_add_number(lowered, pk_lowering_constant(lowering, tensor));
}

// Whether the weights are int8 that only a DEQUANTIZE can make real.
static bool needs_dequantize(const pk_lowering *lowering, const pk_op *op, int layout) {
  const pk_tensor *weights = pk_op_input(lowering->graph, op, PK_INPUT_WEIGHTS);
  return weights->dtype == PK_DTYPE_S8 && !pk_suits_levels(lowering, weights, layout);
}

// int8 weights of a float32 operator: a DEQUANTIZE makes them real at each run. The result has the
// shape of `shape`, row-major. Negative: error filled.
static int32_t add_dequantized(pk_lowering *lowering, const pk_op *op, pk_lowered_tensor shape) {
  const pk_tensor *weights = pk_op_input(lowering->graph, op, PK_INPUT_WEIGHTS);
  pk_lowered_tensor levels = shape;
  pk_lowered_op *lowered = pk_lowering_begin(lowering, op, MNW_OP_DEQUANTIZE);
  if (!lowered) return MNW_NO_TENSOR;
  levels.dtype = MNW_DTYPE_S8;
  levels.layout = MNW_LAYOUT_ROW_MAJOR;
  levels.scale = pk_tensor_scale(weights);
  levels.zero_point = pk_tensor_zero_point(weights);
  levels.data_bytes = weights->data_bytes;
  levels.data = pk_lowering_bytes(lowering, weights->name, weights->data_bytes);
  if (!levels.data) return MNW_NO_TENSOR;
  memcpy(levels.data, weights->data, weights->data_bytes);
  levels.name = pk_lowering_name(lowering, weights->name, "");
  if (!pk_lowering_add_number(lowered, pk_lowering_constant(lowering, levels)) ||
      (weights->quantization.count > 1 &&
       !pk_lowering_add_number(lowered, pk_lowering_steps(lowering, weights, 0)))) {
    return MNW_NO_TENSOR;
  }
  shape.dtype = MNW_DTYPE_F32;
  shape.layout = MNW_LAYOUT_ROW_MAJOR;
  shape.name = pk_lowering_name(lowering, weights->name, "/real");
  const int32_t number = pk_lowering_activation(lowering, shape);
  lowered->outputs[lowered->output_count++] = number;
  return number;
}

// The matrix and its bias: in tiles, or row-major behind a DEQUANTIZE (`real` not MNW_NO_TENSOR).
static bool add_matrix(pk_lowering *lowering, pk_lowered_op *lowered, const pk_op *op,
                       size_t groups, size_t o_count, size_t k_count, pk_lowered_tensor shape,
                       int32_t real) {
  const pk_tensor *weights = pk_op_input(lowering->graph, op, PK_INPUT_WEIGHTS);
  const size_t padded = mnw_round_up(o_count, MNW_TILE_CHANNELS);
  if (real != MNW_NO_TENSOR) {
    return pk_lowering_add_number(lowered, real) &&
           pk_lowering_add_bias_f32(lowering, lowered, op, groups, o_count, o_count);
  }
  shape.layout = MNW_LAYOUT_TILE_8_F32;
  const bool is_added =
      weights->dtype == PK_DTYPE_S8
          ? pk_lowering_add_number(lowered, pk_lowering_levels(lowering, weights, shape))
          : add_tiles(lowering, lowered, op, groups, o_count, k_count, shape);
  return is_added && pk_lowering_add_bias_f32(lowering, lowered, op, groups, o_count, padded);
}

static void set_conv_params(const pk_lowering *lowering, pk_lowered_op *lowered, const pk_op *op) {
  const pk_conv_attributes *conv = &op->attributes.conv;
  const int32_t *weights = pk_op_input(lowering->graph, op, PK_INPUT_WEIGHTS)->dims;
  const pk_clamp clamp = pk_activation_clamp_f32(op->activation);
  int32_t *params = lowered->params;
  params[MNW_CONV_KERNEL_H] = weights[1];
  params[MNW_CONV_KERNEL_W] = weights[2];
  params[MNW_CONV_STRIDE_H] = conv->stride_h;
  params[MNW_CONV_STRIDE_W] = conv->stride_w;
  params[MNW_CONV_DILATION_H] = conv->dilation_h;
  params[MNW_CONV_DILATION_W] = conv->dilation_w;
  params[MNW_CONV_PAD_TOP] = conv->padding.top;
  params[MNW_CONV_PAD_LEFT] = conv->padding.left;
  params[MNW_CONV_WEIGHT_BITS] = 8;
  params[MNW_CONV_CLAMP_MIN] = clamp.min;
  params[MNW_CONV_CLAMP_MAX] = clamp.max;
  params[MNW_CONV_GROUPS] = conv->groups > 1 ? conv->groups : 1;
}

bool pk_lower_conv_2d_f32(pk_lowering *lowering, const pk_op *op) {
  const int32_t *dims = pk_op_input(lowering->graph, op, PK_INPUT_WEIGHTS)->dims;
  const int32_t group_count = op->attributes.conv.groups > 1 ? op->attributes.conv.groups : 1;
  const size_t groups = (size_t)group_count, o_count = (size_t)dims[0] / groups;
  const size_t k_count = (size_t)dims[1] * (size_t)dims[2] * (size_t)dims[3];
  pk_lowered_tensor shape = {.rank = 4, .dims = {dims[0], dims[1], dims[2], dims[3]}};
  if (groups > 1) {
    shape = (pk_lowered_tensor){
        .rank = 5, .dims = {group_count, dims[0] / group_count, dims[1], dims[2], dims[3]}};
  }
  const bool is_behind = needs_dequantize(lowering, op, MNW_LAYOUT_TILE_8_F32);
  const int32_t real = is_behind ? add_dequantized(lowering, op, shape) : MNW_NO_TENSOR;
  if (is_behind && real == MNW_NO_TENSOR) return false;
  pk_lowered_op *lowered = pk_lowering_begin(lowering, op, MNW_OP_CONV_2D);
  if (!lowered) return false;
  set_conv_params(lowering, lowered, op);
  return pk_lowering_add_input(lowering, lowered, op, PK_INPUT_DATA) &&
         add_matrix(lowering, lowered, op, groups, o_count, k_count, shape, real) &&
         pk_lowering_add_output(lowering, lowered, op);
}

bool pk_lower_depthwise_conv_2d_f32(pk_lowering *lowering, const pk_op *op) {
  const pk_tensor *weights = pk_op_input(lowering->graph, op, PK_INPUT_WEIGHTS);
  const size_t channels = (size_t)weights->dims[3];
  pk_lowered_tensor tensor = {.dtype = MNW_DTYPE_F32,
                              .rank = 3,
                              .dims = {weights->dims[1], weights->dims[2], weights->dims[3]},
                              .layout = MNW_LAYOUT_ROW_MAJOR,
                              .data_bytes = weights->data_bytes};
  int32_t number;
  if (needs_dequantize(lowering, op, MNW_LAYOUT_ROW_MAJOR)) {
    const pk_lowered_tensor shape = {
        .rank = 3, .dims = {weights->dims[1], weights->dims[2], weights->dims[3]}};
    number = add_dequantized(lowering, op, shape);
  } else if (weights->dtype == PK_DTYPE_S8) {
    number = pk_lowering_levels(lowering, weights, tensor);
  } else {
    tensor.data = pk_lowering_bytes(lowering, weights->name, tensor.data_bytes);
    if (!tensor.data) return false;
    memcpy(tensor.data, weights->data, tensor.data_bytes);
    tensor.name = pk_lowering_name(lowering, weights->name, "");
    number = pk_lowering_constant(lowering, tensor);
  }
  if (number == MNW_NO_TENSOR) return false;
  pk_lowered_op *lowered = pk_lowering_begin(lowering, op, MNW_OP_DEPTHWISE_CONV_2D);
  if (!lowered || !pk_lowering_add_input(lowering, lowered, op, PK_INPUT_DATA)) return false;
  set_conv_params(lowering, lowered, op);
  return pk_lowering_add_number(lowered, number) &&
         pk_lowering_add_bias_f32(lowering, lowered, op, 1, channels,
                                  mnw_round_up(channels, MNW_TILE_CHANNELS)) &&
         pk_lowering_add_output(lowering, lowered, op);
}

bool pk_lower_fully_connected_f32(pk_lowering *lowering, const pk_op *op) {
  const int32_t *dims = pk_op_input(lowering->graph, op, PK_INPUT_WEIGHTS)->dims;
  const size_t o_count = (size_t)dims[0], k_count = (size_t)dims[1];
  const pk_lowered_tensor shape = {.rank = 2, .dims = {dims[0], dims[1]}};
  const pk_clamp clamp = pk_activation_clamp_f32(op->activation);
  const bool is_behind = needs_dequantize(lowering, op, MNW_LAYOUT_TILE_8_F32);
  const int32_t real = is_behind ? add_dequantized(lowering, op, shape) : MNW_NO_TENSOR;
  if (is_behind && real == MNW_NO_TENSOR) return false;
  pk_lowered_op *lowered = pk_lowering_begin(lowering, op, MNW_OP_FULLY_CONNECTED);
  if (!lowered) return false;
  lowered->params[MNW_FULLY_CONNECTED_WEIGHT_BITS] = 8;
  lowered->params[MNW_FULLY_CONNECTED_CLAMP_MIN] = clamp.min;
  lowered->params[MNW_FULLY_CONNECTED_CLAMP_MAX] = clamp.max;
  return pk_lowering_add_input(lowering, lowered, op, PK_INPUT_DATA) &&
         add_matrix(lowering, lowered, op, 1, o_count, k_count, shape, real) &&
         pk_lowering_add_output(lowering, lowered, op);
}
