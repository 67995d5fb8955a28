// Fixed-point operators: the roundings at halves by hand, the convolution against one that
// scatters.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/fixed_math.h"
#include "base/fixed_point.h"
#include "op_case.h"
#include "ops/op_params.h"
#include "test_random.h"

enum { HALF = 1 << 30, ROUNDS = 60, MAX_VALUES = 4096 };

static void test_roundings(void **state) {
  (void)state;
  const mnw_fixed_factor half = {HALF, 0}, quarter = {HALF, -1}, twice = {HALF, 2};
  assert_int_equal(mnw_fixed_scale(3, half), 2);
  assert_int_equal(mnw_fixed_scale(-3, half), -1);
  assert_int_equal(mnw_fixed_scale(2, quarter), 1);
  assert_int_equal(mnw_fixed_scale(-2, quarter), -1);
  assert_int_equal(mnw_fixed_scale(-21, twice), -42);
  assert_int_equal(mnw_fixed_scale_wide(3, half), 2);
  assert_int_equal(mnw_fixed_scale_wide(-3, half), -1);
  assert_int_equal(mnw_fixed_scale_wide((int64_t)1 << 40, (mnw_fixed_factor){INT32_MAX, -20}),
                   0x7fff << 5);
  assert_false(mnw_fixed_is_valid((mnw_fixed_factor){HALF, 15}));
  assert_false(mnw_fixed_is_valid((mnw_fixed_factor){INT32_MIN, 0}));
}

static void test_rescale(void **state) {
  (void)state;
  const int16_t x[] = {-32768, -3, -1, 0, 1, 3, 20000, 32767};
  int16_t y[8];
  const op_case test = {.code = MNW_OP_RESCALE,
                        .param_count = 6,
                        .input_count = 1,
                        .params = {HALF, 2, HALF, 0, -10000, 32767},
                        .inputs = {{.dtype = MNW_DTYPE_S16, .rank = 1, .dims = {8}, .data = x}},
                        .output = {.dtype = MNW_DTYPE_S16, .rank = 1, .dims = {8}}};
  const int16_t expected[] = {-10000, -1, 0, 0, 2, 6, 32767, 32767};
  for (size_t set = 0; op_case_run(&test, set, y); set++) {
    assert_memory_equal(y, expected, sizeof expected);
  }
}

static void test_binary_broadcasts(void **state) {
  (void)state;
  const int16_t a[] = {100, -200, 300, 32767, -32768, 7}, b[] = {1, -2, 32767};
  int16_t y[6];
  // Terms at full weight (shift 1), their sum back by the 15 bits of headroom.
  op_case test = {.code = MNW_OP_FIXED_BINARY,
                  .param_count = 9,
                  .input_count = 2,
                  .params = {MNW_BINARY_SUB, HALF, 0, HALF, 0, HALF, -13, -32768, 32767},
                  .inputs = {{.dtype = MNW_DTYPE_S16, .rank = 2, .dims = {2, 3}, .data = a},
                             {.dtype = MNW_DTYPE_S16, .rank = 1, .dims = {3}, .data = b}},
                  .output = {.dtype = MNW_DTYPE_S16, .rank = 2, .dims = {2, 3}}};
  const int16_t difference[] = {99, -198, -32467, 32766, -32766, -32760};
  assert_true(op_case_run(&test, 0, y));
  assert_memory_equal(y, difference, sizeof y);
  test.params[MNW_FIXED_BINARY_FUNCTION] = MNW_BINARY_ADD;
  const int16_t sum[] = {101, -202, 32767, 32767, -32768, 32767};
  assert_true(op_case_run(&test, 0, y));
  assert_memory_equal(y, sum, sizeof y);
}

typedef struct sizes {
  int32_t in[2], out[2], kernel[2], stride[2], dilation[2], pad[2], groups, in_c, out_c;
} sizes;

// Every product of an input value and a weight goes to where it belongs.
static void scatter(int64_t *sums, const sizes *s, bool is_transposed, const int16_t *x,
                    const int8_t *w) {
  const int32_t *wide = is_transposed ? s->out : s->in, *narrow = is_transposed ? s->in : s->out;
  const int32_t group_in = s->in_c / s->groups, group_out = s->out_c / s->groups;
  for (int32_t ny = 0; ny < narrow[0]; ny++) {
    for (int32_t nx = 0; nx < narrow[1]; nx++) {
      for (int32_t k = 0; k < s->kernel[0] * s->kernel[1]; k++) {
        const int32_t ky = k / s->kernel[1], kx = k % s->kernel[1];
        const int32_t wy = ny * s->stride[0] - s->pad[0] + ky * s->dilation[0];
        const int32_t wx = nx * s->stride[1] - s->pad[1] + kx * s->dilation[1];
        if (wy < 0 || wx < 0 || wy >= wide[0] || wx >= wide[1]) continue;
        const int32_t at_narrow = ny * narrow[1] + nx, at_wide = wy * wide[1] + wx;
        const int32_t from = is_transposed ? at_narrow : at_wide;
        const int32_t to = is_transposed ? at_wide : at_narrow;
        for (int32_t o = 0; o < s->out_c; o++) {
          for (int32_t i = 0; i < group_in; i++) {
            const int32_t channel = o / group_out * group_in + i;
            sums[to * s->out_c + o] += x[from * s->in_c + channel] *
                                       w[(o * s->kernel[0] * s->kernel[1] + k) * group_in + i];
          }
        }
      }
    }
  }
}

static sizes random_sizes(uint32_t *seed, bool is_transposed) {
  sizes s = {.groups = random_between(seed, 1, 2)};
  s.in_c = s.groups * random_between(seed, 1, 3);
  s.out_c = s.groups * random_between(seed, 1, 3);
  for (int i = 0; i < 2; i++) {
    s.kernel[i] = random_between(seed, 1, 4);
    s.stride[i] = random_between(seed, 1, 3);
    s.dilation[i] = random_between(seed, 1, 2);
    s.pad[i] = random_between(seed, 0, 2);
    const int32_t wide = (s.kernel[i] - 1) * s.dilation[i] + random_between(seed, 1, 6);
    const int32_t narrow =
        (wide + s.pad[i] - (s.kernel[i] - 1) * s.dilation[i] - 1) / s.stride[i] + 1;
    s.in[i] = is_transposed ? narrow : wide;
    s.out[i] = is_transposed ? wide : narrow;
  }
  return s;
}

static void test_convolution(void **state) {
  (void)state;
  static int16_t x[MAX_VALUES], y[MAX_VALUES];
  static int8_t w[MAX_VALUES];
  uint32_t seed = 21;
  for (int round = 0; round < ROUNDS; round++) {
    const bool is_transposed = round % 2, is_wide = round % 4 < 2;
    const sizes s = random_sizes(&seed, is_transposed);
    int64_t sums[MAX_VALUES] = {0}, bias[6];
    int32_t narrow_bias[6], factors[12];
    random_bytes(&seed, x, sizeof x);
    random_bytes(&seed, w, sizeof w);
    for (int32_t o = 0; o < s.out_c; o++) {
      bias[o] = narrow_bias[o] = random_between(&seed, -100000, 100000);
      factors[o] = random_between(&seed, HALF, INT32_MAX);
      factors[s.out_c + o] = random_between(&seed, -12, -4);
    }
    const op_case test = {
        .code = MNW_OP_FIXED_CONV_2D,
        .param_count = 10,
        .input_count = 4,
        .params = {s.stride[0], s.stride[1], s.dilation[0], s.dilation[1], s.pad[0], s.pad[1],
                   s.groups, is_transposed, -32768, 30000},
        .inputs = {{.dtype = MNW_DTYPE_S16,
                    .rank = 4,
                    .dims = {1, s.in[0], s.in[1], s.in_c},
                    .data = x},
                   {.dtype = MNW_DTYPE_S8,
                    .rank = 4,
                    .dims = {s.out_c, s.kernel[0], s.kernel[1], s.in_c / s.groups},
                    .data = w,
                    .is_constant = true},
                   {.dtype = is_wide ? MNW_DTYPE_S64 : MNW_DTYPE_S32,
                    .rank = 1,
                    .dims = {s.out_c},
                    .data = is_wide ? (const void *)bias : narrow_bias,
                    .is_constant = true},
                   {.dtype = MNW_DTYPE_S32,
                    .rank = 2,
                    .dims = {2, s.out_c},
                    .data = factors,
                    .is_constant = true}},
        .output = {.dtype = MNW_DTYPE_S16, .rank = 4, .dims = {1, s.out[0], s.out[1], s.out_c}}};
    scatter(sums, &s, is_transposed, x, w);
    assert_true(op_case_run(&test, 0, y));
    for (int32_t i = 0; i < s.out[0] * s.out[1] * s.out_c; i++) {
      const int32_t o = i % s.out_c;
      const mnw_fixed_factor factor = {factors[o], factors[s.out_c + o]};
      const int32_t scaled = is_wide ? mnw_fixed_scale_wide(sums[i] + bias[o], factor)
                                     : mnw_fixed_scale((int32_t)sums[i] + narrow_bias[o], factor);
      assert_int_equal(y[i], mnw_fixed_clamp(scaled, -32768, 30000));
    }
  }
}

static void test_functions(void **state) {
  (void)state;
  for (int32_t x = INT16_MIN; x <= INT16_MAX; x++) {
    const double sigmoid = 32768.0 / (1.0 + exp(-x / 4096.0));
    assert_true(fabs(mnw_fixed_sigmoid((int16_t)x) - sigmoid) <= 14.0);
    for (int32_t bits = 0; bits <= 6; bits += 3) {
      const double tangent = 32768.0 * tanh(x / ldexp(1.0, 15 - bits));
      assert_true(fabs(mnw_fixed_tanh((int16_t)x, bits) - tangent) <= 32.0);
    }
  }
}

enum { LSTM_INPUT = 5, LSTM_HIDDEN = 6, LSTM_STEPS = 9, LSTM_BATCH = 2 };

typedef struct lstm_case {
  int8_t x[LSTM_BATCH * LSTM_STEPS * LSTM_INPUT], w[4 * LSTM_HIDDEN * LSTM_INPUT];
  int8_t r[4 * LSTM_HIDDEN * LSTM_HIDDEN];
  int32_t bias[2 * 4 * LSTM_HIDDEN], factors[18];
} lstm_case;

// 2^-7 steps for inputs, weights and outputs (zero points 0), 2^-14 for biases, 2^-12 for gates and
// cell: every factor is a power of two, only the fixed-point roundings remain.
static void real_lstm(double *y, const lstm_case *test) {
  for (int b = 0; b < LSTM_BATCH; b++) {
    double h[LSTM_HIDDEN] = {0}, cell[LSTM_HIDDEN] = {0}, gates[4][LSTM_HIDDEN];
    for (int t = 0; t < LSTM_STEPS; t++) {
      const int8_t *x = test->x + (b * LSTM_STEPS + t) * LSTM_INPUT;
      for (int row = 0; row < 4 * LSTM_HIDDEN; row++) {
        double sum = (test->bias[row] + test->bias[4 * LSTM_HIDDEN + row]) / 16384.0;
        for (int i = 0; i < LSTM_INPUT; i++) sum += x[i] * test->w[row * LSTM_INPUT + i] / 16384.0;
        for (int i = 0; i < LSTM_HIDDEN; i++) sum += h[i] * test->r[row * LSTM_HIDDEN + i] / 128.0;
        const bool is_cell = row / LSTM_HIDDEN == 2;
        gates[row / LSTM_HIDDEN][row % LSTM_HIDDEN] = is_cell ? tanh(sum) : 1 / (1 + exp(-sum));
      }
      for (int i = 0; i < LSTM_HIDDEN; i++) {
        cell[i] = fmax(-1.0, fmin(1.0, gates[1][i] * cell[i] + gates[0][i] * gates[2][i]));
        h[i] = gates[3][i] * tanh(cell[i]);
        y[(b * LSTM_STEPS + t) * LSTM_HIDDEN + i] = 128.0 * h[i];
      }
    }
  }
}

static void test_lstm(void **state) {
  (void)state;
  static lstm_case data;
  int8_t y[LSTM_BATCH * LSTM_STEPS * LSTM_HIDDEN];
  double expected[LSTM_BATCH * LSTM_STEPS * LSTM_HIDDEN];
  uint32_t seed = 5;
  random_bytes(&seed, data.x, sizeof data.x);
  random_bytes(&seed, data.w, sizeof data.w);
  random_bytes(&seed, data.r, sizeof data.r);
  for (int i = 0; i < 8 * LSTM_HIDDEN; i++) data.bias[i] = random_between(&seed, -9000, 9000);
  for (int i = 0; i < 9; i++) {
    data.factors[2 * i] = HALF;
    data.factors[2 * i + 1] = i < 8 ? -1 : -22;
  }
  const op_case test = {.code = MNW_OP_FIXED_LSTM,
                        .param_count = 3,
                        .input_count = 5,
                        .params = {0, 3, 4096},
                        .inputs = {{.dtype = MNW_DTYPE_S8,
                                    .rank = 3,
                                    .dims = {LSTM_BATCH, LSTM_STEPS, LSTM_INPUT},
                                    .data = data.x,
                                    .scale = 1.0f / 128},
                                   {.dtype = MNW_DTYPE_S8,
                                    .rank = 3,
                                    .dims = {4, LSTM_HIDDEN, LSTM_INPUT},
                                    .data = data.w,
                                    .is_constant = true},
                                   {.dtype = MNW_DTYPE_S8,
                                    .rank = 3,
                                    .dims = {4, LSTM_HIDDEN, LSTM_HIDDEN},
                                    .data = data.r,
                                    .is_constant = true},
                                   {.dtype = MNW_DTYPE_S32,
                                    .rank = 3,
                                    .dims = {2, 4, LSTM_HIDDEN},
                                    .data = data.bias,
                                    .is_constant = true},
                                   {.dtype = MNW_DTYPE_S32,
                                    .rank = 2,
                                    .dims = {9, 2},
                                    .data = data.factors,
                                    .is_constant = true}},
                        .output = {.dtype = MNW_DTYPE_S8,
                                   .rank = 3,
                                   .dims = {LSTM_BATCH, LSTM_STEPS, LSTM_HIDDEN},
                                   .scale = 1.0f / 128}};
  real_lstm(expected, &data);
  assert_true(op_case_run(&test, 0, y));
  // op_case_run() runs twice: a state that outlived the first run would show.
  for (size_t i = 0; i < sizeof y; i++) assert_true(fabs(y[i] - expected[i]) <= 2.5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_roundings),         cmocka_unit_test(test_rescale),
      cmocka_unit_test(test_binary_broadcasts), cmocka_unit_test(test_convolution),
      cmocka_unit_test(test_functions),         cmocka_unit_test(test_lstm),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
