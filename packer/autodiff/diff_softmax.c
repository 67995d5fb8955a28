// Operators that only pass on, and SOFTMAX.
#include <math.h>
#include <string.h>

#include "../../core/base/float_math_f32.h"
#include "diff_ops.h"

bool pk_diff_identity_forward(pk_diff_call *call) {
  memcpy(call->y, call->x, pk_diff_output_elements(call) * sizeof *call->y);
  return true;
}

bool pk_diff_identity_backward(pk_diff_call *call) {
  const size_t elements = pk_diff_output_elements(call);
  for (size_t i = 0; call->dx && i < elements; i++) call->dx[i] += call->dy[i];
  return true;
}

// --- SOFTMAX along the last axis ---

bool pk_diff_softmax_forward(pk_diff_call *call) {
  const size_t width = (size_t)call->x_tensor->dims[call->x_tensor->rank - 1];
  const size_t rows = pk_diff_output_elements(call) / width;
  const float beta = call->op->attributes.softmax.beta;
  for (size_t r = 0; r < rows; r++) {
    const float *x = call->x + r * width;
    float *y = call->y + r * width, most = x[0], sum = 0.0f;
    for (size_t i = 1; i < width; i++) most = fmaxf(most, x[i]);
    for (size_t i = 0; i < width; i++) sum += y[i] = mnw_exp_f32(beta * (x[i] - most));
    for (size_t i = 0; i < width; i++) y[i] /= sum;
  }
  return true;
}

bool pk_diff_softmax_backward(pk_diff_call *call) {
  const size_t width = (size_t)call->x_tensor->dims[call->x_tensor->rank - 1];
  const size_t rows = pk_diff_output_elements(call) / width;
  const float beta = call->op->attributes.softmax.beta;
  for (size_t r = 0; call->dx && r < rows; r++) {
    const float *y = call->y + r * width, *dy = call->dy + r * width;
    float *dx = call->dx + r * width, mean = 0.0f;
    for (size_t i = 0; i < width; i++) mean += y[i] * dy[i];
    for (size_t i = 0; i < width; i++) dx[i] += beta * y[i] * (dy[i] - mean);
  }
  return true;
}
