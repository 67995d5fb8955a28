// What convolutions and the fully connected operator share: checks of weights, bias and multiplier,
// the requantisation record, and the float32 form's weights.
#ifndef MINNOW_OPS_CONV_COMMON_H_
#define MINNOW_OPS_CONV_COMMON_H_

#include "picture.h"

// Four inputs, one output, and input 0 and the output int8. Errors: INVALID_GRAPH.
mnw_status mnw_conv_check_activations(const mnw_op_context *context);

// Inputs 1 … 3 of the node: weights in `layout` with `weight_elements` elements, bias and
// multiplier padded to a multiple of 8 output channels. `clamps` points at the clamp_min parameter
// word. Errors: INVALID_GRAPH.
mnw_status mnw_conv_check_constants(const mnw_op_context *context, int layout,
                                    size_t weight_elements, size_t out_channels,
                                    int32_t weight_zero_point, int32_t weight_bits,
                                    const int32_t *clamps);

// The record for eval; bias and multiplier are inputs 2 and 3.
mnw_requant mnw_conv_requant(const mnw_op_context *context, const int32_t *clamps);

// The float32 form is chosen by the dtype of x. True for it; false also when x is absent.
bool mnw_op_is_f32(const mnw_op_context *context);

// Three inputs, one output, all float32. Errors: INVALID_GRAPH.
mnw_status mnw_conv_check_f32(const mnw_op_context *context);

typedef struct mnw_clamp_f32 {
  float min, max;
} mnw_clamp_f32;

// Two parameter words. Errors: INVALID_GRAPH (NaN, or min above max).
mnw_status mnw_op_check_clamp_f32(const mnw_op_context *context, const int32_t *clamps);
mnw_clamp_f32 mnw_op_clamp_f32(const int32_t *clamps);

// Weights for gemm_f32: groups matrices [o][k]. They come as a constant in TILE_8_F32 with a
// constant bias padded group by group, or row-major from anywhere with a bias of groups * o
// elements; the latter are packed into scratch at every run.
typedef struct mnw_matrix_f32 {
  size_t groups, o, k;
  size_t tile_elements, bias_elements;  // of one group, padded
  const float *tiles, *bias;            // eval only
} mnw_matrix_f32;

// Inputs 1 and 2 of the node. `scratch_bytes`: how much mnw_matrix_f32_load() needs. Errors:
// INVALID_GRAPH, LIMIT_EXCEEDED.
mnw_status mnw_matrix_f32_check(mnw_matrix_f32 *matrix, const mnw_op_context *context,
                                size_t groups, size_t o, size_t k, size_t *scratch_bytes);
// Of a matrix that was checked. Returns the first byte of scratch that it leaves free.
void *mnw_matrix_f32_load(mnw_matrix_f32 *matrix, const mnw_op_context *context);

#endif  // MINNOW_OPS_CONV_COMMON_H_
