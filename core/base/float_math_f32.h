// Functions of one float32 without branches, so that loops over them become vector instructions.
// Relative error a few ulp where the result is a normal number; NaN gives NaN. Accuracy is held by
// tests/unit/core_ops_elementwise_test.c.
#ifndef MINNOW_BASE_FLOAT_MATH_F32_H_
#define MINNOW_BASE_FLOAT_MATH_F32_H_

#include <math.h>  // only what compiles to single instructions: fabsf, copysignf, sqrtf

#include "float_math.h"

// Nearest integer, ties to even, of any value: from 2^23 on nothing is left to round.
static inline float mnw_round_f32(float x) {
  const float rounded = (fabsf(x) + 8388608.0f) - 8388608.0f;
  return fabsf(x) < 8388608.0f ? copysignf(rounded, x) : x;
}

static inline float mnw_floor_f32(float x) {
  const float rounded = mnw_round_f32(x);
  return copysignf(rounded > x ? rounded - 1.0f : rounded, x);
}

static inline float mnw_ceil_f32(float x) {
  return -mnw_floor_f32(-x);
}

// NaN stays NaN, unlike with mnw_clamp_float().
static inline float mnw_clip_f32(float x, float low, float high) {
  return x < low ? low : x > high ? high : x;
}

// 2^n for -126 <= n <= 127.
static inline float mnw_exp2_int(int32_t n) {
  const uint32_t bits = (uint32_t)(n + 127) << 23;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

// x = n ln 2 + r; *n in -150 … 128 and e^r - 1 by its Taylor polynomial.
static inline float mnw_exp_reduced(float x, int32_t *n) {
  const float low = x < -104.0f ? -104.0f : x;
  const float clamped = low > 89.0f ? 89.0f : low;
  const float shifted = clamped * 1.44269504f + 12582912.0f;
  const float whole = shifted - 12582912.0f;
  int32_t bits;
  memcpy(&bits, &shifted, sizeof bits);
  *n = bits - 0x4b400000;
  const float r = (clamped - whole * 0.693145752f) - whole * 1.42860677e-6f;
  float sum = 1.0f / 5040.0f;
  sum = sum * r + 1.0f / 720.0f;
  sum = sum * r + 1.0f / 120.0f;
  sum = sum * r + 1.0f / 24.0f;
  sum = sum * r + 1.0f / 6.0f;
  sum = sum * r + 0.5f;
  return r + sum * r * r;
}

// 2^n in two factors covers subnormal and infinite results.
static inline float mnw_exp_f32(float x) {
  int32_t n;
  const float p = mnw_exp_reduced(x, &n);
  const int32_t half = n >> 1;
  return (1.0f + p) * mnw_exp2_int(half) * mnw_exp2_int(n - half);
}

// e^x - 1
static inline float mnw_expm1_f32(float x) {
  int32_t n;
  const float p = mnw_exp_reduced(x, &n);
  const int32_t half = n >> 1;
  const float a = mnw_exp2_int(half), b = mnw_exp2_int(n - half);
  const float near_zero = p * a * b + (a * b - 1.0f);
  return n > 64 ? (1.0f + p) * a * b : near_zero;
}

// 1 / (1 + e^-x), from e^-|x| so that nothing overflows.
static inline float mnw_sigmoid_f32(float x) {
  const float e = mnw_exp_f32(-fabsf(x));
  return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}

static inline float mnw_tanh_f32(float x) {
  const float a = fabsf(x);
  const float e = mnw_expm1_f32(2.0f * (a > 20.0f ? 20.0f : a));
  return copysignf(e / (e + 2.0f), x);
}

// log(1 + e^x) = max(x, 0) + 2 atanh(s), s = u / (2 + u) <= 1/3, u = e^-|x|
static inline float mnw_softplus_f32(float x) {
  const float u = mnw_exp_f32(-fabsf(x)), s = u / (2.0f + u), z = s * s;
  float sum = 1.0f / 15.0f;
  sum = sum * z + 1.0f / 13.0f;
  sum = sum * z + 1.0f / 11.0f;
  sum = sum * z + 1.0f / 9.0f;
  sum = sum * z + 1.0f / 7.0f;
  sum = sum * z + 1.0f / 5.0f;
  sum = sum * z + 1.0f / 3.0f;
  return (x < 0.0f ? 0.0f : x) + 2.0f * (s + s * z * sum);
}

// x tanh(softplus(x)) with tanh(log(1 + e)) = e (e + 2) / (e (e + 2) + 2)
static inline float mnw_mish_f32(float x) {
  const float e = mnw_exp_f32(x > 20.0f ? 20.0f : x), n = e * (e + 2.0f);
  return x * (n / (n + 2.0f));
}

// erf(x) / x for |x| <= 1: polynomial in x^2 through the Chebyshev nodes of 0 … 1, error 2e-9.
static inline float mnw_erf_quotient(float x) {
  const float z = x * x;
  float sum = 7.875875059e-05f;
  sum = sum * z - 8.016864286e-04f;
  sum = sum * z + 5.189087423e-03f;
  sum = sum * z - 2.685421201e-02f;
  sum = sum * z + 1.128359472e-01f;
  sum = sum * z - 3.761262667e-01f;
  return sum * z + 1.128379166e+00f;
}

// 1 - erf(x) for x >= 1: e^(-x^2) t P(t), t = 1 / (1 + x / 2), P through the Chebyshev nodes of
// 0 … 2/3, error 5e-9.
static inline float mnw_erfc_tail(float x) {
  const float t = 1.0f / (1.0f + 0.5f * x);
  float sum = -8.175170777e-02f;
  sum = sum * t + 2.633087929e-01f;
  sum = sum * t - 2.629960637e-01f;
  sum = sum * t + 3.569540545e-02f;
  sum = sum * t - 2.931461428e-02f;
  sum = sum * t + 8.785699734e-02f;
  sum = sum * t + 1.759141481e-01f;
  sum = sum * t + 2.468525804e-01f;
  sum = sum * t + 2.820944055e-01f;
  sum = sum * t + 2.820947931e-01f;
  return mnw_exp_f32(-x * x) * t * sum;
}

static inline float mnw_erf_f32(float x) {
  const float a = fabsf(x), tail = 1.0f - mnw_erfc_tail(a);
  return a < 1.0f ? x * mnw_erf_quotient(x) : copysignf(tail, x);
}

// x / 2 (1 + erf(x / sqrt 2)); below 0 from erfc, which keeps the relative error small.
static inline float mnw_gelu_f32(float x) {
  const float z = x * 0.707106781f, a = fabsf(z);
  const float c = a < 1.0f ? 1.0f - a * mnw_erf_quotient(a) : mnw_erfc_tail(a);
  return 0.5f * x * (x < 0.0f ? c : 2.0f - c);
}

// By tanh; 1 + tanh(u) = 2 sigmoid(2 u)
static inline float mnw_gelu_tanh_f32(float x) {
  return x * mnw_sigmoid_f32(x * (1.59576912f + 0.0713548163f * x * x));
}

#endif  // MINNOW_BASE_FLOAT_MATH_F32_H_
