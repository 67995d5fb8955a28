#include "kernel_check.h"

#include <string.h>

#include "kernel_random.h"
#include "kernels/packed_layout.h"
#include "minnow/minnow.h"

#ifdef MNW_CHECK_RELAXED_DOT
extern const struct mnw_kernels mnw_kernels__relaxed_sdot, mnw_kernels__relaxed_udot;
#endif

const struct mnw_kernels *checked_set(size_t index) {
  size_t listed = 0;
  while (mnw_kernels_get(listed) != NULL) {
    listed++;
  }
#ifdef MNW_CHECK_RELAXED_DOT
  if (index == listed || index == listed + 1) {
    return index == listed ? &mnw_kernels__relaxed_sdot : &mnw_kernels__relaxed_udot;
  }
#endif
  return index < listed ? mnw_kernels_get(index) : NULL;
}

enum slot {
  SLOT_X,
  SLOT_W,
  SLOT_BIAS,
  SLOT_MULTIPLIER,
  SLOT_TAPS,
  SLOT_PADDING,
  SLOT_EXPECTED,
  SLOT_ACTUAL,
  SLOT_COUNT
};

_Static_assert((int)SLOT_COUNT <= (int)GUARDED_SLOTS, "a slot for each block of a case");

static void compare_outputs(kernel_mismatch *mismatch, const int8_t *expected, const int8_t *actual,
                            size_t count) {
  mismatch->wrote_outside = guarded_block_is_violated(SLOT_ACTUAL);
  mismatch->found = mismatch->wrote_outside;
  for (size_t i = 0; i < count; i++) {
    if (expected[i] != actual[i]) {
      mismatch->found = true;
      mismatch->index = (uint32_t)i;
      mismatch->expected = expected[i];
      mismatch->actual = actual[i];
      return;
    }
  }
}

static void random_requant(case_random *random, mnw_requant *requant, size_t channels,
                           bool at_end) {
  const size_t padded = mnw_round_up(channels, MNW_TILE_CHANNELS);
  int32_t *bias = guarded_block(SLOT_BIAS, padded * sizeof *bias, at_end);
  float *multiplier = guarded_block(SLOT_MULTIPLIER, padded * sizeof *multiplier, at_end);
  random_biases(random, bias, padded);
  random_multipliers(random, multiplier, padded);
  requant->bias = bias;
  requant->multiplier = multiplier;
  random_output_range(random, &requant->zero_point, &requant->clamp_min, &requant->clamp_max);
}

static int32_t random_weight_zero_point(case_random *random) {
  if (random_one_in(random, 2)) {
    return 0;
  }
  return random_one_in(random, 3) ? (random_one_in(random, 2) ? -128 : 127)
                                  : random_between(random, -128, 127);
}

// Mostly small, where all the tails are; now and then across the kernels' blocks of rows and of k.
static void random_gemm_shape(case_random *random, size_t *rows, size_t *k, size_t *o_count) {
  *rows = random_size(random, 1, 9);
  *k = random_size(random, 1, 70);
  *o_count = random_size(random, 1, 40);
  switch (random_between(random, 0, 11)) {
    case 0:
      *rows = random_size(random, 60, 140);
      *o_count = random_size(random, 1, 12);
      break;
    case 1:
      *k = random_size(random, 500, 530);
      break;
    case 2:
      *k = random_size(random, 530, 2200);
      *o_count = random_size(random, 1, 12);
      break;
    case 3:  // more k than a block of rows takes
      if (!random_one_in(random, 8)) break;
      *rows = random_size(random, 1, 4);
      *k = random_size(random, 5400, 5600);
      *o_count = random_size(random, 1, 9);
      break;
    default:
      break;
  }
}

void check_gemm_s8(kernel_mismatch *mismatch, const struct mnw_kernels *set, uint32_t seed) {
  case_random random = {seed};
  const bool at_end = !random_one_in(&random, 4);
  size_t rows, k, o_count;
  random_gemm_shape(&random, &rows, &k, &o_count);
  const size_t x_stride = k + (random_one_in(&random, 2) ? 0 : random_size(&random, 1, 20));
  const size_t y_stride = o_count + (random_one_in(&random, 2) ? 0 : random_size(&random, 1, 20));
  const int32_t zero_point = random_weight_zero_point(&random);
  const int32_t bits = random_one_in(&random, 2) ? 8 : random_between(&random, 1, 7);
  const size_t x_bytes = (rows - 1) * x_stride + k, y_bytes = (rows - 1) * y_stride + o_count;
  const size_t w_bytes = mnw_tile_8x4_bytes(o_count, k);

  int8_t *x = guarded_block(SLOT_X, x_bytes, at_end);
  int8_t *w = guarded_block(SLOT_W, w_bytes, at_end);
  int8_t *expected = guarded_block(SLOT_EXPECTED, y_bytes, at_end);
  int8_t *actual = guarded_block(SLOT_ACTUAL, y_bytes, at_end);
  random_bytes(&random, x, x_bytes, -128, 127);
  // Padding is random too: whatever a package puts there must not count.
  int32_t low = -128, high = 127;
  if (bits < 8) {
    const int32_t half = 1 << (bits - 1);
    low = zero_point - half > low ? zero_point - half : low;
    high = zero_point + half - 1 < high ? zero_point + half - 1 : high;
  }
  random_bytes(&random, w, w_bytes, low, high);
  mnw_requant requant;
  random_requant(&random, &requant, o_count, at_end);
  memset(expected, 0x5A, y_bytes);
  memset(actual, 0x5A, y_bytes);

  mnw_kernels__scalar.gemm_s8(expected, y_stride, x, x_stride, w, rows, k, o_count, zero_point,
                              bits, &requant);
  set->gemm_s8(actual, y_stride, x, x_stride, w, rows, k, o_count, zero_point, bits, &requant);

  *mismatch =
      (kernel_mismatch){.shape = {(uint32_t)rows, (uint32_t)k, (uint32_t)o_count,
                                  (uint32_t)x_stride, (uint32_t)bits, (uint32_t)zero_point}};
  compare_outputs(mismatch, expected, actual, y_bytes);
}

void check_dwconv_s8(kernel_mismatch *mismatch, const struct mnw_kernels *set, uint32_t seed) {
  case_random random = {seed};
  const bool at_end = !random_one_in(&random, 4);
  const size_t channels =
      random_one_in(&random, 8) ? random_size(&random, 41, 150) : random_size(&random, 1, 40);
  mnw_dwconv_shape shape;
  random_dwconv_shape(&random, &shape, channels);
  const size_t tap_count = shape.kernel_h * shape.kernel_w;
  const size_t table_size = dwconv_table_size(&shape);
  const int32_t zero_point = random_weight_zero_point(&random);
  const size_t input_pixels = random_size(&random, 1, 40);
  const size_t y_bytes = shape.rows * shape.pixels * channels;
  const size_t w_bytes = mnw_depthwise_8x2_bytes(channels, tap_count);

  int8_t *x = guarded_block(SLOT_X, input_pixels * channels, at_end);
  int8_t *padding = guarded_block(SLOT_PADDING, channels, at_end);
  int8_t *w = guarded_block(SLOT_W, w_bytes, at_end);
  const void **table = guarded_block(SLOT_TAPS, table_size * sizeof *table, at_end);
  int8_t *expected = guarded_block(SLOT_EXPECTED, y_bytes, at_end);
  int8_t *actual = guarded_block(SLOT_ACTUAL, y_bytes, at_end);
  random_bytes(&random, x, input_pixels * channels, -128, 127);
  random_bytes(&random, padding, channels, -128, 127);
  random_bytes(&random, w, w_bytes, -128, 127);
  for (size_t i = 0; i < table_size; i++) {
    table[i] = random_one_in(&random, 5) ? padding
                                         : x + random_size(&random, 0, input_pixels - 1) * channels;
  }
  mnw_requant requant;
  random_requant(&random, &requant, channels, at_end);

  mnw_kernels__scalar.dwconv_s8(expected, table, w, &shape, zero_point, &requant);
  set->dwconv_s8(actual, table, w, &shape, zero_point, &requant);

  *mismatch = (kernel_mismatch){.shape = {(uint32_t)shape.rows, (uint32_t)shape.pixels,
                                          (uint32_t)channels, (uint32_t)shape.kernel_h,
                                          (uint32_t)shape.kernel_w, (uint32_t)zero_point}};
  compare_outputs(mismatch, expected, actual, y_bytes);
}

void check_add_s8(kernel_mismatch *mismatch, const struct mnw_kernels *set, uint32_t seed) {
  case_random random = {seed};
  const bool at_end = !random_one_in(&random, 4);
  const size_t count = random_size(&random, 1, 150);
  int8_t *a = guarded_block(SLOT_X, count, at_end);
  int8_t *b = guarded_block(SLOT_W, count, at_end);
  int8_t *expected = guarded_block(SLOT_EXPECTED, count, at_end);
  int8_t *actual = guarded_block(SLOT_ACTUAL, count, at_end);
  random_bytes(&random, a, count, -128, 127);
  random_bytes(&random, b, count, -128, 127);
  const bool extreme = random_one_in(&random, 8);
  mnw_add_params params = {
      .bias = extreme ? (random_one_in(&random, 2) ? INT32_MAX : INT32_MIN)
                      : random_between(&random, -(1 << 28), 1 << 28),
      .a_multiplier = extreme ? 1 << 21 : random_between(&random, 0, 1 << 21),
      .b_multiplier = extreme ? 1 << 21 : random_between(&random, 0, 1 << 21),
      .shift = random_between(&random, 12, 30),
  };
  random_output_range(&random, &params.zero_point, &params.clamp_min, &params.clamp_max);

  mnw_kernels__scalar.add_s8(expected, a, b, count, &params);
  set->add_s8(actual, a, b, count, &params);

  *mismatch = (kernel_mismatch){.shape = {(uint32_t)count}};
  compare_outputs(mismatch, expected, actual, count);
}
