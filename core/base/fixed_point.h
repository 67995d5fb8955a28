// Fixed-point scaling as TensorFlow Lite defines it (after gemmlowp): a factor is a multiplier of
// 31 fractional bits times a power of two. Models with int16 activations are trained against
// exactly these roundings. All of it is defined for every argument: sums wrap.
#ifndef MINNOW_BASE_FIXED_POINT_H_
#define MINNOW_BASE_FIXED_POINT_H_

#include <stdbool.h>
#include <stdint.h>

// multiplier / 2^31 * 2^shift
typedef struct mnw_fixed_factor {
  int32_t multiplier, shift;
} mnw_fixed_factor;

enum { MNW_FIXED_MIN_SHIFT = -31, MNW_FIXED_MAX_SHIFT = 14 };

static inline bool mnw_fixed_is_valid(mnw_fixed_factor factor) {
  return factor.multiplier > INT32_MIN && factor.shift >= MNW_FIXED_MIN_SHIFT &&
         factor.shift <= MNW_FIXED_MAX_SHIFT;
}

// x * factor in two roundings: halves of the product away from zero (towards plus infinity below
// 0), halves of the shift to the right away from zero.
static inline int32_t mnw_fixed_scale(int32_t x, mnw_fixed_factor factor) {
  const uint32_t left = factor.shift > 0 ? (uint32_t)factor.shift : 0;
  const uint32_t right = factor.shift > 0 ? 0 : (uint32_t)-factor.shift;
  const int64_t product = (int64_t)(int32_t)((uint32_t)x << left) * factor.multiplier;
  const int64_t nudge = product >= 0 ? (int64_t)1 << 30 : 1 - ((int64_t)1 << 30);
  const int32_t high = (int32_t)((product + nudge) / ((int64_t)1 << 31));
  const int32_t mask = (int32_t)(((int64_t)1 << right) - 1);
  const int32_t remainder = high & mask, threshold = (mask >> 1) + (high < 0);
  return (high >> right) + (remainder > threshold);
}

// x * factor for sums of 48 bits: the multiplier keeps 15 bits, one rounding with halves up.
static inline int32_t mnw_fixed_scale_wide(int64_t x, mnw_fixed_factor factor) {
  const int32_t reduced =
      factor.multiplier < 0x7fff0000 ? (factor.multiplier + (1 << 15)) >> 16 : 0x7fff;
  const int32_t shift = 15 - factor.shift;
  const uint64_t product = (uint64_t)x * (uint64_t)(int64_t)reduced + ((uint64_t)1 << (shift - 1));
  return (int32_t)(uint32_t)(uint64_t)((int64_t)product >> shift);
}

static inline int32_t mnw_fixed_clamp(int64_t x, int32_t low, int32_t high) {
  return x < low ? low : x > high ? high : (int32_t)x;
}

#endif  // MINNOW_BASE_FIXED_POINT_H_
