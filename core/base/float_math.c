#include "float_math.h"

// x = n ln 2 + r with |r| <= ln 2 / 2; e^r by its Taylor polynomial of degree 13 (error below
// 2^-57), 2^n by the exponent field. Only additions and multiplications, never fused, so every
// platform gives the same bits.
double mnw_exp(double x) {
  const double ln2_high = 6.93147180369123816490e-01, ln2_low = 1.90821492927058770002e-10;
  const double inverse_ln2 = 1.44269504088896338700;
  if (!(x > -700.0)) return 0.0;
  if (x > 700.0) x = 700.0;
  const double scaled = x * inverse_ln2;
  const int32_t n = (int32_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
  const double r = (x - n * ln2_high) - n * ln2_low;
  double sum = 1.0;
  for (int i = 13; i > 0; i--) sum = 1.0 + sum * (r * (1.0 / i));
  const uint64_t exponent_bits = (uint64_t)(n + 1023) << 52;
  double power;
  memcpy(&power, &exponent_bits, sizeof power);
  return sum * power;
}
