// NORMALIZE: layer norm (Ba et al. 2016), RMS norm and log-softmax of rows, with sums in double as
// in the runtime.
#include <math.h>
#include <string.h>

#include "../../core/base/float_math_f32.h"
#include "../../core/ops/op_params.h"
#include "diff_ops.h"

enum { LAYER_NORM, RMS_NORM, LOG_SOFTMAX, INPUT_SCALE = 1, INPUT_BIAS = 2 };

typedef struct normalize {
  size_t rows, width;
  int32_t kind;
  float epsilon;
  const float *scale, *bias;  // NULL: none
  float *d_scale, *d_bias;    // NULL: not wanted
} normalize;

static bool has_input(const pk_op *op, int index) {
  return op->input_count > index && op->inputs[index] != PK_NO_TENSOR;
}

static normalize normalize_of(const pk_diff_call *call) {
  const int32_t *words = call->op->attributes.words.words;
  normalize n = {.width = 1, .kind = words[MNW_NORMALIZE_KIND]};
  memcpy(&n.epsilon, &words[MNW_NORMALIZE_EPSILON], sizeof n.epsilon);
  for (int i = words[MNW_NORMALIZE_AXIS]; i < call->x_tensor->rank; i++) {
    n.width *= (size_t)call->x_tensor->dims[i];
  }
  n.rows = pk_diff_output_elements(call) / n.width;
  if (has_input(call->op, INPUT_SCALE)) {
    n.scale = pk_diff_input(call, INPUT_SCALE);
    n.d_scale = call->dy ? pk_diff_input_grad(call, INPUT_SCALE) : NULL;
  }
  if (has_input(call->op, INPUT_BIAS)) {
    n.bias = pk_diff_input(call, INPUT_BIAS);
    n.d_bias = call->dy ? pk_diff_input_grad(call, INPUT_BIAS) : NULL;
  }
  return n;
}

// What a row is moved and multiplied by.
typedef struct row_norm {
  double mean, factor;
} row_norm;

static row_norm norm_of(const normalize *n, const float *x) {
  double mean = 0.0, squares = 0.0;
  for (size_t i = 0; n->kind == LAYER_NORM && i < n->width; i++) mean += (double)x[i];
  mean /= (double)n->width;
  for (size_t i = 0; i < n->width; i++) squares += ((double)x[i] - mean) * ((double)x[i] - mean);
  const double variance = squares / (double)n->width + (double)n->epsilon;
  return (row_norm){mean, variance > 0.0 ? 1.0 / sqrt(variance) : 0.0};
}

static void norm_row(float *y, const float *x, const normalize *n) {
  const row_norm norm = norm_of(n, x);
  for (size_t i = 0; i < n->width; i++) {
    double value = ((double)x[i] - norm.mean) * norm.factor;
    if (n->scale) value *= (double)n->scale[i];
    if (n->bias) value += (double)n->bias[i];
    y[i] = (float)value;
  }
}

// dx = factor * (g - mean(g) - u * mean(g u)), u the normalised row, g its gradient; without the
// first mean where nothing is centred.
static void norm_row_back(float *dx, const float *x, const float *dy, const normalize *n) {
  const row_norm norm = norm_of(n, x);
  double sum = 0.0, product = 0.0;
  for (size_t i = 0; i < n->width; i++) {
    const double u = ((double)x[i] - norm.mean) * norm.factor;
    const double g = (double)dy[i] * (n->scale ? (double)n->scale[i] : 1.0);
    if (n->d_scale) n->d_scale[i] += (float)((double)dy[i] * u);
    if (n->d_bias) n->d_bias[i] += dy[i];
    sum += g;
    product += g * u;
  }
  sum = n->kind == LAYER_NORM ? sum / (double)n->width : 0.0;
  product /= (double)n->width;
  for (size_t i = 0; dx && i < n->width; i++) {
    const double u = ((double)x[i] - norm.mean) * norm.factor;
    const double g = (double)dy[i] * (n->scale ? (double)n->scale[i] : 1.0);
    dx[i] += (float)(norm.factor * (g - sum - u * product));
  }
}

// The logarithm of the sum of e^x.
static double log_sum(const float *x, size_t width) {
  float most = x[0];
  double sum = 0.0;
  for (size_t i = 1; i < width; i++) most = x[i] > most ? x[i] : most;
  for (size_t i = 0; i < width; i++) sum += (double)mnw_exp_f32(x[i] - most);
  return (double)most + log(sum);
}

static void log_softmax_row(float *y, const float *x, size_t width) {
  const double shift = log_sum(x, width);
  for (size_t i = 0; i < width; i++) y[i] = (float)((double)x[i] - shift);
}

static void log_softmax_row_back(float *dx, const float *x, const float *dy, size_t width) {
  const double shift = log_sum(x, width);
  double sum = 0.0;
  for (size_t i = 0; i < width; i++) sum += (double)dy[i];
  for (size_t i = 0; dx && i < width; i++) {
    dx[i] += (float)((double)dy[i] - exp((double)x[i] - shift) * sum);
  }
}

bool pk_diff_normalize_forward(pk_diff_call *call) {
  const normalize n = normalize_of(call);
  for (size_t r = 0; r < n.rows; r++) {
    const size_t at = r * n.width;
    if (n.kind == LOG_SOFTMAX) {
      log_softmax_row(call->y + at, call->x + at, n.width);
    } else {
      norm_row(call->y + at, call->x + at, &n);
    }
  }
  return true;
}

bool pk_diff_normalize_backward(pk_diff_call *call) {
  const normalize n = normalize_of(call);
  for (size_t r = 0; r < n.rows; r++) {
    const size_t at = r * n.width;
    float *dx = call->dx ? call->dx + at : NULL;
    if (n.kind == LOG_SOFTMAX) {
      log_softmax_row_back(dx, call->x + at, call->dy + at, n.width);
    } else {
      norm_row_back(dx, call->x + at, call->dy + at, &n);
    }
  }
  return true;
}
