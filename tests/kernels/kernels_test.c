// Native tests of the kernels: each set of this build against the scalar specification, and the
// specification against results worked out independently.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel_check.h"
#include "kernels/packed_layout.h"
#include "kernels/requantize.h"
#include "minnow/minnow.h"

typedef void check_fn(kernel_mismatch *mismatch, const struct mnw_kernels *set, uint32_t seed);

enum { DEFAULT_CASES = 4000 };

// MNW_KERNEL_CASES asks for more cases than usual.
static uint32_t case_count(void) {
  const char *text = getenv("MNW_KERNEL_CASES");
  return text != NULL ? (uint32_t)strtoul(text, NULL, 10) : DEFAULT_CASES;
}

static void check_all_sets(const char *kernel, check_fn *check) {
  for (size_t i = 0; checked_set(i) != NULL; i++) {
    const mnw_kernels *set = checked_set(i);
    for (uint32_t seed = 1; seed <= case_count(); seed++) {
      kernel_mismatch m;
      check(&m, set, seed);
      if (m.found) {
        fail_msg("%s__%s, seed %u, shape %u %u %u %u %u %d: y[%u] is %d, not %d%s", kernel,
                 mnw_kernels_name(set), seed, m.shape[0], m.shape[1], m.shape[2], m.shape[3],
                 m.shape[4], (int)m.shape[5], m.index, m.actual, m.expected,
                 m.wrote_outside ? "; wrote outside its output" : "");
      }
    }
  }
}

#define MNW_KERNEL(kernel, summary)                        \
  static void kernel##_matches_scalar(void **test_state) { \
    (void)test_state;                                      \
    check_all_sets(#kernel, check_##kernel);               \
  }
#include "kernels/kernel_table.inc"
#undef MNW_KERNEL

static void sets_are_listed_best_first(void **test_state) {
  (void)test_state;
  size_t count = 0;
  while (mnw_kernels_get(count) != NULL) {
    count++;
  }
  assert_true(count >= 1);
  assert_string_equal(mnw_kernels_name(mnw_kernels_get(count - 1)), "scalar");
  assert_null(mnw_kernels_get(count));
  assert_null(mnw_kernels_get(SIZE_MAX));
}

static void requantize_rounds_to_nearest_even(void **test_state) {
  (void)test_state;
  const mnw_requant requant = {.zero_point = -7, .clamp_min = -128, .clamp_max = 127};
  const float multipliers[] = {0.5f, 0.25f, 1.0f, 0.00390625f, 0.0123456f, 3e-9f, 1e9f};
  for (size_t m = 0; m < sizeof multipliers / sizeof multipliers[0]; m++) {
    for (int64_t acc = -70000; acc <= 70000; acc++) {
      // The independent way: the C library's rounding, the clamp last.
      const float rounded = rintf((float)acc * multipliers[m]) - 7.0f;
      const int expected = rounded < -128 ? -128 : (rounded > 127 ? 127 : (int)rounded);
      assert_int_equal(mnw_requantize((int32_t)acc, multipliers[m], &requant), expected);
    }
  }
  assert_int_equal(mnw_requantize(INT32_MIN, 1.0f, &requant), -128);
  assert_int_equal(mnw_requantize(INT32_MAX, 1.0f, &requant), 127);
  assert_int_equal(mnw_requantize(1, NAN, &requant), -128);
  assert_int_equal(mnw_requantize(0, INFINITY, &requant), -128);  // 0 * inf is a NaN
}

static void scalar_gemm_follows_the_packed_layout(void **test_state) {
  (void)test_state;
  // y = [1 2 3 4 5; 6 7 8 9 10] . w^T, w[o][k] = 10 o + k - zero_point, 9 channels over two tiles.
  enum { ROWS = 2, K = 5, O = 9 };
  const int8_t x[ROWS][K] = {{1, 2, 3, 4, 5}, {6, 7, 8, 9, 10}};
  int8_t w[2 * 8 * 8];
  assert_int_equal(sizeof w, mnw_tile_8x4_bytes(O, K));
  memset(w, 99, sizeof w);
  for (size_t o = 0; o < O; o++) {
    for (size_t k = 0; k < K; k++) {
      w[mnw_tile_8x4_index(o, k, K)] = (int8_t)(10 * o + k);
    }
  }
  assert_int_equal(w[(2 * 8) * 4 + 4 + 0], 99);  // o 9, k 0: absent
  assert_int_equal(w[(2 * 8 + 8) * 4], 84);      // o 8, k 4
  int32_t bias[16] = {1000, 0, 0, 0, 0, 0, 0, 0, -1000};
  float multiplier[16];
  for (int o = 0; o < 16; o++) {
    multiplier[o] = 1.0f / 64;
  }
  const mnw_requant requant = {bias, multiplier, 3, -128, 127};
  int8_t y[ROWS][O];
  mnw_kernels__scalar.gemm_s8(&y[0][0], O, &x[0][0], K, w, ROWS, K, O, 2, 8, &requant);
  for (int row = 0; row < ROWS; row++) {
    for (int o = 0; o < O; o++) {
      int acc = bias[o];
      for (int k = 0; k < K; k++) {
        acc += (5 * row + k + 1) * (10 * o + k - 2);
      }
      const int expected = (int)lrint(acc / 64.0) + 3;
      assert_int_equal(y[row][o], expected > 127 ? 127 : expected);
    }
  }
}

static void scalar_dwconv_follows_the_packed_layout(void **test_state) {
  (void)test_state;
  enum { TAPS = 3, CHANNELS = 10 };
  int8_t inputs[TAPS][CHANNELS], w[2 * 8 * 4];
  assert_int_equal(sizeof w, mnw_depthwise_8x2_bytes(CHANNELS, TAPS));
  memset(w, 77, sizeof w);
  const void *taps[TAPS];
  for (int tap = 0; tap < TAPS; tap++) {
    taps[tap] = inputs[tap];
    for (int c = 0; c < CHANNELS; c++) {
      inputs[tap][c] = (int8_t)(tap - c);
      w[mnw_depthwise_8x2_index((size_t)c, (size_t)tap, TAPS)] = (int8_t)(2 * tap + c);
    }
  }
  assert_int_equal(w[8 * 4 + 8 * 2 + 1 * 2], 2 * 2 + 9);  // channel 9, tap 2
  int32_t bias[16] = {0};
  float multiplier[16];
  for (int c = 0; c < 16; c++) {
    multiplier[c] = 0.5f;
  }
  const mnw_requant requant = {bias, multiplier, 0, -128, 127};
  int8_t y[CHANNELS];
  const mnw_dwconv_shape shape = {
      .rows = 1, .pixels = 1, .channels = CHANNELS, .kernel_h = 1, .kernel_w = TAPS, .tap_step = 1};
  mnw_kernels__scalar.dwconv_s8(y, taps, w, &shape, 1, &requant);
  for (int c = 0; c < CHANNELS; c++) {
    int acc = 0;
    for (int tap = 0; tap < TAPS; tap++) {
      acc += (tap - c) * (2 * tap + c - 1);
    }
    const int expected = (int)lrint(acc / 2.0);
    assert_int_equal(y[c], expected < -128 ? -128 : expected);
  }
}

static void scalar_add_rounds_as_its_bias_says(void **test_state) {
  (void)test_state;
  // (a + b / 2) / 4 with the rounding half in the bias, in units of 2^-20.
  const mnw_add_params params = {1 << 19, 1 << 18, 1 << 17, 20, 1, -3, 30};
  const int8_t a[] = {0, 2, 3, -2, -128, 127, 1}, b[] = {0, 0, 2, 0, -128, 127, 1};
  const int8_t expected[] = {1, 2, 2, 1, -3, 30, 1};
  int8_t y[sizeof a];
  mnw_kernels__scalar.add_s8(y, a, b, sizeof a, &params);
  assert_memory_equal(y, expected, sizeof a);
}

static void scalar_gemm_f32_follows_the_packed_layout(void **test_state) {
  (void)test_state;
  enum { ROWS = 2, K = 3, O = 9 };
  const float x[ROWS][K] = {{1, 2, 3}, {4, 5, 6}};
  float w[2 * 8 * K], bias[16] = {100, 0, 0, 0, 0, 0, 0, 0, -1000}, y[ROWS][O];
  for (size_t i = 0; i < sizeof w / sizeof w[0]; i++) {
    w[i] = 99;
  }
  for (size_t o = 0; o < O; o++) {
    for (size_t k = 0; k < K; k++) {
      w[mnw_tile_8_f32_index(o, k, K)] = (float)(10 * o + k);
    }
  }
  assert_float_equal(w[8 * K + 2 * 8], 82, 0);  // o 8, k 2
  assert_float_equal(w[8 * K + 1], 99, 0);      // o 9: absent
  mnw_kernels__scalar.gemm_f32(&y[0][0], O, &x[0][0], K, w, ROWS, K, O, bias, -700.0f, 900.0f);
  for (int row = 0; row < ROWS; row++) {
    for (int o = 0; o < O; o++) {
      float acc = bias[o];
      for (int k = 0; k < K; k++) {
        acc += (float)((3 * row + k + 1) * (10 * o + k));
      }
      assert_float_equal(y[row][o], fmaxf(-700.0f, fminf(acc, 900.0f)), 0);
    }
  }
}

static void scalar_dwconv_f32_reads_row_major_weights(void **test_state) {
  (void)test_state;
  const float inputs[2][3] = {{1, 2, 3}, {4, 5, 6}}, w[] = {1, 10, 100, 2, 20, 200};
  const float bias[] = {0.5f, -1, 0};
  const void *taps[] = {inputs[0], inputs[1]};
  const mnw_dwconv_shape shape = {
      .rows = 1, .pixels = 1, .channels = 3, .kernel_h = 2, .kernel_w = 1, .tap_row_step = 1};
  float y[3];
  mnw_kernels__scalar.dwconv_f32(y, taps, w, &shape, bias, -INFINITY, 1000.0f);
  assert_float_equal(y[0], 9.5, 0);
  assert_float_equal(y[1], 119, 0);
  assert_float_equal(y[2], 1000, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sets_are_listed_best_first),
      cmocka_unit_test(requantize_rounds_to_nearest_even),
      cmocka_unit_test(scalar_gemm_follows_the_packed_layout),
      cmocka_unit_test(scalar_dwconv_follows_the_packed_layout),
      cmocka_unit_test(scalar_add_rounds_as_its_bias_says),
      cmocka_unit_test(scalar_gemm_f32_follows_the_packed_layout),
      cmocka_unit_test(scalar_dwconv_f32_reads_row_major_weights),
#define MNW_KERNEL(kernel, summary) cmocka_unit_test(kernel##_matches_scalar),
#include "kernels/kernel_table.inc"
#undef MNW_KERNEL
  };
  return cmocka_run_group_tests_name("kernels", tests, NULL, NULL);
}
