// Random cases for the kernel checks; the seed alone decides everything.
#ifndef MINNOW_TESTS_KERNELS_KERNEL_RANDOM_H_
#define MINNOW_TESTS_KERNELS_KERNEL_RANDOM_H_

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kernels/kernels.h"

typedef struct case_random {
  uint64_t state;
} case_random;

// SplitMix64.
static inline uint64_t random_next(case_random *random) {
  uint64_t z = random->state += UINT64_C(0x9E3779B97F4A7C15);
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return z ^ (z >> 31);
}

static inline int32_t random_between(case_random *random, int32_t low, int32_t high) {
  const uint64_t span = (uint64_t)((int64_t)high - low + 1);
  return (int32_t)(low + (int64_t)(random_next(random) % span));
}

static inline size_t random_size(case_random *random, size_t low, size_t high) {
  return (size_t)random_between(random, (int32_t)low, (int32_t)high);
}

static inline int random_one_in(case_random *random, int32_t count) {
  return random_between(random, 1, count) == 1;
}

// int8 in low..high: all of them, only the two ends, or one value throughout.
static inline void random_bytes(case_random *random, int8_t *bytes, size_t count, int32_t low,
                                int32_t high) {
  const int32_t kind = random_between(random, 0, 5);
  const int32_t constant = random_one_in(random, 2) ? low : high;
  for (size_t i = 0; i < count; i++) {
    const int32_t value = kind == 0 ? (random_one_in(random, 2) ? low : high)
                                    : (kind == 1 ? constant : random_between(random, low, high));
    bytes[i] = (int8_t)value;
  }
}

static inline float random_float_from_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

// Usual multipliers (2^-16 .. 1), and now and then any positive float, zero, infinity or a NaN.
static inline void random_multipliers(case_random *random, float *multipliers, size_t count) {
  const int hostile = random_one_in(random, 8);
  for (size_t i = 0; i < count; i++) {
    const uint32_t mantissa = (uint32_t)random_next(random) & 0x7FFFFF;
    const uint32_t exponent = (uint32_t)(hostile ? random_between(random, 0, 255)
                                                 : random_between(random, 127 - 16, 127));
    multipliers[i] = random_float_from_bits(exponent << 23 | mantissa);
  }
}

static inline void random_biases(case_random *random, int32_t *biases, size_t count) {
  const int wraps = random_one_in(random, 6);
  for (size_t i = 0; i < count; i++) {
    biases[i] = wraps ? (random_one_in(random, 2) ? INT32_MAX : INT32_MIN)
                      : random_between(random, -50000, 50000);
  }
}

static inline void random_output_range(case_random *random, int32_t *zero_point, int32_t *clamp_min,
                                       int32_t *clamp_max) {
  *zero_point = random_one_in(random, 4) ? (random_one_in(random, 2) ? -128 : 127)
                                         : random_between(random, -128, 127);
  *clamp_min = -128;
  *clamp_max = 127;
  if (random_one_in(random, 2)) {
    *clamp_min = random_between(random, -128, 127);
    *clamp_max = random_between(random, *clamp_min, 127);
  }
}

// Windows as convolutions have them, mostly 3x3, whose pixels share columns and rows of taps.
static inline void random_dwconv_shape(case_random *random, mnw_dwconv_shape *shape,
                                       size_t channels) {
  const int is_3x3 = random_one_in(random, 2);
  const size_t kernel_h = is_3x3 ? 3 : random_size(random, 1, 6);
  size_t kernel_w = is_3x3 ? 3 : random_size(random, 1, 6);
  if (!is_3x3 && random_one_in(random, 6)) kernel_w = random_size(random, 7, 30);
  const size_t pixels = random_size(random, 1, 9), tap_step = random_one_in(random, 4) ? 2 : 1;
  const size_t pixel_step = random_size(random, 1, 3), row_stride = random_size(random, 1, 3);
  const size_t columns = (pixels - 1) * pixel_step + (kernel_w - 1) * tap_step + 1 +
                         (random_one_in(random, 4) ? random_size(random, 1, 3) : 0);
  *shape = (mnw_dwconv_shape){.rows = random_size(random, 1, 5),
                              .pixels = pixels,
                              .channels = channels,
                              .kernel_h = kernel_h,
                              .kernel_w = kernel_w,
                              .row_step = row_stride * columns,
                              .pixel_step = pixel_step,
                              .tap_row_step = columns,
                              .tap_step = tap_step};
}

// Pointers that a kernel may read; not one more, so that a read beyond them faults.
static inline size_t dwconv_table_size(const mnw_dwconv_shape *shape) {
  return (shape->rows - 1) * shape->row_step + (shape->pixels - 1) * shape->pixel_step +
         (shape->kernel_h - 1) * shape->tap_row_step + (shape->kernel_w - 1) * shape->tap_step + 1;
}

#endif  // MINNOW_TESTS_KERNELS_KERNEL_RANDOM_H_
