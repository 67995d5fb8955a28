// The few float functions the core needs, the same to the last bit on every platform (libm's are
// not).
#ifndef MINNOW_BASE_FLOAT_MATH_H_
#define MINNOW_BASE_FLOAT_MATH_H_

#include <stdint.h>
#include <string.h>

// Nearest integer, ties to even, for |value| <= 2^22: adding 1.5 * 2^23 leaves the integer in the
// low mantissa bits.
static inline int32_t mnw_round_even(float value) {
  const float shifted = value + 12582912.0f;
  int32_t bits;
  memcpy(&bits, &shifted, sizeof bits);
  return bits - 0x4b400000;
}

// NaN becomes `low`.
static inline float mnw_clamp_float(float value, float low, float high) {
  return value > low ? (value < high ? value : high) : low;
}

static inline int32_t mnw_clamp_int(int32_t value, int32_t low, int32_t high) {
  return value < low ? low : value > high ? high : value;
}

// e^x for any finite x, relative error below 1e-15; 0 below -700, capped at e^700 above.
double mnw_exp(double x);

// Elementary functions in double, far more accurate than the float32 that their results end in:
// relative error below 1e-11, near their zeros too. Outside their domain they give NaN, NaN gives
// NaN.
double mnw_expm1(double x);  // e^x - 1
double mnw_log(double x);    // x: 0, infinite or at least 2^-1022
double mnw_log1p(double x);  // log(1 + x)
double mnw_sinh(double x);
double mnw_cosh(double x);
double mnw_asinh(double x);
double mnw_acosh(double x);
double mnw_atanh(double x);
double mnw_atan(double x);
double mnw_asin(double x);
double mnw_acos(double x);

// Of a float32, however large.
typedef struct mnw_sincos_result {
  double sin, cos;
} mnw_sincos_result;
mnw_sincos_result mnw_sincos(float x);

float mnw_pow(float base, float exponent);  // as C's powf, relative error below 1e-7
float mnw_fmod(float a, float b);           // exact; sign of a; NaN for b = 0

#endif  // MINNOW_BASE_FLOAT_MATH_H_
