// Layer norm, RMS norm and log-softmax of rows of float32, with sums in double.
#include "../base/bytes.h"
#include "../base/float_math_f32.h"
#include "axis_common.h"

enum { LAYER_NORM, RMS_NORM, LOG_SOFTMAX, SCALE = 1, BIAS = 2 };

static const mnw_tensor *optional_input(const mnw_op_context *context, uint32_t index) {
  return index < context->node->input_count ? mnw_op_input(context, index) : NULL;
}

static mnw_status check_input(const mnw_op_context *context, const mnw_tensor *tensor,
                              size_t elements) {
  const mnw_status status = mnw_op_check_dtype(context, tensor, MNW_DTYPE_F32);
  if (status != MNW_STATUS_OK) return status;
  if (tensor->layout != MNW_LAYOUT_ROW_MAJOR || mnw_tensor_elements(tensor) != elements) {
    return mnw_op_refuse(context, "operator %0 needs %1 row-major elements in a tensor that has %2",
                         (int64_t)elements, (int64_t)mnw_tensor_elements(tensor));
  }
  return MNW_STATUS_OK;
}

mnw_status mnw_normalize_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  const mnw_node *node = context->node;
  const int32_t kind = node->params[MNW_NORMALIZE_KIND];
  const float epsilon = mnw_float_from_bits((uint32_t)node->params[MNW_NORMALIZE_EPSILON]);
  if (node->input_count < 1 || node->input_count > 3 || node->output_count != 1 ||
      node->inputs[0] == MNW_NO_TENSOR) {
    return mnw_op_refuse(context,
                         "operator %0 normalises one tensor to another, it has %1 inputs and %2 "
                         "outputs",
                         node->input_count, node->output_count);
  }
  const mnw_tensor *x = mnw_op_input(context, 0), *y = mnw_op_output(context, 0);
  *scratch_bytes = 0;
  mnw_status status = check_input(context, x, mnw_tensor_elements(y));
  if (status == MNW_STATUS_OK) status = mnw_op_check_dtype(context, y, MNW_DTYPE_F32);
  if (status == MNW_STATUS_OK) status = mnw_op_check_same_shape(context, x, y);
  if (status == MNW_STATUS_OK) {
    status = mnw_axis_check(context, node->params[MNW_NORMALIZE_AXIS], x->rank);
  }
  if (status != MNW_STATUS_OK) return status;
  if (kind < LAYER_NORM || kind > LOG_SOFTMAX ||
      (kind != LOG_SOFTMAX && !(epsilon >= 0.0f && epsilon < 1e6f))) {
    return mnw_op_refuse(context,
                         "operator %0 normalises by kind %1, which there is not, or its "
                         "epsilon is negative",
                         kind, 0);
  }
  const size_t row = mnw_axis_product(x, (uint32_t)node->params[MNW_NORMALIZE_AXIS], x->rank);
  for (uint32_t i = SCALE; i <= BIAS && status == MNW_STATUS_OK; i++) {
    const mnw_tensor *factor = optional_input(context, i);
    if (!factor) continue;
    if (kind == LOG_SOFTMAX) {
      return mnw_op_refuse(context, "operator %0: log-softmax has no scale and no bias", 0, 0);
    }
    status = check_input(context, factor, row);
  }
  return status;
}

// Sum of the distances from `mean`, or of their squares, in four sums side by side.
static double row_sum(const float *x, size_t count, double mean, bool is_squared) {
  double sums[4] = {0.0};
  for (size_t i = 0; i < count; i++) {
    const double distance = (double)x[i] - mean;
    sums[i % 4] += is_squared ? distance * distance : distance;
  }
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

static void norm_row(float *y, const float *x, size_t count, bool is_centred, double epsilon,
                     const float *scale, const float *bias) {
  const double mean = is_centred ? row_sum(x, count, 0.0, false) / (double)count : 0.0;
  const double squares = row_sum(x, count, mean, true);
  const double variance = squares / (double)count + epsilon;
  const double factor = variance > 0.0 ? 1.0 / __builtin_sqrt(variance) : 0.0;
  for (size_t i = 0; i < count; i++) {
    double value = ((double)x[i] - mean) * factor;
    if (scale) value *= (double)scale[i];
    if (bias) value += (double)bias[i];
    y[i] = (float)value;
  }
}

static void log_softmax_row(float *y, const float *x, size_t count) {
  float max = x[0];
  double sum = 0.0;
  for (size_t i = 1; i < count; i++) max = x[i] > max ? x[i] : max;
  for (size_t i = 0; i < count; i++) sum += (double)mnw_exp_f32(x[i] - max);
  const double shift = (double)max + mnw_log(sum);
  for (size_t i = 0; i < count; i++) y[i] = (float)((double)x[i] - shift);
}

void mnw_normalize_eval(const mnw_op_context *context) {
  const int32_t *params = context->node->params;
  const mnw_tensor *x = mnw_op_input(context, 0);
  const int32_t kind = params[MNW_NORMALIZE_KIND];
  const size_t row = mnw_axis_product(x, (uint32_t)params[MNW_NORMALIZE_AXIS], x->rank);
  const double epsilon = mnw_float_from_bits((uint32_t)params[MNW_NORMALIZE_EPSILON]);
  const float *scale = optional_input(context, SCALE) ? mnw_op_input_data(context, SCALE) : NULL;
  const float *bias = optional_input(context, BIAS) ? mnw_op_input_data(context, BIAS) : NULL;
  const float *in = mnw_op_input_data(context, 0);
  float *out = mnw_op_output_data(context, 0);
  for (size_t rows = mnw_tensor_elements(x) / row; rows > 0; rows--, in += row, out += row) {
    if (kind == LOG_SOFTMAX) {
      log_softmax_row(out, in, row);
    } else {
      norm_row(out, in, row, kind == LAYER_NORM, epsilon, scale, bias);
    }
  }
}
