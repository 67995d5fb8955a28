// The float32 kernels against the scalar specification. Half of the cases have small integers for
// values, whose sums are exact in any order and must be equal; the others may differ by what the
// rounding of their sums allows: 2^-23 * (terms + 1) * the sum of the terms' absolute values.
#include <math.h>
#include <string.h>

#include "kernel_check.h"
#include "kernel_random.h"
#include "kernels/packed_layout.h"

enum slot { SLOT_X, SLOT_W, SLOT_BIAS, SLOT_TAPS, SLOT_PADDING, SLOT_EXPECTED, SLOT_ACTUAL };

typedef enum value_kind { EXACT, ROUNDED, SPECIAL } value_kind;

static value_kind random_kind(case_random *random) {
  return random_one_in(random, 2) ? EXACT : random_one_in(random, 4) ? SPECIAL : ROUNDED;
}

static void random_floats(case_random *random, float *values, size_t count, value_kind kind) {
  const float specials[] = {INFINITY, -INFINITY, NAN, 0.0f, -0.0f, 1e-40f};
  for (size_t i = 0; i < count; i++) {
    values[i] = kind == EXACT ? (float)random_between(random, -8, 8)
                              : (float)random_between(random, -1000000, 1000000) * 1e-6f;
    if (kind == SPECIAL && random_one_in(random, 20)) {
      values[i] = specials[random_between(random, 0, 5)];
    }
  }
}

static void random_clamps(case_random *random, float *clamp_min, float *clamp_max) {
  *clamp_min = random_one_in(random, 2) ? -INFINITY : (float)random_between(random, -6, 0);
  *clamp_max = random_one_in(random, 2) ? INFINITY : (float)random_between(random, 0, 6);
}

static int32_t bits_of(float value) {
  int32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static bool is_close(float expected, float actual, double tolerance) {
  if (isnan(expected) || isnan(actual)) return isnan(expected) && isnan(actual);
  return expected == actual || fabs((double)expected - (double)actual) <= tolerance;
}

static void note_mismatch(kernel_mismatch *mismatch, size_t index, float expected, float actual) {
  if (mismatch->found) return;
  mismatch->found = true;
  mismatch->index = (uint32_t)index;
  mismatch->expected = bits_of(expected);
  mismatch->actual = bits_of(actual);
}

static void check_writes(kernel_mismatch *mismatch) {
  mismatch->wrote_outside = guarded_block_is_violated(SLOT_ACTUAL);
  mismatch->found = mismatch->found || mismatch->wrote_outside;
}

void check_gemm_f32(kernel_mismatch *mismatch, const struct mnw_kernels *set, uint32_t seed) {
  case_random random = {seed};
  const bool at_end = !random_one_in(&random, 4);
  const value_kind kind = random_kind(&random);
  const size_t rows =
      random_one_in(&random, 10) ? random_size(&random, 10, 70) : random_size(&random, 1, 9);
  const size_t k =
      random_one_in(&random, 10) ? random_size(&random, 71, 700) : random_size(&random, 1, 70);
  const size_t o_count = random_size(&random, 1, 40), padded = mnw_round_up(o_count, 8);
  const size_t x_stride = k + (random_one_in(&random, 2) ? 0 : random_size(&random, 1, 20));
  const size_t y_stride = o_count + (random_one_in(&random, 2) ? 0 : random_size(&random, 1, 20));
  const size_t x_count = (rows - 1) * x_stride + k, y_count = (rows - 1) * y_stride + o_count;
  float clamp_min, clamp_max;

  float *x = guarded_block(SLOT_X, x_count * sizeof *x, at_end);
  float *w = guarded_block(SLOT_W, padded * k * sizeof *w, at_end);
  float *bias = guarded_block(SLOT_BIAS, padded * sizeof *bias, at_end);
  float *expected = guarded_block(SLOT_EXPECTED, y_count * sizeof *expected, at_end);
  float *actual = guarded_block(SLOT_ACTUAL, y_count * sizeof *actual, at_end);
  random_floats(&random, x, x_count, kind);
  random_floats(&random, w, padded * k, kind);
  random_floats(&random, bias, padded, kind);
  random_clamps(&random, &clamp_min, &clamp_max);
  memset(expected, 0x5A, y_count * sizeof *expected);
  memset(actual, 0x5A, y_count * sizeof *actual);

  mnw_kernels__scalar.gemm_f32(expected, y_stride, x, x_stride, w, rows, k, o_count, bias,
                               clamp_min, clamp_max);
  set->gemm_f32(actual, y_stride, x, x_stride, w, rows, k, o_count, bias, clamp_min, clamp_max);

  *mismatch = (kernel_mismatch){.shape = {(uint32_t)rows, (uint32_t)k, (uint32_t)o_count,
                                          (uint32_t)x_stride, (uint32_t)y_stride}};
  for (size_t i = 0; i < y_count; i++) {
    const size_t row = i / y_stride, o = i % y_stride;
    double magnitude = 0.0;
    if (kind != EXACT && o < o_count) {
      magnitude = fabs((double)bias[o]);
      for (size_t j = 0; j < k; j++) {
        magnitude += fabs((double)x[row * x_stride + j] * w[mnw_tile_8_f32_index(o, j, k)]);
      }
    }
    const double tolerance = isfinite(magnitude) ? magnitude * (double)(k + 1) * 0x1p-23 : 0.0;
    if (!is_close(expected[i], actual[i], tolerance)) {
      note_mismatch(mismatch, i, expected[i], actual[i]);
    }
  }
  check_writes(mismatch);
}

void check_dwconv_f32(kernel_mismatch *mismatch, const struct mnw_kernels *set, uint32_t seed) {
  case_random random = {seed};
  const bool at_end = !random_one_in(&random, 4);
  const value_kind kind = random_kind(&random);
  const size_t channels = random_size(&random, 1, 40), input_pixels = random_size(&random, 1, 40);
  mnw_dwconv_shape shape;
  random_dwconv_shape(&random, &shape, channels);
  const size_t tap_count = shape.kernel_h * shape.kernel_w;
  const size_t table_size = dwconv_table_size(&shape);
  const size_t y_count = shape.rows * shape.pixels * channels;
  float clamp_min, clamp_max;

  float *x = guarded_block(SLOT_X, input_pixels * channels * sizeof *x, at_end);
  float *padding = guarded_block(SLOT_PADDING, channels * sizeof *padding, at_end);
  float *w = guarded_block(SLOT_W, tap_count * channels * sizeof *w, at_end);
  float *bias = guarded_block(SLOT_BIAS, channels * sizeof *bias, at_end);
  const void **table = guarded_block(SLOT_TAPS, table_size * sizeof *table, at_end);
  float *expected = guarded_block(SLOT_EXPECTED, y_count * sizeof *expected, at_end);
  float *actual = guarded_block(SLOT_ACTUAL, y_count * sizeof *actual, at_end);
  random_floats(&random, x, input_pixels * channels, kind);
  random_floats(&random, w, tap_count * channels, kind);
  random_floats(&random, bias, channels, kind);
  random_clamps(&random, &clamp_min, &clamp_max);
  memset(padding, 0, channels * sizeof *padding);
  for (size_t i = 0; i < table_size; i++) {
    table[i] = random_one_in(&random, 5) ? padding
                                         : x + random_size(&random, 0, input_pixels - 1) * channels;
  }

  mnw_kernels__scalar.dwconv_f32(expected, table, w, &shape, bias, clamp_min, clamp_max);
  set->dwconv_f32(actual, table, w, &shape, bias, clamp_min, clamp_max);

  *mismatch =
      (kernel_mismatch){.shape = {(uint32_t)shape.rows, (uint32_t)shape.pixels, (uint32_t)channels,
                                  (uint32_t)shape.kernel_h, (uint32_t)shape.kernel_w}};
  for (size_t i = 0; i < y_count; i++) {
    const size_t pixel = i / channels, c = i % channels;
    double magnitude = kind == EXACT ? 0.0 : fabs((double)bias[c]);
    for (size_t tap = 0; kind != EXACT && tap < tap_count; tap++) {
      const float *at =
          table[pixel / shape.pixels * shape.row_step + pixel % shape.pixels * shape.pixel_step +
                tap / shape.kernel_w * shape.tap_row_step + tap % shape.kernel_w * shape.tap_step];
      magnitude += fabs((double)at[c] * w[tap * channels + c]);
    }
    const double tolerance =
        isfinite(magnitude) ? magnitude * (double)(tap_count + 1) * 0x1p-23 : 0.0;
    if (!is_close(expected[i], actual[i], tolerance)) {
      note_mismatch(mismatch, i, expected[i], actual[i]);
    }
  }
  check_writes(mismatch);
}
