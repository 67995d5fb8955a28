// UNARY: value and slope of each function, in loops that become vector instructions where the
// runtime's own functions are used.
#include <math.h>
#include <string.h>

#include "../../core/base/float_math_f32.h"
#include "../../core/ops/op_params.h"
#include "diff_ops.h"
#include "diff_wide.h"

typedef struct unary_run {
  float *restrict y;         // forward
  float *restrict dx;        // backward: added to
  const float *restrict dy;  // NULL: forward
  const float *restrict x;
  size_t elements;
  float alpha, beta;
} unary_run;

PK_DIFF_INLINE float sigmoid_slope(float x) {
  const float y = mnw_sigmoid_f32(x);
  return y * (1.0f - y);
}

PK_DIFF_INLINE float tanh_slope(float x) {
  const float y = mnw_tanh_f32(x);
  return 1.0f - y * y;
}

PK_DIFF_INLINE float hard_sigmoid_slope(float x, float alpha, float beta) {
  const float y = alpha * x + beta;
  return y > 0.0f && y < 1.0f ? alpha : 0.0f;
}

PK_DIFF_INLINE float hard_swish(float x) {
  return x * mnw_clip_f32(x * (1.0f / 6.0f) + 0.5f, 0.0f, 1.0f);
}

PK_DIFF_INLINE float hard_swish_slope(float x) {
  const float inside = x * (1.0f / 3.0f) + 0.5f;
  return x <= -3.0f ? 0.0f : x >= 3.0f ? 1.0f : inside;
}

PK_DIFF_INLINE float swish_slope(float x, float alpha) {
  const float s = mnw_sigmoid_f32(alpha * x);
  return s + alpha * x * s * (1.0f - s);
}

// Phi(x) + x phi(x)
PK_DIFF_INLINE float gelu_slope(float x) {
  return 0.5f * (1.0f + mnw_erf_f32(x * 0.707106781f)) +
         x * 0.398942280f * mnw_exp_f32(-0.5f * x * x);
}

PK_DIFF_INLINE float gelu_tanh_slope(float x) {
  const float s = mnw_sigmoid_f32(x * (1.59576912f + 0.0713548163f * x * x));
  return s + x * s * (1.0f - s) * (1.59576912f + 3.0f * 0.0713548163f * x * x);
}

// x tanh(p), p = softplus(x), whose slope is sigmoid(x)
PK_DIFF_INLINE float mish_slope(float x) {
  const float t = mnw_tanh_f32(mnw_softplus_f32(x));
  return t + x * (1.0f - t * t) * mnw_sigmoid_f32(x);
}

PK_DIFF_INLINE float softsign_slope(float x) {
  const float size = 1.0f + fabsf(x);
  return 1.0f / (size * size);
}

PK_DIFF_INLINE float shrink(float x, float limit, float bias) {
  return x < -limit ? x + bias : x > limit ? x - bias : 0.0f;
}

#define FUNCTION(code, value, slope)             \
  case code:                                     \
    if (r->dy) {                                 \
      for (size_t i = 0; i < r->elements; i++) { \
        const float x = r->x[i];                 \
        (void)x;                                 \
        r->dx[i] += r->dy[i] * (slope);          \
      }                                          \
    } else {                                     \
      for (size_t i = 0; i < r->elements; i++) { \
        const float x = r->x[i];                 \
        r->y[i] = (value);                       \
      }                                          \
    }                                            \
    return true;

// Those that networks apply to large tensors. False: another one.
PK_DIFF_WIDE static bool run_frequent(const unary_run *r, int32_t function) {
  const float alpha = r->alpha, beta = r->beta;
  switch (function) {
    FUNCTION(MNW_UNARY_ABS, fabsf(x), x < 0.0f ? -1.0f : 1.0f)
    FUNCTION(MNW_UNARY_NEG, -x, -1.0f)
    FUNCTION(MNW_UNARY_SQRT, sqrtf(x), 0.5f / sqrtf(x))
    FUNCTION(MNW_UNARY_RSQRT, 1.0f / sqrtf(x), -0.5f / (x * sqrtf(x)))
    FUNCTION(MNW_UNARY_SQUARE, x * x, 2.0f * x)
    FUNCTION(MNW_UNARY_RECIPROCAL, 1.0f / x, -1.0f / (x * x))
    FUNCTION(MNW_UNARY_EXP, mnw_exp_f32(x), mnw_exp_f32(x))
    FUNCTION(MNW_UNARY_TANH, mnw_tanh_f32(x), tanh_slope(x))
    FUNCTION(MNW_UNARY_SIGMOID, mnw_sigmoid_f32(x), sigmoid_slope(x))
    FUNCTION(MNW_UNARY_CLIP, mnw_clip_f32(x, alpha, beta), x > alpha && x < beta ? 1.0f : 0.0f)
    FUNCTION(MNW_UNARY_LEAKY_RELU, x < 0.0f ? alpha * x : x, x < 0.0f ? alpha : 1.0f)
    FUNCTION(MNW_UNARY_ELU, x < 0.0f ? alpha * mnw_expm1_f32(x) : x,
             x < 0.0f ? alpha * mnw_exp_f32(x) : 1.0f)
    FUNCTION(MNW_UNARY_SELU, beta * (x < 0.0f ? alpha * mnw_expm1_f32(x) : x),
             beta * (x < 0.0f ? alpha * mnw_exp_f32(x) : 1.0f))
    FUNCTION(MNW_UNARY_CELU, x < 0.0f ? alpha * mnw_expm1_f32(x / alpha) : x,
             x < 0.0f ? mnw_exp_f32(x / alpha) : 1.0f)
    FUNCTION(MNW_UNARY_HARD_SIGMOID, mnw_clip_f32(alpha * x + beta, 0.0f, 1.0f),
             hard_sigmoid_slope(x, alpha, beta))
    FUNCTION(MNW_UNARY_HARD_SWISH, hard_swish(x), hard_swish_slope(x))
    FUNCTION(MNW_UNARY_SWISH, x * mnw_sigmoid_f32(alpha * x), swish_slope(x, alpha))
    FUNCTION(MNW_UNARY_SOFTPLUS, mnw_softplus_f32(x), mnw_sigmoid_f32(x))
    FUNCTION(MNW_UNARY_SOFTSIGN, x / (1.0f + fabsf(x)), softsign_slope(x))
    FUNCTION(MNW_UNARY_ERF, mnw_erf_f32(x), 1.12837917f * mnw_exp_f32(-x * x))
    FUNCTION(MNW_UNARY_GELU, mnw_gelu_f32(x), gelu_slope(x))
    FUNCTION(MNW_UNARY_GELU_TANH, mnw_gelu_tanh_f32(x), gelu_tanh_slope(x))
    FUNCTION(MNW_UNARY_MISH, mnw_mish_f32(x), mish_slope(x))
    FUNCTION(MNW_UNARY_THRESHOLDED_RELU, x > alpha ? x : 0.0f, x > alpha ? 1.0f : 0.0f)
    FUNCTION(MNW_UNARY_SHRINK, shrink(x, alpha, beta), fabsf(x) > alpha ? 1.0f : 0.0f)
    default:
      return false;
  }
}

static bool run_rare(const unary_run *r, int32_t function) {
  switch (function) {
    FUNCTION(MNW_UNARY_LOG, logf(x), 1.0f / x)
    FUNCTION(MNW_UNARY_SIN, sinf(x), cosf(x))
    FUNCTION(MNW_UNARY_COS, cosf(x), -sinf(x))
    FUNCTION(MNW_UNARY_TAN, tanf(x), 1.0f + tanf(x) * tanf(x))
    FUNCTION(MNW_UNARY_ASIN, asinf(x), 1.0f / sqrtf(1.0f - x * x))
    FUNCTION(MNW_UNARY_ACOS, acosf(x), -1.0f / sqrtf(1.0f - x * x))
    FUNCTION(MNW_UNARY_ATAN, atanf(x), 1.0f / (1.0f + x * x))
    FUNCTION(MNW_UNARY_SINH, sinhf(x), coshf(x))
    FUNCTION(MNW_UNARY_COSH, coshf(x), sinhf(x))
    FUNCTION(MNW_UNARY_ASINH, asinhf(x), 1.0f / sqrtf(x * x + 1.0f))
    FUNCTION(MNW_UNARY_ACOSH, acoshf(x), 1.0f / sqrtf(x * x - 1.0f))
    FUNCTION(MNW_UNARY_ATANH, atanhf(x), 1.0f / (1.0f - x * x))
    default:
      return false;
  }
}

static float word_float(int32_t word) {
  float value;
  memcpy(&value, &word, sizeof value);
  return value;
}

static bool unary(pk_diff_call *call) {
  const int32_t *words = call->op->attributes.words.words;
  const int32_t function = words[MNW_UNARY_FUNCTION];
  const unary_run run = {.y = call->y,
                         .dx = call->dx,
                         .dy = call->dy,
                         .x = call->x,
                         .elements = pk_diff_output_elements(call),
                         .alpha = word_float(words[MNW_UNARY_ALPHA]),
                         .beta = word_float(words[MNW_UNARY_BETA])};
  if (call->dy && !call->dx) return true;
  if (call->x && (run_frequent(&run, function) || run_rare(&run, function))) return true;
  return pk_op_fail(call->op, call->error, PK_UNSUPPORTED,
                    "its function %d cannot be differentiated yet", (int)function);
}

bool pk_diff_unary_forward(pk_diff_call *call) {
  return unary(call);
}

bool pk_diff_unary_backward(pk_diff_call *call) {
  return unary(call);
}
