// Softmax over the last axis. int8 scores differ by at most 255 steps, so e^(-step *
// distance) comes from a table; sum and products are float32, as in TFLite's table-driven kernel.
#include "../base/bytes.h"
#include "../base/float_math_f32.h"
#include "op.h"

enum { DISTANCES = 256 };

mnw_status mnw_softmax_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  mnw_status status = mnw_op_check_arity(context, 1, 1);
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *tensors[] = {mnw_op_input(context, 0), mnw_op_output(context, 0)};
  const bool is_f32 = tensors[0]->dtype == MNW_DTYPE_F32;
  const float beta = mnw_float_from_bits((uint32_t)context->node->params[MNW_SOFTMAX_BETA]);
  for (size_t i = 0; i < 2 && status == MNW_STATUS_OK; i++) {
    status = is_f32 ? mnw_op_check_dtype(context, tensors[i], MNW_DTYPE_F32)
                    : mnw_op_check_s8(context, tensors[i]);
  }
  if (status == MNW_STATUS_OK) status = mnw_op_check_same_shape(context, tensors[0], tensors[1]);
  if (status != MNW_STATUS_OK) return status;
  if (tensors[0]->rank == 0 || !(beta > 0.0f && beta < 1e6f)) {
    return mnw_op_refuse(context, "operator %0: softmax needs an axis and a positive beta", 0, 0);
  }
  *scratch_bytes = is_f32 ? 0 : DISTANCES * sizeof(float);
  return MNW_STATUS_OK;
}

static void softmax_row(int8_t *y, const int8_t *x, size_t count, const float *table, float scale,
                        int32_t zero_point) {
  int32_t max = -128;
  float sum = 0.0f;
  for (size_t i = 0; i < count; i++) max = x[i] > max ? x[i] : max;
  for (size_t i = 0; i < count; i++) sum += table[max - x[i]];
  const float inverse = 1.0f / (sum * scale);
  for (size_t i = 0; i < count; i++) {
    const float steps = mnw_clamp_float(table[max - x[i]] * inverse, 0.0f, 255.0f);
    y[i] = (int8_t)mnw_clamp_int((int32_t)(steps + 0.5f) + zero_point, -128, 127);
  }
}

// A row of nothing but -inf, or with NaN or +inf, gives NaN.
static void softmax_row_f32(float *y, const float *x, size_t count, float beta) {
  float max = x[0], sum = 0.0f;
  for (size_t i = 1; i < count; i++) max = x[i] > max ? x[i] : max;
  for (size_t i = 0; i < count; i++) y[i] = mnw_exp_f32((x[i] - max) * beta);
  for (size_t i = 0; i < count; i++) sum += y[i];
  const float inverse = 1.0f / sum;
  for (size_t i = 0; i < count; i++) y[i] *= inverse;
}

static void softmax_f32(const mnw_op_context *context, size_t count, float beta) {
  const float *in = mnw_op_input_data(context, 0);
  float *out = mnw_op_output_data(context, 0);
  size_t rows = mnw_tensor_elements(mnw_op_input(context, 0)) / count;
  for (; rows > 0; rows--, in += count, out += count) softmax_row_f32(out, in, count, beta);
}

void mnw_softmax_eval(const mnw_op_context *context) {
  const mnw_tensor *x = mnw_op_input(context, 0), *y = mnw_op_output(context, 0);
  const float beta = mnw_float_from_bits((uint32_t)context->node->params[MNW_SOFTMAX_BETA]);
  const size_t count = (size_t)x->dims[x->rank - 1];
  if (x->dtype == MNW_DTYPE_F32) {
    softmax_f32(context, count, beta);
    return;
  }
  const int8_t *in = mnw_op_input_data(context, 0);
  int8_t *out = mnw_op_output_data(context, 0);
  float *table = context->scratch;
  for (int32_t d = 0; d < DISTANCES; d++) table[d] = (float)mnw_exp(-(double)(x->scale * beta) * d);
  for (size_t rows = mnw_tensor_elements(x) / count; rows > 0; rows--, in += count, out += count) {
    softmax_row(out, in, count, table, y->scale, y->zero_point);
  }
}
