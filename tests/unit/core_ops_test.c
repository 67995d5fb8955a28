// Every operator, in every kernel set of this build, against straightforward formulas written here
// from docs/FORMAT.md.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/package_format.h"
#include "kernels/packed_layout.h"
#include "op_case.h"
#include "ops/op_params.h"
#include "package_builder.h"
#include "test_random.h"

enum { MAX_VALUES = 20000 };

static package_builder builder;  // large

// One operator with one activation input and output, run in all kernel sets; outputs must equal
// `expected`.
static void expect_outputs(const void *input, size_t input_bytes, const void *input_b,
                           const uint8_t *expected, size_t output_bytes) {
  builder_finish(&builder, 1000, 3);
  const mnw_kernels *kernels;
  for (size_t set = 0; (kernels = mnw_kernels_get(set)) != NULL; set++) {
    mnw_error error;
    loaded_package loaded = builder_load(&builder, kernels, 0);
    for (int run = 0; run < 2; run++) {
      memcpy(mnw_session_input(loaded.session, 0), input, input_bytes);
      if (input_b) memcpy(mnw_session_input(loaded.session, 1), input_b, input_bytes);
      assert_int_equal(mnw_session_run(loaded.session, &error), MNW_STATUS_OK);
      const uint8_t *got = mnw_session_output(loaded.session, 0);
      for (size_t i = 0; i < output_bytes; i++) {
        if (got[i] != expected[i]) {
          fail_msg("%s: byte %zu is %d, expected %d", mnw_kernels_name(kernels), i, (int8_t)got[i],
                   (int8_t)expected[i]);
        }
      }
    }
    loaded_free(&loaded);
  }
}

static int32_t clamp(int32_t value, int32_t low, int32_t high) {
  return value < low ? low : value > high ? high : value;
}

static int8_t requantize(int32_t acc, float multiplier, int32_t zero_point, int32_t low,
                         int32_t high) {
  const double rounded = nearbyint((double)((float)acc * multiplier));
  return (int8_t)clamp((int32_t)fmin(fmax(rounded, -1000.0), 1000.0) + zero_point, low, high);
}

typedef struct conv_case {
  int32_t n, h, w, in_c, out_c, kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
  int32_t pad_top, pad_left, out_h, out_w;
  int32_t x_zero_point, y_zero_point, weight_zero_point, weight_bits, low, high;
} conv_case;

static int32_t tap_value(const conv_case *c, const int8_t *x, int32_t n, int32_t oy, int32_t ox,
                         int32_t ky, int32_t kx, int32_t channel) {
  const int32_t iy = oy * c->stride_h - c->pad_top + ky * c->dilation_h;
  const int32_t ix = ox * c->stride_w - c->pad_left + kx * c->dilation_w;
  if (iy < 0 || iy >= c->h || ix < 0 || ix >= c->w) return 0;
  return x[((n * c->h + iy) * c->w + ix) * c->in_c + channel] - c->x_zero_point;
}

// weights [O][KH][KW][I], or for depthwise [KH][KW][C] with I = 1 in effect.
static void reference_conv(const conv_case *c, int is_depthwise, const int8_t *x,
                           const int8_t *weights, const int32_t *bias, const float *multiplier,
                           int8_t *y) {
  for (int32_t n = 0; n < c->n; n++) {
    for (int32_t oy = 0; oy < c->out_h; oy++) {
      for (int32_t ox = 0; ox < c->out_w; ox++) {
        for (int32_t o = 0; o < c->out_c; o++) {
          int32_t acc = bias[o];
          for (int32_t ky = 0; ky < c->kernel_h; ky++) {
            for (int32_t kx = 0; kx < c->kernel_w; kx++) {
              const int32_t tap = ky * c->kernel_w + kx;
              if (is_depthwise) {
                acc += tap_value(c, x, n, oy, ox, ky, kx, o / (c->out_c / c->in_c)) *
                       (weights[tap * c->out_c + o] - c->weight_zero_point);
                continue;
              }
              for (int32_t i = 0; i < c->in_c; i++) {
                acc += tap_value(c, x, n, oy, ox, ky, kx, i) *
                       (weights[(o * c->kernel_h * c->kernel_w + tap) * c->in_c + i] -
                        c->weight_zero_point);
              }
            }
          }
          *y++ = requantize(acc, multiplier[o], c->y_zero_point, c->low, c->high);
        }
      }
    }
  }
}

static conv_case random_conv(uint32_t *seed, int is_depthwise) {
  conv_case c = {
      .n = random_between(seed, 1, 2),
      .h = random_between(seed, 1, 9),
      .w = random_between(seed, 1, 9),
      .in_c = random_between(seed, 1, 19),
      .kernel_h = random_between(seed, 1, 4),
      .kernel_w = random_between(seed, 1, 4),
      .stride_h = random_between(seed, 1, 3),
      .stride_w = random_between(seed, 1, 3),
      .dilation_h = random_between(seed, 1, 2),
      .dilation_w = random_between(seed, 1, 2),
      .x_zero_point = random_between(seed, -128, 127),
      .y_zero_point = random_between(seed, -128, 127),
      .weight_zero_point = random_between(seed, 0, 2) ? 0 : random_between(seed, -20, 20),
      .weight_bits = random_between(seed, 7, 8)};
  if (random_between(seed, 0, 3) == 0) {  // pointwise
    c.kernel_h = c.kernel_w = c.stride_h = c.stride_w = 1;
  }
  c.out_c = is_depthwise ? c.in_c * random_between(seed, 1, 3) : random_between(seed, 1, 21);
  c.low = random_between(seed, -128, 0);
  c.high = random_between(seed, 1, 127);
  const int32_t reach_h = (c.kernel_h - 1) * c.dilation_h,
                reach_w = (c.kernel_w - 1) * c.dilation_w;
  c.pad_top = random_between(seed, 0, reach_h);
  c.pad_left = random_between(seed, 0, reach_w);
  c.out_h = random_between(seed, 1, (c.h - 1 + c.pad_top) / c.stride_h + 1);
  c.out_w = random_between(seed, 1, (c.w - 1 + c.pad_left) / c.stride_w + 1);
  return c;
}

static void build_conv(const conv_case *c, int is_depthwise, const int8_t *packed,
                       size_t packed_bytes, const int32_t *bias, const float *multiplier,
                       size_t padded) {
  const int32_t x_dims[] = {c->n, c->h, c->w, c->in_c},
                y_dims[] = {c->n, c->out_h, c->out_w, c->out_c};
  const int32_t conv_dims[] = {c->out_c, c->kernel_h, c->kernel_w, c->in_c};
  const int32_t depthwise_dims[] = {c->kernel_h, c->kernel_w, c->out_c};
  const int32_t padded_dims[] = {(int32_t)padded};
  const int32_t params[] = {c->kernel_h,
                            c->kernel_w,
                            c->stride_h,
                            c->stride_w,
                            c->dilation_h,
                            c->dilation_w,
                            c->pad_top,
                            c->pad_left,
                            c->weight_zero_point,
                            c->weight_bits,
                            c->low,
                            c->high,
                            1};
  builder_init(&builder);
  const int32_t x =
      builder_tensor(&builder, MNW_DTYPE_S8, 0, 4, x_dims, 0.5f, c->x_zero_point, NULL, 0);
  const int32_t w = is_depthwise ? builder_tensor(&builder, MNW_DTYPE_S8, MNW_LAYOUT_DEPTHWISE_8X2,
                                                  3, depthwise_dims, 0.0f, 0, packed, packed_bytes)
                                 : builder_tensor(&builder, MNW_DTYPE_S8, MNW_LAYOUT_TILE_8X4, 4,
                                                  conv_dims, 0.0f, 0, packed, packed_bytes);
  const int32_t b =
      builder_tensor(&builder, MNW_DTYPE_S32, 0, 1, padded_dims, 0, 0, bias, 4 * padded);
  const int32_t m =
      builder_tensor(&builder, MNW_DTYPE_F32, 0, 1, padded_dims, 0, 0, multiplier, 4 * padded);
  const int32_t y =
      builder_tensor(&builder, MNW_DTYPE_S8, 0, 4, y_dims, 0.5f, c->y_zero_point, NULL, 0);
  const int32_t inputs[] = {x, w, b, m};
  builder_op(&builder, is_depthwise ? MNW_OP_DEPTHWISE_CONV_2D : MNW_OP_CONV_2D, 4, inputs, y, 13,
             params);
  builder_input(&builder, x);
  builder_output(&builder, y);
}

static void run_conv_case(uint32_t *seed, int is_depthwise) {
  static int8_t x[MAX_VALUES], weights[MAX_VALUES], packed[MAX_VALUES], y[MAX_VALUES];
  int32_t bias[64] = {0}, folded[64] = {0};
  float multiplier[64] = {0};
  const conv_case c = random_conv(seed, is_depthwise);
  const size_t taps = (size_t)(c.kernel_h * c.kernel_w), channels = (size_t)c.out_c;
  const size_t k = taps * (size_t)c.in_c, padded = mnw_round_up(channels, 8);
  const size_t x_bytes = (size_t)(c.n * c.h * c.w * c.in_c);
  const size_t y_bytes = (size_t)(c.n * c.out_h * c.out_w) * channels;
  const size_t weight_count = is_depthwise ? taps * channels : k * channels;
  const size_t packed_bytes =
      is_depthwise ? mnw_depthwise_8x2_bytes(channels, taps) : mnw_tile_8x4_bytes(channels, k);
  assert_true(x_bytes <= MAX_VALUES && packed_bytes <= MAX_VALUES && y_bytes <= MAX_VALUES);
  random_bytes(seed, x, x_bytes);
  for (size_t i = 0; i < weight_count; i++) {
    const int32_t limit = c.weight_bits == 7 ? 63 : 127;
    weights[i] =
        (int8_t)clamp(random_between(seed, -limit - 1, limit) + c.weight_zero_point, -128, 127);
  }
  memset(packed, c.weight_zero_point, packed_bytes);
  for (size_t o = 0; o < channels; o++) {
    multiplier[o] = (float)random_between(seed, 1, 1000) / 100000.0f;
    bias[o] = folded[o] = random_between(seed, -5000, 5000);
    for (size_t i = 0; i < weight_count / channels; i++) {
      const int8_t weight = is_depthwise ? weights[i * channels + o] : weights[o * k + i];
      packed[is_depthwise ? mnw_depthwise_8x2_index(o, i, taps) : mnw_tile_8x4_index(o, i, k)] =
          weight;
      folded[o] -= c.x_zero_point * (weight - c.weight_zero_point);
    }
  }
  reference_conv(&c, is_depthwise, x, weights, bias, multiplier, y);
  build_conv(&c, is_depthwise, packed, packed_bytes, folded, multiplier, padded);
  expect_outputs(x, x_bytes, NULL, (const uint8_t *)y, y_bytes);
}

static void conv_2d_matches_the_definition(void **state) {
  uint32_t seed = 7;
  (void)state;
  for (int i = 0; i < 300; i++) run_conv_case(&seed, 0);
}

static void depthwise_conv_2d_matches_the_definition(void **state) {
  uint32_t seed = 8;
  (void)state;
  for (int i = 0; i < 300; i++) run_conv_case(&seed, 1);
}

static void fully_connected_matches_the_definition(void **state) {
  static int8_t x[MAX_VALUES], weights[MAX_VALUES], packed[MAX_VALUES], y[MAX_VALUES];
  uint32_t seed = 9;
  (void)state;
  for (int pass = 0; pass < 200; pass++) {
    const int32_t rows = random_between(&seed, 1, 6), k = random_between(&seed, 1, 90);
    const int32_t o_count = random_between(&seed, 1, 30);
    const size_t padded = mnw_round_up((size_t)o_count, 8);
    int32_t bias[32] = {0};
    float multiplier[32] = {0};
    random_bytes(&seed, x, (size_t)(rows * k));
    random_bytes(&seed, weights, (size_t)(o_count * k));
    memset(packed, 0, mnw_tile_8x4_bytes((size_t)o_count, (size_t)k));
    for (int32_t o = 0; o < o_count; o++) {
      bias[o] = random_between(&seed, -9000, 9000);
      multiplier[o] = (float)random_between(&seed, 1, 100) / 20000.0f;
      for (int32_t i = 0; i < k; i++) {
        packed[mnw_tile_8x4_index((size_t)o, (size_t)i, (size_t)k)] = weights[o * k + i];
      }
    }
    for (int32_t r = 0; r < rows; r++) {
      for (int32_t o = 0; o < o_count; o++) {
        int32_t acc = bias[o];
        for (int32_t i = 0; i < k; i++) acc += x[r * k + i] * weights[o * k + i];
        y[r * o_count + o] = requantize(acc, multiplier[o], 3, -100, 127);
      }
    }
    const int32_t x_dims[] = {rows, k}, w_dims[] = {o_count, k}, y_dims[] = {rows, o_count};
    const int32_t padded_dims[] = {(int32_t)padded}, params[] = {0, 8, -100, 127};
    builder_init(&builder);
    const int32_t inputs[] = {
        builder_tensor(&builder, MNW_DTYPE_S8, 0, 2, x_dims, 1, 0, NULL, 0),
        builder_tensor(&builder, MNW_DTYPE_S8, MNW_LAYOUT_TILE_8X4, 2, w_dims, 0, 0, packed,
                       mnw_tile_8x4_bytes((size_t)o_count, (size_t)k)),
        builder_tensor(&builder, MNW_DTYPE_S32, 0, 1, padded_dims, 0, 0, bias, 4 * padded),
        builder_tensor(&builder, MNW_DTYPE_F32, 0, 1, padded_dims, 0, 0, multiplier, 4 * padded)};
    const int32_t out = builder_tensor(&builder, MNW_DTYPE_S8, 0, 2, y_dims, 1, 3, NULL, 0);
    builder_op(&builder, MNW_OP_FULLY_CONNECTED, 4, inputs, out, 4, params);
    builder_input(&builder, inputs[0]);
    builder_output(&builder, out);
    expect_outputs(x, (size_t)(rows * k), NULL, (const uint8_t *)y, (size_t)(rows * o_count));
  }
}

static int32_t simple_op(uint32_t code, mnw_dtype x_dtype, const int32_t *x_dims, float x_scale,
                         int32_t x_zero, mnw_dtype y_dtype, const int32_t *y_dims, float y_scale,
                         int32_t y_zero, uint32_t param_count, const int32_t *params) {
  builder_init(&builder);
  const int32_t x = builder_tensor(&builder, x_dtype, 0, 4, x_dims, x_scale, x_zero, NULL, 0);
  const int32_t y = builder_tensor(&builder, y_dtype, 0, 4, y_dims, y_scale, y_zero, NULL, 0);
  builder_op(&builder, code, 1, &x, y, param_count, params);
  builder_input(&builder, x);
  builder_output(&builder, y);
  return y;
}

static void add_is_within_one_rounding_of_the_real_sum(void **state) {
  static int8_t a[999], b[999];
  uint32_t seed = 10;
  const int32_t dims[] = {3, 9, 37, 1};
  (void)state;
  for (int pass = 0; pass < 60; pass++) {
    const float a_scale = (float)random_between(&seed, 1, 100) / 50,
                b_scale = (float)random_between(&seed, 1, 100) / 50;
    const float y_scale = (float)random_between(&seed, 1, 200) / 50;
    const int32_t zero[] = {random_between(&seed, -128, 127), random_between(&seed, -128, 127),
                            random_between(&seed, -128, 127)};
    const int32_t params[] = {-120, 125};
    random_bytes(&seed, a, sizeof a);
    random_bytes(&seed, b, sizeof b);
    builder_init(&builder);
    const int32_t inputs[] = {
        builder_tensor(&builder, MNW_DTYPE_S8, 0, 4, dims, a_scale, zero[0], NULL, 0),
        builder_tensor(&builder, MNW_DTYPE_S8, 0, 4, dims, b_scale, zero[1], NULL, 0)};
    const int32_t y = builder_tensor(&builder, MNW_DTYPE_S8, 0, 4, dims, y_scale, zero[2], NULL, 0);
    builder_op(&builder, MNW_OP_ADD, 2, inputs, y, 2, params);
    builder_input(&builder, inputs[0]);
    builder_input(&builder, inputs[1]);
    builder_output(&builder, y);
    builder_finish(&builder, 1000, 3);
    const mnw_kernels *kernels;
    for (size_t set = 0; (kernels = mnw_kernels_get(set)) != NULL; set++) {
      loaded_package loaded = builder_load(&builder, kernels, 0);
      memcpy(mnw_session_input(loaded.session, 0), a, sizeof a);
      memcpy(mnw_session_input(loaded.session, 1), b, sizeof b);
      assert_int_equal(mnw_session_run(loaded.session, NULL), MNW_STATUS_OK);
      const int8_t *got = mnw_session_output(loaded.session, 0);
      for (size_t i = 0; i < sizeof a; i++) {
        const double real =
            ((double)a_scale * (a[i] - zero[0]) + (double)b_scale * (b[i] - zero[1])) /
            (double)y_scale;
        const double expected = fmin(fmax(real + zero[2], -120), 125);
        assert_true(fabs(got[i] - expected) <= 0.5 + 1e-3);
      }
      loaded_free(&loaded);
    }
  }
}

static void pools_match_the_definition(void **state) {
  static int8_t x[MAX_VALUES];
  static uint8_t y[MAX_VALUES];
  uint32_t seed = 11;
  (void)state;
  for (int pass = 0; pass < 200; pass++) {
    const int is_max = pass % 2, ties_up = pass % 4 == 0;
    const int32_t h = random_between(&seed, 1, 9), w = random_between(&seed, 1, 9),
                  c = random_between(&seed, 1, 20);
    const int32_t fh = random_between(&seed, 1, 4), fw = random_between(&seed, 1, 4);
    const int32_t sh = random_between(&seed, 1, 3), sw = random_between(&seed, 1, 3);
    const int32_t pt = random_between(&seed, 0, fh - 1), pl = random_between(&seed, 0, fw - 1);
    const int32_t oh = random_between(&seed, 1, (h - 1 + pt) / sh + 1),
                  ow = random_between(&seed, 1, (w - 1 + pl) / sw + 1);
    const int32_t params[] = {fh, fw, sh, sw, pt, pl, -110, 120, ties_up};
    const int32_t x_dims[] = {1, h, w, c}, y_dims[] = {1, oh, ow, c};
    random_bytes(&seed, x, (size_t)(h * w * c));
    for (int32_t i = 0; i < oh * ow * c; i++) {
      const int32_t oy = i / (ow * c), ox = i / c % ow, channel = i % c;
      int32_t sum = 0, count = 0, max = -128;
      for (int32_t iy = oy * sh - pt; iy < oy * sh - pt + fh; iy++) {
        for (int32_t ix = ox * sw - pl; ix < ox * sw - pl + fw; ix++) {
          if (iy < 0 || iy >= h || ix < 0 || ix >= w) continue;
          const int32_t value = x[(iy * w + ix) * c + channel];
          sum += value;
          count++;
          if (value > max) max = value;
        }
      }
      const double exact = (double)sum / count;
      const int32_t average = (int32_t)(ties_up ? floor(exact + 0.5) : round(exact));
      y[i] = (uint8_t)clamp(is_max ? max : average, -110, 120);
    }
    simple_op(is_max ? MNW_OP_MAX_POOL_2D : MNW_OP_AVERAGE_POOL_2D, MNW_DTYPE_S8, x_dims, 0.5f, 4,
              MNW_DTYPE_S8, y_dims, 0.5f, 4, 9, params);
    expect_outputs(x, (size_t)(h * w * c), NULL, y, (size_t)(oh * ow * c));
  }
}

static void mean_is_the_rescaled_average(void **state) {
  static int8_t x[2 * 7 * 7 * 33];
  uint8_t y[2 * 33];
  uint32_t seed = 12;
  const int32_t x_dims[] = {2, 7, 7, 33}, y_dims[] = {2, 1, 1, 33}, axes = 1 << 1 | 1 << 2;
  (void)state;
  random_bytes(&seed, x, sizeof x);
  for (int32_t i = 0; i < 66; i++) {
    int32_t sum = 0;
    for (int32_t p = 0; p < 49; p++) sum += x[(i / 33 * 49 + p) * 33 + i % 33] + 20;
    y[i] = (uint8_t)clamp((int32_t)nearbyintf((float)sum * (0.3f / 0.05f / 49.0f)) - 9, -128, 127);
  }
  simple_op(MNW_OP_MEAN, MNW_DTYPE_S8, x_dims, 0.3f, -20, MNW_DTYPE_S8, y_dims, 0.05f, -9, 1,
            &axes);
  expect_outputs(x, sizeof x, NULL, y, sizeof y);
}

static void pad_surrounds_with_the_value(void **state) {
  int8_t x[2 * 3 * 2 * 5];
  uint8_t y[3 * 6 * 4 * 7];
  uint32_t seed = 13;
  const int32_t x_dims[] = {2, 3, 2, 5}, y_dims[] = {3, 6, 4, 7};
  const int32_t params[] = {1, 2, 0, 1, 0, 0, -7, 0};
  (void)state;
  random_bytes(&seed, x, sizeof x);
  memset(y, -7, sizeof y);
  for (int32_t i = 0; i < (int32_t)sizeof x; i++) {
    const int32_t n = i / 30, h = i / 10 % 3, w = i / 5 % 2, c = i % 5;
    y[(((n + 1) * 6 + h + 2) * 4 + w) * 7 + c + 1] = (uint8_t)x[i];
  }
  simple_op(MNW_OP_PAD, MNW_DTYPE_S8, x_dims, 1, 0, MNW_DTYPE_S8, y_dims, 1, 0, 8, params);
  expect_outputs(x, sizeof x, NULL, y, sizeof y);
}

static void softmax_is_within_one_step_and_sums_to_one(void **state) {
  int8_t x[4 * 50];
  uint32_t seed = 14;
  const int32_t dims[] = {1, 2, 2, 50};
  int32_t beta_bits;
  const float beta = 1.5f, scale = 0.1f;
  (void)state;
  memcpy(&beta_bits, &beta, sizeof beta_bits);
  random_bytes(&seed, x, sizeof x);
  simple_op(MNW_OP_SOFTMAX, MNW_DTYPE_S8, dims, scale, 3, MNW_DTYPE_S8, dims, 1.0f / 256, -128, 1,
            &beta_bits);
  builder_finish(&builder, 1000, 3);
  loaded_package loaded = builder_load(&builder, mnw_kernels_get(0), 0);
  memcpy(mnw_session_input(loaded.session, 0), x, sizeof x);
  assert_int_equal(mnw_session_run(loaded.session, NULL), MNW_STATUS_OK);
  const int8_t *y = mnw_session_output(loaded.session, 0);
  for (int row = 0; row < 4; row++) {
    double sum = 0;
    for (int i = 0; i < 50; i++) sum += exp((double)(beta * scale) * x[row * 50 + i]);
    for (int i = 0; i < 50; i++) {
      const double probability = exp((double)(beta * scale) * x[row * 50 + i]) / sum;
      assert_true(fabs((y[row * 50 + i] + 128) / 256.0 - fmin(probability, 255.0 / 256)) <=
                  0.51 / 256);
    }
  }
  loaded_free(&loaded);
}

static void quantize_converts_between_all_8_bit_forms_and_float(void **state) {
  uint8_t x[256], expected[256];
  float values[256];
  const int32_t dims[] = {1, 4, 8, 8};
  (void)state;
  for (int i = 0; i < 256; i++) {
    x[i] = (uint8_t)i;
    expected[i] = (uint8_t)(i - 128);
    values[i] = (float)(i - 100) * 0.37f;
  }
  simple_op(MNW_OP_QUANTIZE, MNW_DTYPE_U8, dims, 0.5f, 100, MNW_DTYPE_S8, dims, 0.5f, -28, 0, NULL);
  expect_outputs(x, 256, NULL, expected, 256);
  simple_op(MNW_OP_QUANTIZE, MNW_DTYPE_S8, dims, 0.5f, -28, MNW_DTYPE_U8, dims, 0.5f, 100, 0, NULL);
  expect_outputs(expected, 256, NULL, x, 256);
  for (int i = 0; i < 256; i++) {
    expected[i] = (uint8_t)clamp((int32_t)nearbyintf(values[i] * (1.0f / 0.25f)) + 5, -128, 127);
  }
  simple_op(MNW_OP_QUANTIZE, MNW_DTYPE_F32, dims, 0, 0, MNW_DTYPE_S8, dims, 0.25f, 5, 0, NULL);
  expect_outputs(values, sizeof values, NULL, expected, 256);
  for (int i = 0; i < 256; i++) values[i] = (float)(i - 77) * 0.5f;
  simple_op(MNW_OP_DEQUANTIZE, MNW_DTYPE_U8, dims, 0.5f, 77, MNW_DTYPE_F32, dims, 0, 0, 0, NULL);
  expect_outputs(x, 256, NULL, (const uint8_t *)values, sizeof values);
}

// A DEQUANTIZE of [3][2][4] with factors of shape [channels], or [channels, 1] where `is_first`.
static op_case factors_case(const int8_t *x, const float *factors, int32_t channels,
                            bool is_first) {
  return (op_case){.code = MNW_OP_DEQUANTIZE,
                   .input_count = 2,
                   .inputs = {{.dtype = MNW_DTYPE_S8,
                               .rank = 3,
                               .dims = {3, 2, 4},
                               .data = x,
                               .scale = 0.5f,
                               .zero_point = 3},
                              {.dtype = MNW_DTYPE_F32,
                               .rank = is_first ? 2 : 1,
                               .dims = {channels, 1},
                               .data = factors,
                               .is_constant = true}},
                   .output = {.dtype = MNW_DTYPE_F32, .rank = 3, .dims = {3, 2, 4}}};
}

// `run`: how many consecutive elements have one factor.
static void check_factors(const float *factors, int32_t channels, bool is_first, int run) {
  int8_t x[24];
  float y[24];
  uint32_t seed = 21;
  random_bytes(&seed, x, sizeof x);
  const op_case test = factors_case(x, factors, channels, is_first);
  for (size_t set = 0; op_case_run(&test, set, y); set++) {
    for (int i = 0; i < 24; i++) {
      assert_true(y[i] == (float)(x[i] - 3) * factors[i / run % channels]);
    }
  }
}

static void dequantize_takes_factors_of_first_axes_or_of_the_last(void **state) {
  static const float factors[6] = {0.25f, 3.0f, -1.5f, 0.125f, 7.0f, 1e-3f};
  (void)state;
  check_factors(factors, 3, true, 8);
  check_factors(factors, 6, true, 4);
  check_factors(factors, 4, false, 1);
}

static void expect_refused(const op_case *test) {
  mnw_error error;
  assert_int_equal(op_case_load(test, &error), MNW_STATUS_INVALID_GRAPH);
}

static void dequantize_refuses_other_factors(void **state) {
  static const int8_t x[24];
  static const float factors[24] = {0};
  (void)state;
  op_case test = factors_case(x, factors, 5, true);
  expect_refused(&test);
  test = factors_case(x, factors, 4, false);
  test.inputs[1].dtype = MNW_DTYPE_S32;
  expect_refused(&test);
  test = factors_case(x, factors, 4, false);
  test.inputs[1].is_constant = false;
  expect_refused(&test);
  test = factors_case(x, factors, 4, false);
  test.inputs[1].data = NULL;
  expect_refused(&test);
  test = factors_case(x, factors, 4, false);
  test.inputs[0].dtype = MNW_DTYPE_S16;
  test.inputs[0].zero_point = 0;
  expect_refused(&test);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(dequantize_takes_factors_of_first_axes_or_of_the_last),
      cmocka_unit_test(dequantize_refuses_other_factors),
      cmocka_unit_test(conv_2d_matches_the_definition),
      cmocka_unit_test(depthwise_conv_2d_matches_the_definition),
      cmocka_unit_test(fully_connected_matches_the_definition),
      cmocka_unit_test(add_is_within_one_rounding_of_the_real_sum),
      cmocka_unit_test(pools_match_the_definition),
      cmocka_unit_test(mean_is_the_rescaled_average),
      cmocka_unit_test(pad_surrounds_with_the_value),
      cmocka_unit_test(softmax_is_within_one_step_and_sums_to_one),
      cmocka_unit_test(quantize_converts_between_all_8_bit_forms_and_float),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
