// UNARY, WHERE and CAST against formulas in double or integers, written here from
// core/ops/op_params.h, over the whole range of their dtypes.
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "element_samples.h"
#include "ops/op_params.h"
#include "test_random.h"

// --- UNARY ---

typedef double reference(double x, double alpha, double beta);

#define REFERENCE(name, expression)                              \
  static double name##_of(double x, double alpha, double beta) { \
    (void)alpha;                                                 \
    (void)beta;                                                  \
    return (expression);                                         \
  }
REFERENCE(abs, fabs(x))
REFERENCE(neg, -x)
REFERENCE(sign, isnan(x) ? x : (x > 0) - (x < 0))
REFERENCE(ceil, ceil(x))
REFERENCE(floor, floor(x))
REFERENCE(round, nearbyint(x))
REFERENCE(sqrt, sqrt(x))
REFERENCE(reciprocal, 1 / x)
REFERENCE(exp, exp(x))
REFERENCE(log, log(x))
REFERENCE(sin, sin(x))
REFERENCE(cos, cos(x))
REFERENCE(tan, tan(x))
REFERENCE(asin, asin(x))
REFERENCE(acos, acos(x))
REFERENCE(atan, atan(x))
REFERENCE(sinh, sinh(x))
REFERENCE(cosh, cosh(x))
REFERENCE(tanh, tanh(x))
REFERENCE(asinh, asinh(x))
REFERENCE(acosh, acosh(x))
REFERENCE(atanh, atanh(x))
REFERENCE(erf, erf(x))
REFERENCE(sigmoid, 1 / (1 + exp(-x)))
REFERENCE(clip, isnan(x) ? x : fmin(fmax(x, alpha), beta))
REFERENCE(leaky_relu, x < 0 ? alpha * x : x)
REFERENCE(elu, x < 0 ? alpha * expm1(x) : x)
REFERENCE(selu, beta *(x < 0 ? alpha * expm1(x) : x))
REFERENCE(celu, x < 0 ? alpha * expm1(x / alpha) : x)
REFERENCE(gelu, 0.5 * x * erfc(-x * sqrt(0.5)))
REFERENCE(gelu_tanh, x / (1 + exp(-2 * sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x))))
REFERENCE(softplus, x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)))
REFERENCE(softsign, x / (1 + fabs(x)))
REFERENCE(hard_sigmoid, isnan(x) ? x : fmax(0, fmin(1, alpha *x + beta)))
REFERENCE(hard_swish, x *(isnan(x) ? x : fmax(0, fmin(1, x / 6 + 0.5))))
REFERENCE(mish, x *tanh(x > 0 ? x + log1p(exp(-x)) : log1p(exp(x))))
REFERENCE(swish, x / (1 + exp(-alpha * x)))
REFERENCE(thresholded_relu, isnan(x) ? x : x > alpha ? x : 0)
REFERENCE(shrink, x<-alpha ? x + beta : x> alpha ? x - beta : isnan(x) ? x : 0)
REFERENCE(rsqrt, 1 / sqrt(x))
REFERENCE(square, x *x)

// 3 bits of mantissa, exponents from -6 on (float8e4m3fn).
static double round_to_of(double x, double alpha, double beta) {
  int exponent;
  if (x == 0) return x;
  frexp(x, &exponent);
  const double unit = ldexp(1.0, (exponent - 1 > beta ? exponent - 1 : (int)beta) - (int)alpha);
  return nearbyint(x / unit) * unit;
}

typedef struct unary_case {
  const char *name;
  int32_t function;
  reference *reference;
  float alpha, beta;
  // Of normal results; 0: exact. `absolute` is added where a result near 0 is a difference.
  double relative, absolute;
} unary_case;

#define EXACT 0
#define CASE(NAME, name, ...) \
  { #name, MNW_UNARY_##NAME, name##_of, __VA_ARGS__ }

static const unary_case unary_cases[] = {
    CASE(ABS, abs, 0, 0, EXACT, 0),
    CASE(NEG, neg, 0, 0, EXACT, 0),
    CASE(SIGN, sign, 0, 0, EXACT, 0),
    CASE(CEIL, ceil, 0, 0, EXACT, 0),
    CASE(FLOOR, floor, 0, 0, EXACT, 0),
    CASE(ROUND, round, 0, 0, EXACT, 0),
    CASE(SQRT, sqrt, 0, 0, EXACT, 0),
    CASE(RECIPROCAL, reciprocal, 0, 0, EXACT, 0),
    CASE(EXP, exp, 0, 0, 2e-7, 0),
    CASE(LOG, log, 0, 0, ROUNDED, 0),
    CASE(SIN, sin, 0, 0, ROUNDED, 0),
    CASE(COS, cos, 0, 0, ROUNDED, 0),
    CASE(TAN, tan, 0, 0, ROUNDED, 0),
    CASE(ASIN, asin, 0, 0, ROUNDED, 0),
    CASE(ACOS, acos, 0, 0, ROUNDED, 0),
    CASE(ATAN, atan, 0, 0, ROUNDED, 0),
    CASE(SINH, sinh, 0, 0, ROUNDED, 0),
    CASE(COSH, cosh, 0, 0, ROUNDED, 0),
    CASE(TANH, tanh, 0, 0, 4e-7, 0),
    CASE(ASINH, asinh, 0, 0, ROUNDED, 0),
    CASE(ACOSH, acosh, 0, 0, ROUNDED, 0),
    CASE(ATANH, atanh, 0, 0, ROUNDED, 0),
    CASE(ERF, erf, 0, 0, 3e-7, 0),
    CASE(SIGMOID, sigmoid, 0, 0, 3e-7, 0),
    CASE(CLIP, clip, -1.5f, 6, EXACT, 0),
    CASE(LEAKY_RELU, leaky_relu, 0.1f, 0, ROUNDED, 0),
    CASE(ELU, elu, 1.3f, 0, 5e-7, 0),
    CASE(SELU, selu, 1.6732632f, 1.050701f, 5e-7, 0),
    CASE(CELU, celu, 0.7f, 0, 6e-7, 0),
    CASE(GELU, gelu, 0, 0, 2e-6, 1e-12),
    CASE(GELU_TANH, gelu_tanh, 0, 0, 1e-6, 1e-9),
    CASE(SOFTPLUS, softplus, 0, 0, 4e-7, 0),
    CASE(SOFTSIGN, softsign, 0, 0, 2e-7, 0),
    CASE(HARD_SIGMOID, hard_sigmoid, 0.2f, 0.5f, 2e-7, 3e-8),
    CASE(HARD_SWISH, hard_swish, 0, 0, 2e-7, 2e-7),
    CASE(MISH, mish, 0, 0, 5e-7, 1e-42),
    CASE(SWISH, swish, 1, 0, 4e-7, 1e-42),
    CASE(THRESHOLDED_RELU, thresholded_relu, 0.8f, 0, EXACT, 0),
    CASE(SHRINK, shrink, 0.5f, 0.25f, ROUNDED, 0),
    CASE(RSQRT, rsqrt, 0, 0, 2e-7, 0),
    CASE(SQUARE, square, 0, 0, EXACT, 0),
    CASE(ROUND_TO, round_to, 3, -6, EXACT, 0),
};

static void unary_functions_are_accurate(void **state) {
  static float x[MAX_FLOAT_SAMPLES], y[MAX_FLOAT_SAMPLES];
  const size_t count = float_samples(x);
  (void)state;
  for (size_t c = 0; c < sizeof unary_cases / sizeof unary_cases[0]; c++) {
    const unary_case *u = &unary_cases[c];
    const op_case test = {.code = MNW_OP_UNARY,
                          .param_count = 3,
                          .input_count = 1,
                          .params = {u->function, float_bits(u->alpha), float_bits(u->beta)},
                          .inputs = {flat(MNW_DTYPE_F32, count, x)},
                          .output = flat(MNW_DTYPE_F32, count, NULL)};
    op_case_run(&test, 0, y);
    double worst = 0;
    size_t worst_at = 0;
    for (size_t i = 0; i < count; i++) {
      const double expected = u->reference(x[i], u->alpha, u->beta);
      const double error = u->relative == EXACT && y[i] == (float)expected
                               ? 0
                               : error_of(y[i], expected, u->absolute);
      if (error > worst) {
        worst = error;
        worst_at = i;
      }
      if (expected == 0 && y[i] == 0 && u->function < MNW_UNARY_SQRT &&
          u->function != MNW_UNARY_SIGN)
        assert_int_equal(signbit(y[i]) != 0, signbit(expected) != 0);
    }
    print_message("%-17s relative error at most %.2g\n", u->name, worst);
    if (worst > u->relative) {
      fail_msg("%s(%.9g) is %.9g, expected %.9g", u->name, (double)x[worst_at], (double)y[worst_at],
               u->reference(x[worst_at], u->alpha, u->beta));
    }
  }
}

static void quantized_unary_functions_round_the_real_result(void **state) {
  int8_t x[256], y[256];
  (void)state;
  for (int i = 0; i < 256; i++) x[i] = (int8_t)i;
  for (size_t c = 0; c < sizeof unary_cases / sizeof unary_cases[0]; c++) {
    const unary_case *u = &unary_cases[c];
    op_case test = {.code = MNW_OP_UNARY,
                    .param_count = 3,
                    .input_count = 1,
                    .params = {u->function, float_bits(u->alpha), float_bits(u->beta)},
                    .inputs = {flat(MNW_DTYPE_S8, 256, x)},
                    .output = flat(MNW_DTYPE_S8, 256, NULL)};
    test.inputs[0].scale = 0.043f;
    test.inputs[0].zero_point = 11;
    test.output.scale = 0.031f;
    test.output.zero_point = -20;
    op_case_run(&test, 0, y);
    for (int i = 0; i < 256; i++) {
      const double real = u->reference((double)(0.043f * (float)(x[i] - 11)), u->alpha, u->beta);
      const double steps = (isnan(real) ? 0 : real) / (double)0.031f;
      const double bounded = fmin(fmax(steps, -108), 147);
      const bool is_near_tie = fabs(fabs(bounded - trunc(bounded)) - 0.5) < 1e-3;
      if (!is_near_tie || abs(y[i] - ((int)nearbyint(bounded) - 20)) > 1) {
        if (y[i] != (int)nearbyint(bounded) - 20) {
          fail_msg("%s of %d is %d, expected %g", u->name, x[i], y[i], bounded - 20);
        }
      }
    }
  }
}

static void unary_of_integers_and_tests(void **state) {
  const int64_t wide[] = {0, 5, -7, INT64_MIN, INT64_MAX};
  const int32_t narrow[] = {0, 5, -7, INT32_MIN, INT32_MAX};
  const float floats[] = {0, NAN, INFINITY, -INFINITY, 3};
  const uint8_t bools[] = {0, 1, 0, 1, 7};
  const int32_t functions[] = {MNW_UNARY_ABS, MNW_UNARY_NEG, MNW_UNARY_SIGN};
  const int64_t expected[3][5] = {
      {0, 5, 7, INT64_MIN, INT64_MAX}, {0, -5, 7, INT64_MIN, -INT64_MAX}, {0, 1, -1, -1, 1}};
  (void)state;
  for (int f = 0; f < 3; f++) {
    int64_t y[5];
    int32_t z[5];
    op_case test = {.code = MNW_OP_UNARY, .param_count = 3, .input_count = 1};
    test.params[0] = functions[f];
    test.inputs[0] = flat(MNW_DTYPE_S64, 5, wide);
    test.output = flat(MNW_DTYPE_S64, 5, NULL);
    op_case_run(&test, 0, y);
    assert_memory_equal(y, expected[f], sizeof y);
    test.inputs[0] = flat(MNW_DTYPE_S32, 5, narrow);
    test.output = flat(MNW_DTYPE_S32, 5, NULL);
    op_case_run(&test, 0, z);
    for (int i = 0; i < 5; i++) {
      // The extremes of int64 become those of int32.
      const int64_t e = expected[f][i];
      assert_int_equal(z[i], e == INT64_MIN    ? INT32_MIN
                             : e == INT64_MAX  ? INT32_MAX
                             : e == -INT64_MAX ? -INT32_MAX
                                               : e);
    }
  }
  const struct {
    int32_t function;
    float alpha, beta;
    uint8_t expected[5];
  } tests[] = {{MNW_UNARY_IS_NAN, 0, 0, {0, 1, 0, 0, 0}},
               {MNW_UNARY_IS_INF, 1, 1, {0, 0, 1, 1, 0}},
               {MNW_UNARY_IS_INF, 1, 0, {0, 0, 0, 1, 0}},
               {MNW_UNARY_IS_INF, 0, 1, {0, 0, 1, 0, 0}},
               {MNW_UNARY_NOT, 0, 0, {1, 0, 1, 0, 0}}};
  for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
    uint8_t y[5];
    const bool is_not = tests[i].function == MNW_UNARY_NOT;
    const op_case test = {
        .code = MNW_OP_UNARY,
        .param_count = 3,
        .input_count = 1,
        .params = {tests[i].function, float_bits(tests[i].alpha), float_bits(tests[i].beta)},
        .inputs = {is_not ? flat(MNW_DTYPE_BOOL, 5, bools) : flat(MNW_DTYPE_F32, 5, floats)},
        .output = flat(MNW_DTYPE_BOOL, 5, NULL)};
    op_case_run(&test, 0, y);
    assert_memory_equal(y, tests[i].expected, 5);
  }
}

// --- WHERE, CAST ---

static void where_chooses(void **state) {
  static uint8_t condition[MAX_FLOAT_SAMPLES];
  static int64_t a[MAX_FLOAT_SAMPLES], b[MAX_FLOAT_SAMPLES], y[MAX_STRETCHED];
  static const mnw_dtype dtypes[] = {MNW_DTYPE_S8, MNW_DTYPE_S32, MNW_DTYPE_S64};
  uint32_t seed = 20;
  (void)state;
  for (int run = 0; run < 400; run++) {
    const mnw_dtype dtype = dtypes[run % 3];
    op_case test = {.code = MNW_OP_WHERE, .input_count = 3};
    op_tensor *t = test.inputs;
    random_shapes(&seed, &t[1], &t[2], &test.output);
    t[0] = run % 2 ? t[1] : t[2];
    t[0].dtype = MNW_DTYPE_BOOL;
    t[1].dtype = t[2].dtype = test.output.dtype = dtype;
    t[0].data = condition;
    t[1].data = a;
    t[2].data = b;
    random_bytes(&seed, condition, op_tensor_elements(&t[0]));
    for (size_t i = 0; i < op_tensor_elements(&t[0]); i++) condition[i] &= 1;
    random_bytes(&seed, a, op_tensor_bytes(&t[1]));
    random_bytes(&seed, b, op_tensor_bytes(&t[2]));
    op_case_run(&test, 0, y);
    for (size_t i = 0; i < op_tensor_elements(&test.output); i++) {
      const int k = condition[stretched_index(&t[0], &test.output, i)] ? 1 : 2;
      assert_int_equal(
          load_integer(y, dtype, i),
          load_integer(k == 1 ? a : b, dtype, stretched_index(&t[k], &test.output, i)));
    }
  }
}

static int64_t wrap(int64_t value, mnw_dtype dtype) {
  switch (dtype) {
    case MNW_DTYPE_S8:
      return (int8_t)value;
    case MNW_DTYPE_U8:
      return (uint8_t)value;
    case MNW_DTYPE_S32:
      return (int32_t)value;
    default:
      return value;
  }
}

static void cast_truncates_saturates_and_wraps(void **state) {
  static const mnw_dtype integers[] = {MNW_DTYPE_S8, MNW_DTYPE_U8, MNW_DTYPE_S32, MNW_DTYPE_S64,
                                       MNW_DTYPE_BOOL};
  static const int64_t lowest[] = {-128, 0, INT32_MIN, INT64_MIN};
  static const int64_t highest[] = {127, 255, INT32_MAX, INT64_MAX};
  static float x[MAX_FLOAT_SAMPLES], back[600];
  static int64_t y[MAX_FLOAT_SAMPLES], source[600];
  const size_t count = float_samples(x);
  uint32_t seed = 21;
  (void)state;
  for (int t = 0; t < 5; t++) {
    op_case test = {.code = MNW_OP_CAST, .input_count = 1};
    test.inputs[0] = flat(MNW_DTYPE_F32, count, x);
    test.output = flat(integers[t], count, NULL);
    op_case_run(&test, 0, y);
    for (size_t i = 0; i < count; i++) {
      int64_t expected;
      if (t == 4) {
        expected = x[i] != 0;
      } else if (isnan(x[i])) {
        expected = 0;
      } else if ((double)x[i] >= (double)highest[t]) {
        expected = highest[t];
      } else {
        expected = (double)x[i] <= (double)lowest[t] ? lowest[t] : (int64_t)x[i];
      }
      assert_int_equal(load_integer(y, integers[t], i), expected);
    }
    for (int to = 0; to < 5; to++) {
      for (size_t i = 0; i < 600; i++) {
        store_integer(source, integers[t], i,
                      t == 4 ? random_next(&seed) & 1
                             : (int64_t)((uint64_t)random_next(&seed) << 33 | random_next(&seed)));
      }
      test.inputs[0] = flat(integers[t], 600, source);
      test.output = flat(integers[to], 600, NULL);
      op_case_run(&test, 0, y);
      for (size_t i = 0; i < 600; i++) {
        const int64_t value = load_integer(source, integers[t], i);
        assert_int_equal(load_integer(y, integers[to], i),
                         to == 4 ? value != 0 : wrap(value, integers[to]));
      }
    }
    test.output = flat(MNW_DTYPE_F32, 600, NULL);
    op_case_run(&test, 0, back);
    for (size_t i = 0; i < 600; i++)
      assert_true(back[i] == (float)load_integer(source, integers[t], i));
  }
}

// --- Hostile graphs ---

static void bad_graphs_are_refused(void **state) {
  static const uint8_t zeros[64];
  (void)state;
  const op_case unary = {.code = MNW_OP_UNARY,
                         .param_count = 3,
                         .input_count = 1,
                         .params = {1},
                         .inputs = {flat(MNW_DTYPE_F32, 4, zeros)},
                         .output = flat(MNW_DTYPE_F32, 4, NULL)};
  op_case t;
#define REFUSE(base, change) (t = (base), (change), expect_refused(&t, __LINE__))
  REFUSE(unary, t.params[0] = 0);
  REFUSE(unary, t.params[0] = 46);
  REFUSE(unary, t.params[0] = MNW_UNARY_NOT);
  REFUSE(unary, t.params[0] = MNW_UNARY_IS_NAN);
  REFUSE(unary, t.input_count = 2);
  REFUSE(unary, t.output.dims[0] = 5);
  REFUSE(unary, t.output.dtype = MNW_DTYPE_S32);
  REFUSE(unary, (t.params[0] = MNW_UNARY_EXP, t.inputs[0].dtype = t.output.dtype = MNW_DTYPE_S32));
  REFUSE(unary, t.inputs[0].dtype = t.output.dtype = MNW_DTYPE_BOOL);
  REFUSE(unary, (t.inputs[0].dtype = t.output.dtype = MNW_DTYPE_S8, t.inputs[0].scale = 1));
  const op_case where = {.code = MNW_OP_WHERE,
                         .input_count = 3,
                         .inputs = {flat(MNW_DTYPE_BOOL, 4, zeros), flat(MNW_DTYPE_S32, 4, zeros),
                                    flat(MNW_DTYPE_S32, 4, zeros)},
                         .output = flat(MNW_DTYPE_S32, 4, NULL)};
  REFUSE(where, t.inputs[0].dtype = MNW_DTYPE_U8);
  REFUSE(where, t.inputs[2].dtype = MNW_DTYPE_F32);
  REFUSE(where, t.inputs[1].dims[0] = 2);
  REFUSE(where, t.inputs[1].data = NULL);
  const op_case cast = {.code = MNW_OP_CAST,
                        .input_count = 1,
                        .inputs = {flat(MNW_DTYPE_S64, 4, zeros)},
                        .output = flat(MNW_DTYPE_F32, 4, NULL)};
  REFUSE(cast, t.output.dims[0] = 3);
  REFUSE(cast, t.input_count = 2);
#undef REFUSE
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(unary_functions_are_accurate),
      cmocka_unit_test(quantized_unary_functions_round_the_real_result),
      cmocka_unit_test(unary_of_integers_and_tests),
      cmocka_unit_test(where_chooses),
      cmocka_unit_test(cast_truncates_saturates_and_wraps),
      cmocka_unit_test(bad_graphs_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
