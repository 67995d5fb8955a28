// Numbers of fewer significant bits, whose zeros behind them cost nothing in a package.
#ifndef MINNOW_PACKER_SIGNIFICANT_BITS_H_
#define MINNOW_PACKER_SIGNIFICANT_BITS_H_

#include <math.h>

// The nearest number of `bits` significant bits, ties to even. Infinities, what is no number and
// what would overflow stay.
static inline float pk_round_significant(float value, int bits) {
  int exponent = 0;
  const float fraction = frexpf(value, &exponent);
  const float rounded = ldexpf(rintf(ldexpf(fraction, bits)), exponent - bits);
  return isfinite(rounded) ? rounded : value;
}

#endif  // MINNOW_PACKER_SIGNIFICANT_BITS_H_
