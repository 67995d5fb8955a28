// Elementary functions by argument reduction and short power series in double. The results end in
// float32, so series stop where the rest is below 1e-11 and no table is needed. Additions,
// multiplications, divisions and square roots only: every platform gives the same bits.
#include <math.h>  // only what compiles to single instructions: fabs, copysign, sqrt, signbit

#include "float_math.h"

static const double half_pi = 1.57079632679489661923;

double mnw_expm1(double x) {
  if (x != x) return x;
  if (fabs(x) > 0.5) return mnw_exp(x) - 1.0;
  double sum = 1.0;
  for (int i = 13; i > 1; i--) sum = 1.0 + sum * (x * (1.0 / i));
  return sum * x;
}

// x = 2^k m with m in [sqrt(1/2), sqrt(2)); log m = 2 atanh(s), s = (m - 1) / (m + 1), |s| < 0.172.
double mnw_log(double x) {
  const double ln2 = 0.693147180559945309417;
  if (!(x > 0.0)) return x == 0.0 ? -INFINITY : NAN;
  if (x == INFINITY) return x;
  uint64_t bits;
  double m;
  memcpy(&bits, &x, sizeof bits);
  // Adding the distance from sqrt(1/2) to 1 carries into the exponent where m is to be halved.
  const uint64_t sqrt_half_bits = 0x3fe6a09e667f3bcd, one_bits = 0x3ff0000000000000;
  const uint64_t shifted = bits + (one_bits - sqrt_half_bits);
  const int32_t k = (int32_t)(shifted >> 52) - 1023;
  bits -= (uint64_t)(int64_t)k << 52;
  memcpy(&m, &bits, sizeof m);
  const double s = (m - 1.0) / (m + 1.0), z = s * s;
  double sum = 0.0;
  for (int i = 17; i > 0; i -= 2) sum = sum * z + 1.0 / i;
  return k * ln2 + 2.0 * s * sum;
}

// The second term makes up for what rounding 1 + x lost.
double mnw_log1p(double x) {
  const double w = 1.0 + x;
  if (!(w > 0.0) || w == INFINITY) return mnw_log(w);
  return mnw_log(w) + (x - (w - 1.0)) / w;
}

double mnw_sinh(double x) {
  const double e = mnw_expm1(fabs(x));
  return copysign(0.5 * (e + e / (e + 1.0)), x);
}

double mnw_cosh(double x) {
  if (x != x) return x;
  const double e = mnw_exp(fabs(x));
  return 0.5 * (e + 1.0 / e);
}

double mnw_asinh(double x) {
  const double a = fabs((double)x);
  if (a == INFINITY) return x;
  return copysign(mnw_log1p(a + a * a / (1.0 + sqrt(1.0 + a * a))), x);
}

double mnw_acosh(double x) {
  if (!(x >= 1.0)) return NAN;
  const double t = x - 1.0;
  return mnw_log1p(t + sqrt(t * (t + 2.0)));
}

double mnw_atanh(double x) {
  const double a = fabs((double)x);
  if (!(a <= 1.0)) return NAN;
  return copysign(0.5 * mnw_log1p(2.0 * a / (1.0 - a)), x);
}

// Brings |x| below tan(pi / 8) by atan x = pi/2 - atan 1/x, then = pi/4 + atan (x - 1) / (x + 1).
double mnw_atan(double x) {
  double a = fabs(x), base = 0.0, sign = 1.0;
  if (x != x) return x;
  if (a > 1.0) {
    a = 1.0 / a;
    base = half_pi;
    sign = -1.0;
  }
  if (a > 0.414) {
    a = (a - 1.0) / (a + 1.0);
    base += sign * 0.5 * half_pi;
  }
  const double z = -a * a;
  double sum = 0.0;
  for (int i = 27; i > 0; i -= 2) sum = sum * z + 1.0 / i;
  return copysign(base + sign * a * sum, x);
}

static double root(double x) {
  return x >= 0.0 ? sqrt(x) : NAN;
}

double mnw_asin(double x) {
  return mnw_atan(x / root((1.0 - x) * (1.0 + x)));
}

double mnw_acos(double x) {
  return 2.0 * mnw_atan(root((1.0 - x) / (1.0 + x)));
}

// The bits of 2 / pi behind the point, after 32 zeros.
static const uint32_t two_over_pi[] = {0,          0xa2f9836e, 0x4e441529, 0xfc2757d1,
                                       0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab};

// x = m 2^e in quarter turns (multiplied by 2 / pi), reduced modulo 4 without rounding before the
// last step, after Payne and Hanek: of 2 / pi only 96 bits matter, for bits of higher weight give
// multiples of 4 quarter turns and bits of lower weight change less than 2^-70.
static int32_t reduce_to_quarter(float x, double *rest) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  const uint32_t exponent = bits >> 23 & 255, m = (bits & 0x7fffff) | 0x800000;
  const uint32_t skipped = exponent - 150u + 30u;  // the window starts at bit e - 1 of 2 / pi
  const uint32_t word = skipped >> 5, shift = skipped & 31;
  uint32_t window[3];
  for (uint32_t i = 0; i < 3; i++) {
    const uint64_t pair = (uint64_t)two_over_pi[word + i] << 32 | two_over_pi[word + i + 1];
    window[i] = (uint32_t)(pair << shift >> 32);
  }
  const uint64_t low = (uint64_t)m * window[2];
  const uint64_t high = ((uint64_t)m * window[0] << 32) + (uint64_t)m * window[1] + (low >> 32);
  // Two bits of `high` are whole quarters; to the nearest, which leaves -1/2 … 1/2 of one.
  const uint64_t nearest = high + ((uint64_t)1 << 61);
  *rest = (double)(int64_t)(high << 2 | ((uint32_t)low >> 30)) * (half_pi / 18446744073709551616.0);
  return (int32_t)(nearest >> 62);
}

mnw_sincos_result mnw_sincos(float x) {
  double r = fabs((double)x);
  int32_t quarter = 0;
  if (!(r < INFINITY)) return (mnw_sincos_result){NAN, NAN};
  if (r > 0.785) quarter = reduce_to_quarter((float)r, &r);
  const double z = -r * r;
  double sine = 1.0, cosine = 1.0;
  for (int i = 12; i > 0; i -= 2) {
    sine = 1.0 + sine * (z * (1.0 / (i * (i + 1))));
    cosine = 1.0 + cosine * (z * (1.0 / (i * (i - 1))));
  }
  sine *= r;
  const double s = quarter & 1 ? cosine : sine, c = quarter & 1 ? sine : cosine;
  return (mnw_sincos_result){(quarter & 2) != (signbit(x) ? 2 : 0) ? -s : s,
                             (quarter + 1) & 2 ? -c : c};
}

static int is_odd_integer(float x) {
  const double a = fabs((double)x);
  return a < 16777216.0 && (double)(int32_t)a == a && ((int32_t)a & 1);
}

static int is_integer(float x) {
  const double a = fabs((double)x);
  return a >= 8388608.0 || (double)(int32_t)a == a;  // infinity counts as even
}

float mnw_pow(float base, float exponent) {
  if (exponent == 2.0f) return base * base;
  if (exponent != exponent) return base == 1.0f ? base : exponent;
  const double log_base = mnw_log(fabs((double)base));
  // x^0 and 1^y are 1 even where the product would be 0 * infinity or NaN.
  const double product = exponent == 0.0f || log_base == 0.0 ? 0.0 : exponent * log_base;
  if (product != product) return (float)product;
  const double power = mnw_exp(product);
  if (!signbit(base)) return (float)power;
  if (is_odd_integer(exponent)) return (float)-power;
  const int is_bounded = base != 0.0f && fabs((double)base) < INFINITY;
  return is_bounded && !is_integer(exponent) ? NAN : (float)power;
}

// Long division in base 2; every subtraction is exact, as t <= x < 2 t.
float mnw_fmod(float a, float b) {
  double x = fabs((double)a), y = fabs((double)b);
  if (!(x < INFINITY) || !(y > 0.0)) return NAN;
  if (y == INFINITY) return a;
  double t = y;
  while (t + t <= x) t += t;
  while (t >= y) {
    if (x >= t) x -= t;
    t *= 0.5;
  }
  return (float)copysign(x, a);
}
