// From an int32 accumulator to int8, in the one way every instruction set follows to the bit: the
// accumulator as a float32 (rounded to nearest even), one multiplication, the clamp, then rounding
// to nearest even by adding 1.5 * 2^23. At that magnitude a float32's unit is 1, so the addition
// itself rounds, and the low bits of the sum are the integer; no libm and no rounding mode is
// asked for. The clamp comes first because the trick holds up to 2^22 only; its bounds are
// integers, so it commutes with rounding.
#ifndef MINNOW_KERNELS_REQUANTIZE_H_
#define MINNOW_KERNELS_REQUANTIZE_H_

#include <stdint.h>
#include <string.h>

#include "kernels.h"

#define MNW_ROUND_MAGIC 12582912.0f      // 1.5 * 2^23
#define MNW_ROUND_MAGIC_BITS 0x4B400000  // its bit pattern

static inline int8_t mnw_requantize(int32_t acc, float multiplier, const mnw_requant *requant) {
  const float low = (float)(requant->clamp_min - requant->zero_point);
  const float high = (float)(requant->clamp_max - requant->zero_point);
  float value = (float)acc * multiplier;
  value = low < value ? value : low;  // a NaN, from a multiplier that is none, ends as `low`
  value = high < value ? high : value;
  value += MNW_ROUND_MAGIC;
  int32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return (int8_t)(bits - MNW_ROUND_MAGIC_BITS + requant->zero_point);
}

#endif  // MINNOW_KERNELS_REQUANTIZE_H_
