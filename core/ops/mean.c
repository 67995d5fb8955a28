// Average over height and width; of int8 rescaled to the output in one float32 multiplication.
#include <string.h>

#include "../base/float_math.h"
#include "op.h"

enum { AXES_H_W = 1 << 1 | 1 << 2 };

mnw_status mnw_mean_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  mnw_status status = mnw_op_check_arity(context, 1, 1);
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *x = mnw_op_input(context, 0), *y = mnw_op_output(context, 0);
  const mnw_tensor *tensors[] = {x, y};
  const bool is_f32 = x->dtype == MNW_DTYPE_F32;
  for (size_t i = 0; i < 2 && status == MNW_STATUS_OK; i++) {
    status = is_f32 ? mnw_op_check_dtype(context, tensors[i], MNW_DTYPE_F32)
                    : mnw_op_check_s8(context, tensors[i]);
  }
  if (status != MNW_STATUS_OK) return status;
  if (x->rank != 4 || context->node->params[MNW_MEAN_AXES] != AXES_H_W ||
      mnw_tensor_elements(y) != (size_t)x->dims[0] * (size_t)x->dims[3]) {
    return mnw_op_refuse(context,
                         "operator %0: mean is supported over height and width of [N,H,W,C]; this "
                         "has rank %1 and axes mask %2",
                         x->rank, context->node->params[MNW_MEAN_AXES]);
  }
  if ((int64_t)x->dims[1] * x->dims[2] > 1 << 23) {
    return mnw_op_refuse(context, "operator %0: mean over %1 x %2 pixels could overflow",
                         x->dims[1], x->dims[2]);
  }
  *scratch_bytes = (size_t)x->dims[3] * sizeof(int32_t);
  return MNW_STATUS_OK;
}

static void mean_f32(const mnw_op_context *context, const mnw_tensor *x) {
  const size_t channels = (size_t)x->dims[3];
  const int32_t pixels = x->dims[1] * x->dims[2];
  const float *in = mnw_op_input_data(context, 0);
  float *out = mnw_op_output_data(context, 0);
  for (int32_t n = 0; n < x->dims[0]; n++, out += channels) {
    memset(out, 0, channels * sizeof *out);
    for (int32_t p = 0; p < pixels; p++, in += channels) {
      for (size_t c = 0; c < channels; c++) out[c] += in[c];
    }
    for (size_t c = 0; c < channels; c++) out[c] /= (float)pixels;
  }
}

void mnw_mean_eval(const mnw_op_context *context) {
  const mnw_tensor *x = mnw_op_input(context, 0), *y = mnw_op_output(context, 0);
  if (x->dtype == MNW_DTYPE_F32) {
    mean_f32(context, x);
    return;
  }
  const size_t channels = (size_t)x->dims[3];
  const int32_t pixels = x->dims[1] * x->dims[2];
  const float multiplier = x->scale / y->scale / (float)pixels;
  const float low = (float)(-128 - y->zero_point), high = (float)(127 - y->zero_point);
  const int8_t *in = mnw_op_input_data(context, 0);
  int8_t *out = mnw_op_output_data(context, 0);
  int32_t *sums = context->scratch;
  for (int32_t n = 0; n < x->dims[0]; n++, out += channels) {
    memset(sums, 0, channels * sizeof *sums);
    for (int32_t p = 0; p < pixels; p++, in += channels) {
      for (size_t c = 0; c < channels; c++) sums[c] += in[c];
    }
    for (size_t c = 0; c < channels; c++) {
      const float value = (float)(sums[c] - pixels * x->zero_point) * multiplier;
      out[c] = (int8_t)(mnw_round_even(mnw_clamp_float(value, low, high)) + y->zero_point);
    }
  }
}
