// One function of each element. The functions that networks apply to large tensors have loops of
// their own, which compilers turn into vector instructions; the rest is computed in double, one
// element at a time.
#include "../base/bytes.h"
#include "../base/float_math_f32.h"
#include "lanes.h"
#include "nd_iter.h"

enum { TABLE_SIZE = 256, BLOCK = 4 };

static bool gives_bool(int32_t function) {
  return function == MNW_UNARY_IS_NAN || function == MNW_UNARY_IS_INF;
}

static bool takes_integers(int32_t function) {
  return function == MNW_UNARY_ABS || function == MNW_UNARY_NEG || function == MNW_UNARY_SIGN;
}

mnw_status mnw_unary_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  const int32_t function = context->node->params[MNW_UNARY_FUNCTION];
  mnw_status status = mnw_nd_check_operands(context, 1, 1);
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *x = mnw_op_input(context, 0), *y = mnw_op_output(context, 0);
  *scratch_bytes = 0;
  if (function < MNW_UNARY_ABS || function > MNW_UNARY_ROUND_TO) {
    return mnw_op_refuse(context, "operator %0: there is no unary function %1", function, 0);
  }
  status = mnw_op_check_same_shape(context, x, y);
  if (status != MNW_STATUS_OK) return status;
  if (function == MNW_UNARY_NOT) {
    status = mnw_op_check_dtype(context, x, MNW_DTYPE_BOOL);
    return status == MNW_STATUS_OK ? mnw_op_check_dtype(context, y, MNW_DTYPE_BOOL) : status;
  }
  if (gives_bool(function)) {
    status = mnw_op_check_dtype(context, x, MNW_DTYPE_F32);
    return status == MNW_STATUS_OK ? mnw_op_check_dtype(context, y, MNW_DTYPE_BOOL) : status;
  }
  if (mnw_lanes_is_quantized(x)) {
    *scratch_bytes = TABLE_SIZE * (2 * sizeof(float) + 1);
    status = mnw_op_check_quantized(context, x);
    return status == MNW_STATUS_OK ? mnw_op_check_quantized(context, y) : status;
  }
  if (x->dtype != MNW_DTYPE_F32 && (!takes_integers(function) || x->dtype == MNW_DTYPE_BOOL)) {
    return mnw_op_refuse(context, "operator %0: unary function %1 does not take dtype %2", function,
                         x->dtype);
  }
  return mnw_op_check_dtype(context, y, (mnw_dtype)x->dtype);
}

static float compute_in_double(int32_t function, float x) {
  switch (function) {
    case MNW_UNARY_LOG:
      return (float)mnw_log(x);
    case MNW_UNARY_SIN:
      return (float)mnw_sincos(x).sin;
    case MNW_UNARY_COS:
      return (float)mnw_sincos(x).cos;
    case MNW_UNARY_TAN: {
      const mnw_sincos_result both = mnw_sincos(x);
      return (float)(both.sin / both.cos);
    }
    case MNW_UNARY_ASIN:
      return (float)mnw_asin(x);
    case MNW_UNARY_ACOS:
      return (float)mnw_acos(x);
    case MNW_UNARY_ATAN:
      return (float)mnw_atan(x);
    case MNW_UNARY_SINH:
      return (float)mnw_sinh(x);
    case MNW_UNARY_COSH:
      return (float)mnw_cosh(x);
    case MNW_UNARY_ASINH:
      return (float)mnw_asinh(x);
    case MNW_UNARY_ACOSH:
      return (float)mnw_acosh(x);
    default:
      return (float)mnw_atanh(x);
  }
}

static float shrink(float x, float limit, float bias) {
  return x < -limit ? x + bias : x > limit ? x - bias : x != x ? x : 0.0f;
}

static float sign(float x) {
  return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x;
}

// To a narrower float without its limits: a multiple of 2^(exponent - mantissa bits), the exponent
// being x's or the lowest one. Doubles hold every factor.
static float round_to(float x, int mantissa_bits, int lowest) {
  const uint32_t bits = mnw_float_bits(x);
  const int own = (int)(bits >> 23 & 255) - 127;
  if (own == 128) return x;  // infinity and NaN
  const uint64_t shift = (uint64_t)(1023 + mantissa_bits - (own > lowest ? own : lowest)) << 52;
  double factor;
  memcpy(&factor, &shift, sizeof factor);
  return (float)((double)mnw_round_f32((float)((double)x * factor)) / factor);
}

#define FOR_EACH(function, expression)                        \
  case function:                                              \
    for (; blocks > 0; blocks--, in += BLOCK, out += BLOCK) { \
      for (size_t i = 0; i < BLOCK; i++) {                    \
        const float x = in[i];                                \
        out[i] = (expression);                                \
      }                                                       \
    }                                                         \
    break;

// Blocks are whole vectors, so that no loop needs a second one for what is left over.
static void compute_blocks(int32_t function, float *restrict out, const float *restrict in,
                           size_t blocks, float alpha, float beta) {
  switch (function) {
    FOR_EACH(MNW_UNARY_ABS, fabsf(x))
    FOR_EACH(MNW_UNARY_NEG, -x)
    FOR_EACH(MNW_UNARY_SIGN, sign(x))
    FOR_EACH(MNW_UNARY_CEIL, mnw_ceil_f32(x))
    FOR_EACH(MNW_UNARY_FLOOR, mnw_floor_f32(x))
    FOR_EACH(MNW_UNARY_ROUND, mnw_round_f32(x))
    FOR_EACH(MNW_UNARY_SQRT, sqrtf(x))
    FOR_EACH(MNW_UNARY_RECIPROCAL, 1.0f / x)
    FOR_EACH(MNW_UNARY_EXP, mnw_exp_f32(x))
    FOR_EACH(MNW_UNARY_TANH, mnw_tanh_f32(x))
    FOR_EACH(MNW_UNARY_ERF, mnw_erf_f32(x))
    FOR_EACH(MNW_UNARY_SIGMOID, mnw_sigmoid_f32(x))
    FOR_EACH(MNW_UNARY_CLIP, mnw_clip_f32(x, alpha, beta))
    FOR_EACH(MNW_UNARY_LEAKY_RELU, x < 0.0f ? alpha * x : x)
    FOR_EACH(MNW_UNARY_ELU, x < 0.0f ? alpha * mnw_expm1_f32(x) : x)
    FOR_EACH(MNW_UNARY_SELU, beta * (x < 0.0f ? alpha * mnw_expm1_f32(x) : x))
    FOR_EACH(MNW_UNARY_CELU, x < 0.0f ? alpha * mnw_expm1_f32(x / alpha) : x)
    FOR_EACH(MNW_UNARY_GELU, mnw_gelu_f32(x))
    FOR_EACH(MNW_UNARY_GELU_TANH, mnw_gelu_tanh_f32(x))
    FOR_EACH(MNW_UNARY_SOFTPLUS, mnw_softplus_f32(x))
    FOR_EACH(MNW_UNARY_SOFTSIGN, x / (1.0f + fabsf(x)))
    FOR_EACH(MNW_UNARY_HARD_SIGMOID, mnw_clip_f32(alpha * x + beta, 0.0f, 1.0f))
    FOR_EACH(MNW_UNARY_HARD_SWISH, x * mnw_clip_f32(x * (1.0f / 6.0f) + 0.5f, 0.0f, 1.0f))
    FOR_EACH(MNW_UNARY_MISH, mnw_mish_f32(x))
    FOR_EACH(MNW_UNARY_SWISH, x * mnw_sigmoid_f32(alpha * x))
    FOR_EACH(MNW_UNARY_THRESHOLDED_RELU, x > alpha ? x : x != x ? x : 0.0f)
    FOR_EACH(MNW_UNARY_SHRINK, shrink(x, alpha, beta))
    FOR_EACH(MNW_UNARY_RSQRT, 1.0f / sqrtf(x))
    FOR_EACH(MNW_UNARY_SQUARE, x * x)
    FOR_EACH(MNW_UNARY_ROUND_TO, round_to(x, (int)alpha, (int)beta))
    default:
      for (size_t i = 0; i < blocks * BLOCK; i++) out[i] = compute_in_double(function, in[i]);
  }
}

static void compute(int32_t function, float *out, const float *in, size_t count, float alpha,
                    float beta) {
  float x[BLOCK] = {0.0f}, y[BLOCK];
  const size_t left = count % BLOCK, whole = count - left;
  compute_blocks(function, out, in, whole / BLOCK, alpha, beta);
  if (left == 0) return;
  memcpy(x, in + whole, left * sizeof *x);
  compute_blocks(function, y, x, 1, alpha, beta);
  memcpy(out + whole, y, left * sizeof *y);
}

static void compute_quantized(const mnw_op_context *context, float alpha, float beta) {
  const mnw_tensor *x = mnw_op_input(context, 0), *y = mnw_op_output(context, 0);
  float *real = context->scratch, *result = real + TABLE_SIZE;
  uint8_t *table = (uint8_t *)(result + TABLE_SIZE);
  const uint8_t *in = mnw_op_input_data(context, 0);
  uint8_t *out = mnw_op_output_data(context, 0);
  const size_t count = mnw_tensor_elements(y);
  for (int32_t i = 0; i < TABLE_SIZE; i++) table[i] = (uint8_t)i;
  mnw_lanes_dequantize(real, x, table, 0, 1, TABLE_SIZE);
  compute(context->node->params[MNW_UNARY_FUNCTION], result, real, TABLE_SIZE, alpha, beta);
  mnw_lanes_quantize(table, y, 0, result, TABLE_SIZE);
  for (size_t i = 0; i < count; i++) out[i] = table[in[i]];
}

static void compute_integers(int32_t function, void *out, const void *in, mnw_dtype dtype,
                             size_t count) {
  int64_t lanes[MNW_LANES];
  for (size_t done = 0; done < count; done += MNW_LANES) {
    const size_t n = count - done < MNW_LANES ? count - done : MNW_LANES;
    mnw_lanes_load_int(lanes, dtype, in, (ptrdiff_t)done, 1, n);
    for (size_t i = 0; i < n; i++) {
      const int64_t x = lanes[i];
      const int64_t negated = (int64_t)(0 - (uint64_t)x);  // wraps for the lowest
      lanes[i] = function == MNW_UNARY_SIGN           ? (x > 0) - (x < 0)
                 : function == MNW_UNARY_NEG || x < 0 ? negated
                                                      : x;
    }
    mnw_lanes_store_int(out, dtype, (ptrdiff_t)done, lanes, n);
  }
}

static void test_floats(int32_t function, uint8_t *out, const float *in, size_t count,
                        bool wants_negative, bool wants_positive) {
  for (size_t i = 0; i < count; i++) {
    const float x = in[i];
    out[i] = function == MNW_UNARY_IS_NAN
                 ? x != x
                 : (wants_negative && x == -INFINITY) || (wants_positive && x == INFINITY);
  }
}

void mnw_unary_eval(const mnw_op_context *context) {
  const mnw_tensor *x = mnw_op_input(context, 0);
  const int32_t *params = context->node->params;
  const int32_t function = params[MNW_UNARY_FUNCTION];
  const float alpha = mnw_float_from_bits((uint32_t)params[MNW_UNARY_ALPHA]);
  const float beta = mnw_float_from_bits((uint32_t)params[MNW_UNARY_BETA]);
  const void *in = mnw_op_input_data(context, 0);
  void *out = mnw_op_output_data(context, 0);
  const size_t count = mnw_tensor_elements(x);
  if (function == MNW_UNARY_NOT) {
    for (size_t i = 0; i < count; i++) ((uint8_t *)out)[i] = ((const uint8_t *)in)[i] == 0;
  } else if (gives_bool(function)) {
    test_floats(function, out, in, count, alpha != 0.0f, beta != 0.0f);
  } else if (mnw_lanes_is_quantized(x)) {
    compute_quantized(context, alpha, beta);
  } else if (x->dtype == MNW_DTYPE_F32) {
    compute(function, out, in, count, alpha, beta);
  } else {
    compute_integers(function, out, in, (mnw_dtype)x->dtype, count);
  }
}
