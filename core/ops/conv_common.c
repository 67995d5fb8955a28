#include "conv_common.h"

#include <string.h>

#include "../base/bytes.h"
#include "../base/checked.h"
#include "../kernels/packed_layout.h"
#include "tile_pack.h"

mnw_status mnw_conv_check_activations(const mnw_op_context *context) {
  mnw_status status = mnw_op_check_arity(context, 4, 1);
  if (status == MNW_STATUS_OK) status = mnw_op_check_s8(context, mnw_op_input(context, 0));
  if (status == MNW_STATUS_OK) status = mnw_op_check_s8(context, mnw_op_output(context, 0));
  return status;
}

// Holds the package to the bits that the operator says its weights have.
static void limit_weights(const mnw_op_context *context, int32_t zero_point, int32_t bits) {
  mnw_tensor *w = &context->graph->tensors[context->node->inputs[1]];
  const int32_t half = 1 << (bits - 1), low = zero_point - half, high = zero_point + half - 1;
  if (bits == 8) return;
  if (low > w->value_min) w->value_min = (int8_t)(low < INT8_MAX ? low : INT8_MAX);
  if (high < w->value_max) w->value_max = (int8_t)(high > INT8_MIN ? high : INT8_MIN);
}

mnw_status mnw_conv_check_constants(const mnw_op_context *context, int layout,
                                    size_t weight_elements, size_t out_channels,
                                    int32_t weight_zero_point, int32_t weight_bits,
                                    const int32_t *clamps) {
  const size_t padded = mnw_round_up(out_channels, MNW_TILE_CHANNELS);
  mnw_status status = mnw_op_check_constant(context, 1, MNW_DTYPE_S8, layout, weight_elements);
  if (status == MNW_STATUS_OK) {
    status = mnw_op_check_constant(context, 2, MNW_DTYPE_S32, MNW_LAYOUT_ROW_MAJOR, padded);
  }
  if (status == MNW_STATUS_OK) {
    status = mnw_op_check_constant(context, 3, MNW_DTYPE_F32, MNW_LAYOUT_ROW_MAJOR, padded);
  }
  if (status == MNW_STATUS_OK && (weight_zero_point < -128 || weight_zero_point > 127)) {
    status = mnw_op_refuse(context, "operator %0: weight zero point %1 is no int8",
                           weight_zero_point, 0);
  }
  if (status == MNW_STATUS_OK && (weight_bits < 1 || weight_bits > 8)) {
    status =
        mnw_op_refuse(context, "operator %0: weights have 1 to 8 bits, not %1", weight_bits, 0);
  }
  if (status == MNW_STATUS_OK) status = mnw_op_check_clamp(context, clamps[0], clamps[1]);
  if (status == MNW_STATUS_OK) limit_weights(context, weight_zero_point, weight_bits);
  return status;
}

mnw_requant mnw_conv_requant(const mnw_op_context *context, const int32_t *clamps) {
  return (mnw_requant){.bias = mnw_op_input_data(context, 2),
                       .multiplier = mnw_op_input_data(context, 3),
                       .zero_point = mnw_op_output(context, 0)->zero_point,
                       .clamp_min = clamps[0],
                       .clamp_max = clamps[1]};
}

bool mnw_op_is_f32(const mnw_op_context *context) {
  const mnw_tensor *x = context->node->input_count > 0 ? mnw_op_input(context, 0) : NULL;
  return x && x->dtype == MNW_DTYPE_F32;
}

mnw_status mnw_conv_check_f32(const mnw_op_context *context) {
  mnw_status status = mnw_op_check_arity(context, 3, 1);
  for (uint32_t i = 0; i < 3 && status == MNW_STATUS_OK; i++) {
    status = mnw_op_check_dtype(context, mnw_op_input(context, i), MNW_DTYPE_F32);
  }
  if (status != MNW_STATUS_OK) return status;
  return mnw_op_check_dtype(context, mnw_op_output(context, 0), MNW_DTYPE_F32);
}

mnw_clamp_f32 mnw_op_clamp_f32(const int32_t *clamps) {
  return (mnw_clamp_f32){mnw_float_from_bits((uint32_t)clamps[0]),
                         mnw_float_from_bits((uint32_t)clamps[1])};
}

mnw_status mnw_op_check_clamp_f32(const mnw_op_context *context, const int32_t *clamps) {
  const mnw_clamp_f32 clamp = mnw_op_clamp_f32(clamps);
  if (!(clamp.min <= clamp.max)) {
    return mnw_op_refuse(context,
                         "operator %0 clamps to the float32 with bits %1 … %2, which is no range",
                         clamps[0], clamps[1]);
  }
  return MNW_STATUS_OK;
}

static bool matrix_sizes(mnw_matrix_f32 *matrix, size_t *bytes) {
  size_t elements, bias;
  matrix->bias_elements = mnw_round_up(matrix->o, MNW_TILE_CHANNELS);
  return mnw_checked_mul(&matrix->tile_elements, matrix->bias_elements, matrix->k) &&
         mnw_checked_mul(&elements, matrix->tile_elements, matrix->groups) &&
         mnw_checked_mul(&bias, matrix->bias_elements, matrix->groups) &&
         mnw_checked_add(&elements, elements, bias) &&
         mnw_checked_mul(bytes, elements, sizeof(float)) && mnw_checked_align(bytes, *bytes) &&
         *bytes <= MNW_MAX_TENSOR_BYTES;
}

mnw_status mnw_matrix_f32_check(mnw_matrix_f32 *matrix, const mnw_op_context *context,
                                size_t groups, size_t o, size_t k, size_t *scratch_bytes) {
  const mnw_tensor *w = mnw_op_input(context, 1), *bias = mnw_op_input(context, 2);
  *matrix = (mnw_matrix_f32){.groups = groups, .o = o, .k = k};
  if (!matrix_sizes(matrix, scratch_bytes)) {
    return mnw_fail(context->error, MNW_STATUS_LIMIT_EXCEEDED,
                    "operator %0: its %1 x %2 weights are too large", context->node_number,
                    (int64_t)o, (int64_t)k);
  }
  if (w->layout == MNW_LAYOUT_TILE_8_F32) {
    *scratch_bytes = 0;
    const mnw_status status =
        mnw_op_check_constant(context, 1, MNW_DTYPE_F32, MNW_LAYOUT_TILE_8_F32, groups * o * k);
    if (status != MNW_STATUS_OK) return status;
    return mnw_op_check_constant(context, 2, MNW_DTYPE_F32, MNW_LAYOUT_ROW_MAJOR,
                                 groups * matrix->bias_elements);
  }
  if (w->layout != MNW_LAYOUT_ROW_MAJOR || bias->layout != MNW_LAYOUT_ROW_MAJOR ||
      mnw_tensor_elements(w) != groups * o * k || mnw_tensor_elements(bias) != groups * o) {
    return mnw_op_refuse(context,
                         "operator %0: row-major weights and bias must have %1 and %2 elements",
                         (int64_t)(groups * o * k), (int64_t)(groups * o));
  }
  return MNW_STATUS_OK;
}

// Rows [o][k] and their bias in the order of TILE_8_F32.
static void pack_group(float *tiles, float *padded_bias, const float *w, const float *bias,
                       const mnw_matrix_f32 *matrix) {
  mnw_tile_pack_f32(tiles, w, matrix->o, matrix->k, matrix->k, 1);
  memset(padded_bias, 0, matrix->bias_elements * sizeof *padded_bias);
  memcpy(padded_bias, bias, matrix->o * sizeof *padded_bias);
}

void *mnw_matrix_f32_load(mnw_matrix_f32 *matrix, const mnw_op_context *context) {
  const float *w = mnw_op_input_data(context, 1), *b = mnw_op_input_data(context, 2);
  matrix->tiles = w;
  matrix->bias = b;
  if (mnw_op_input(context, 1)->layout == MNW_LAYOUT_TILE_8_F32) return context->scratch;
  size_t bytes = 0;
  matrix_sizes(matrix, &bytes);
  float *const tiles = context->scratch;
  float *const bias = tiles + matrix->groups * matrix->tile_elements;
  for (size_t g = 0; g < matrix->groups; g++) {
    pack_group(tiles + g * matrix->tile_elements, bias + g * matrix->bias_elements,
               w + g * matrix->o * matrix->k, b + g * matrix->o, matrix);
  }
  matrix->tiles = tiles;
  matrix->bias = bias;
  return (uint8_t *)context->scratch + bytes;
}
