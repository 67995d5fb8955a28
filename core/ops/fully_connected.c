#include "../kernels/packed_layout.h"
#include "conv_common.h"

static void eval_f32(const mnw_op_context *context, size_t rows, size_t k, size_t o) {
  const mnw_clamp_f32 clamp =
      mnw_op_clamp_f32(context->node->params + MNW_FULLY_CONNECTED_CLAMP_MIN);
  mnw_matrix_f32 matrix;
  size_t scratch_bytes;
  mnw_matrix_f32_check(&matrix, context, 1, o, k, &scratch_bytes);
  mnw_matrix_f32_load(&matrix, context);
  context->kernels->gemm_f32(mnw_op_output_data(context, 0), o, mnw_op_input_data(context, 0), k,
                             matrix.tiles, rows, k, o, matrix.bias, clamp.min, clamp.max);
}

mnw_status mnw_fully_connected_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  const int32_t *params = context->node->params;
  const bool is_f32 = mnw_op_is_f32(context);
  mnw_status status = is_f32 ? mnw_conv_check_f32(context) : mnw_conv_check_activations(context);
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *x = mnw_op_input(context, 0), *w = mnw_op_input(context, 1);
  const mnw_tensor *y = mnw_op_output(context, 0);
  if (w->rank != 2) {
    return mnw_op_refuse(context, "operator %0: weights must be [O, K], they have rank %1", w->rank,
                         0);
  }
  const size_t o = (size_t)w->dims[0], k = (size_t)w->dims[1];
  const size_t rows = mnw_tensor_elements(x) / k;
  if (mnw_tensor_elements(x) != rows * k || mnw_tensor_elements(y) != rows * o) {
    return mnw_op_refuse(context, "operator %0: input and output are no rows of %1 and %2 values",
                         (int64_t)k, (int64_t)o);
  }
  if (is_f32) {
    mnw_matrix_f32 matrix;
    status = mnw_op_check_clamp_f32(context, params + MNW_FULLY_CONNECTED_CLAMP_MIN);
    if (status != MNW_STATUS_OK) return status;
    return mnw_matrix_f32_check(&matrix, context, 1, o, k, scratch_bytes);
  }
  *scratch_bytes = 0;
  return mnw_conv_check_constants(
      context, MNW_LAYOUT_TILE_8X4, 0, o, params[MNW_FULLY_CONNECTED_WEIGHT_ZERO_POINT],
      params[MNW_FULLY_CONNECTED_WEIGHT_BITS], params + MNW_FULLY_CONNECTED_CLAMP_MIN);
}

typedef struct s8_job {
  const mnw_op_context *context;
  const mnw_requant *requant;
  size_t rows, k, o;
} s8_job;

// Outputs begin … end − 1 of every row; begin is the first of a tile.
static void eval_s8(void *argument, size_t begin, size_t end, uint32_t thread) {
  const s8_job *job = argument;
  const mnw_op_context *context = job->context;
  const int32_t *params = context->node->params;
  mnw_requant requant = *job->requant;
  requant.bias += begin;
  requant.multiplier += begin;
  (void)thread;
  const int8_t *const weights = mnw_op_input_data(context, 1);
  context->kernels->gemm_s8((int8_t *)mnw_op_output_data(context, 0) + begin, job->o,
                            mnw_op_input_data(context, 0), job->k,
                            weights + mnw_tile_8x4_bytes(begin, job->k), job->rows, job->k,
                            end - begin, params[MNW_FULLY_CONNECTED_WEIGHT_ZERO_POINT],
                            params[MNW_FULLY_CONNECTED_WEIGHT_BITS], &requant);
}

void mnw_fully_connected_eval(const mnw_op_context *context) {
  const int32_t *params = context->node->params;
  const mnw_tensor *w = mnw_op_input(context, 1);
  const size_t o = (size_t)w->dims[0], k = (size_t)w->dims[1];
  const size_t rows = mnw_tensor_elements(mnw_op_input(context, 0)) / k;
  if (mnw_op_is_f32(context)) {
    eval_f32(context, rows, k, o);
    return;
  }
  const mnw_requant requant = mnw_conv_requant(context, params + MNW_FULLY_CONNECTED_CLAMP_MIN);
  s8_job job = {context, &requant, rows, k, o};
  // Few rows as a rule, so the outputs are shared out.
  mnw_team_split(context->team, eval_s8, &job, o, mnw_op_grain(rows * k, MNW_TILE_CHANNELS));
}
