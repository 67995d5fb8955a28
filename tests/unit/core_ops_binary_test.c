// BINARY against formulas in double and integers, written here from core/ops/op_params.h, and a
// naive index walk for broadcasting.
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

enum { MAX_PAIRS = 20000 };

static const int32_t arithmetic[] = {MNW_BINARY_ADD,
                                     MNW_BINARY_SUB,
                                     MNW_BINARY_MUL,
                                     MNW_BINARY_DIV,
                                     MNW_BINARY_MIN,
                                     MNW_BINARY_MAX,
                                     MNW_BINARY_POW,
                                     MNW_BINARY_MOD,
                                     MNW_BINARY_FMOD,
                                     MNW_BINARY_PRELU,
                                     MNW_BINARY_SQUARED_DIFFERENCE};

static double real_binary(int32_t function, double a, double b) {
  switch (function) {
    case MNW_BINARY_ADD:
      return a + b;
    case MNW_BINARY_SUB:
      return a - b;
    case MNW_BINARY_MUL:
      return a * b;
    case MNW_BINARY_DIV:
      return a / b;
    case MNW_BINARY_MIN:
      return isnan(a) || isnan(b) ? NAN : fmin(a, b);
    case MNW_BINARY_MAX:
      return isnan(a) || isnan(b) ? NAN : fmax(a, b);
    case MNW_BINARY_POW:
      return pow(a, b);
    case MNW_BINARY_FMOD:
      return fmod(a, b);
    case MNW_BINARY_MOD: {
      const double rest = fmod(a, b);
      return rest != 0 && signbit(rest) != signbit(b) ? (double)((float)rest + (float)b) : rest;
    }
    case MNW_BINARY_PRELU:
      return a < 0 ? a * b : a;
    case MNW_BINARY_SQUARED_DIFFERENCE:
      return ((float)a - (float)b) * (double)((float)a - (float)b);
    case MNW_BINARY_EQUAL:
      return a == b;
    case MNW_BINARY_NOT_EQUAL:
      return a != b;
    case MNW_BINARY_LESS:
      return a < b;
    case MNW_BINARY_LESS_EQUAL:
      return a <= b;
    case MNW_BINARY_GREATER:
      return a > b;
    default:
      return a >= b;
  }
}

static op_case binary_case(int32_t function, mnw_dtype dtype, size_t count, const void *a,
                           const void *b) {
  const bool keeps_dtype = function < MNW_BINARY_EQUAL || function >= MNW_BINARY_BITWISE_AND;
  return (op_case){.code = MNW_OP_BINARY,
                   .param_count = 3,
                   .input_count = 2,
                   .params = {function, float_bits(-INFINITY), float_bits(INFINITY)},
                   .inputs = {flat(dtype, count, a), flat(dtype, count, b)},
                   .output = flat(keeps_dtype ? dtype : MNW_DTYPE_BOOL, count, NULL)};
}

static size_t float_pairs(float *a, float *b) {
  static const float special[] = {0.0f,    -0.0f,  INFINITY, -INFINITY,   NAN,   1.0f,
                                  -1.0f,   2.0f,   -3.0f,    0.5f,        -0.5f, FLT_MAX,
                                  FLT_MIN, 1e-45f, 3e9f,     -8388609.0f, 1e8f};
  const size_t n = sizeof special / sizeof special[0];
  uint32_t seed = 5;
  size_t count = 0;
  for (size_t i = 0; i < n * n; i++, count++) {
    a[count] = special[i / n];
    b[count] = special[i % n];
  }
  for (int i = 0; i < 6000; i++, count++) {
    a[count] = bits_float(random_next(&seed));
    b[count] = bits_float(random_next(&seed));
  }
  for (int i = 0; i < 6000; i++, count++) {
    a[count] = (float)random_between(&seed, 1, 100000) * 0.0037f;
    b[count] = (float)random_between(&seed, -100000, 100000) * 0.00017f;
    if (i % 3 == 0) b[count] = (float)random_between(&seed, -9, 9);
    if (i % 5 == 0) a[count] = -a[count];
  }
  return count;
}

static void binary_float_functions_are_accurate(void **state) {
  static float a[MAX_PAIRS], b[MAX_PAIRS], y[MAX_PAIRS];
  const size_t count = float_pairs(a, b);
  (void)state;
  for (size_t f = 0; f < sizeof arithmetic / sizeof arithmetic[0]; f++) {
    const op_case test = binary_case(arithmetic[f], MNW_DTYPE_F32, count, a, b);
    op_case_run(&test, 0, y);
    double worst = 0;
    for (size_t i = 0; i < count; i++) {
      const double expected = real_binary(arithmetic[f], a[i], b[i]);
      const double error = y[i] == (float)expected ? 0 : error_of(y[i], expected, 0);
      if (error > (arithmetic[f] == MNW_BINARY_POW ? ROUNDED : 0)) {
        fail_msg("function %d of %.9g, %.9g is %.9g, expected %.9g", arithmetic[f], (double)a[i],
                 (double)b[i], (double)y[i], expected);
      }
      worst = fmax(worst, error);
    }
    print_message("binary function %d relative error at most %.2g\n", arithmetic[f], worst);
  }
  for (int32_t function = MNW_BINARY_EQUAL; function <= MNW_BINARY_GREATER_EQUAL; function++) {
    static uint8_t truth[MAX_PAIRS];
    const op_case test = binary_case(function, MNW_DTYPE_F32, count, a, b);
    op_case_run(&test, 0, truth);
    for (size_t i = 0; i < count; i++) {
      assert_int_equal(truth[i], real_binary(function, a[i], b[i]));
    }
  }
}

static void binary_clamps(void **state) {
  const float a[] = {-5, 1, 9, NAN}, b[] = {1, 1, 1, 1};
  float y[4];
  op_case test = binary_case(MNW_BINARY_ADD, MNW_DTYPE_F32, 4, a, b);
  (void)state;
  test.params[1] = float_bits(0.0f);
  test.params[2] = float_bits(6.0f);
  op_case_run(&test, 0, y);
  assert_true(y[0] == 0 && y[1] == 2 && y[2] == 6 && isnan(y[3]));
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

static int64_t integer_binary(int32_t function, int64_t a, int64_t b) {
  int64_t y = 0;
  switch (function) {
    case MNW_BINARY_ADD:
      __builtin_add_overflow(a, b, &y);
      return y;
    case MNW_BINARY_SUB:
      __builtin_sub_overflow(a, b, &y);
      return y;
    case MNW_BINARY_MUL:
      __builtin_mul_overflow(a, b, &y);
      return y;
    case MNW_BINARY_DIV:
      if (b == 0) return 0;
      if (b == -1) return integer_binary(MNW_BINARY_SUB, 0, a);
      return a / b;
    case MNW_BINARY_MIN:
      return a < b ? a : b;
    case MNW_BINARY_MAX:
      return a > b ? a : b;
    case MNW_BINARY_POW:
      if (b < 0) return a == 1 ? 1 : a == -1 ? (b % 2 ? -1 : 1) : 0;
      y = 1;
      for (int64_t i = 0; i < b; i++) __builtin_mul_overflow(y, a, &y);
      return y;
    case MNW_BINARY_FMOD:
      return b == 0 || b == -1 ? 0 : a % b;
    case MNW_BINARY_MOD: {
      const int64_t rest = b == 0 || b == -1 ? 0 : a % b;
      return rest != 0 && (rest ^ b) < 0 ? rest + b : rest;
    }
    case MNW_BINARY_PRELU:
      return a < 0 ? integer_binary(MNW_BINARY_MUL, a, b) : a;
    case MNW_BINARY_SQUARED_DIFFERENCE:
      y = integer_binary(MNW_BINARY_SUB, a, b);
      return integer_binary(MNW_BINARY_MUL, y, y);
    case MNW_BINARY_AND:
      return a && b;
    case MNW_BINARY_OR:
      return a || b;
    case MNW_BINARY_XOR:
      return !a != !b;
    case MNW_BINARY_BITWISE_AND:
      return a & b;
    case MNW_BINARY_BITWISE_OR:
      return a | b;
    case MNW_BINARY_BITWISE_XOR:
      return a ^ b;
    case MNW_BINARY_SHIFT_LEFT:
      return b < 0 || b > 63 ? 0 : (int64_t)((uint64_t)a << b);
    case MNW_BINARY_SHIFT_RIGHT:
      return b < 0 || b > 63 ? 0 : (int64_t)((uint64_t)a >> b);
    case MNW_BINARY_EQUAL:
      return a == b;
    case MNW_BINARY_NOT_EQUAL:
      return a != b;
    case MNW_BINARY_LESS:
      return a < b;
    case MNW_BINARY_LESS_EQUAL:
      return a <= b;
    case MNW_BINARY_GREATER:
      return a > b;
    default:
      return a >= b;
  }
}

static void binary_broadcasts_like_numpy(void **state) {
  static int64_t a[MAX_STRETCHED], b[MAX_STRETCHED], y[MAX_STRETCHED];
  static const mnw_dtype dtypes[] = {MNW_DTYPE_S8, MNW_DTYPE_U8, MNW_DTYPE_S32, MNW_DTYPE_S64,
                                     MNW_DTYPE_BOOL};
  uint32_t seed = 17;
  (void)state;
  for (int run = 0; run < 1500; run++) {
    const mnw_dtype dtype = dtypes[run % 5];
    int32_t function = arithmetic[random_between(&seed, 0, 10)];
    if (run % 4 == 0) {
      function = random_between(&seed, MNW_BINARY_BITWISE_AND, MNW_BINARY_SHIFT_RIGHT);
    }
    if (dtype == MNW_DTYPE_BOOL) function = random_between(&seed, MNW_BINARY_AND, MNW_BINARY_XOR);
    if (run % 7 == 0) function = random_between(&seed, MNW_BINARY_EQUAL, MNW_BINARY_GREATER_EQUAL);
    op_case test = binary_case(function, dtype, 1, a, b);
    random_shapes(&seed, &test.inputs[0], &test.inputs[1], &test.output);
    const size_t a_count = op_tensor_elements(&test.inputs[0]);
    const size_t b_count = op_tensor_elements(&test.inputs[1]);
    for (size_t i = 0; i < a_count + b_count; i++) {
      int64_t value = (int64_t)((uint64_t)random_next(&seed) << 32 | random_next(&seed));
      if (random_between(&seed, 0, 3)) value = random_between(&seed, -4, 20);
      if (random_between(&seed, 0, 19) == 0) value = dtype == MNW_DTYPE_S64 ? INT64_MIN : INT32_MIN;
      if (dtype == MNW_DTYPE_BOOL) value = value & 1;
      if (function == MNW_BINARY_POW && i >= a_count) value = random_between(&seed, -3, 70);
      store_integer(i < a_count ? a : b, dtype, i < a_count ? i : i - a_count, value);
    }
    op_case_run(&test, 0, y);
    for (size_t i = 0; i < op_tensor_elements(&test.output); i++) {
      const int64_t va = load_integer(a, dtype, stretched_index(&test.inputs[0], &test.output, i));
      const int64_t vb = load_integer(b, dtype, stretched_index(&test.inputs[1], &test.output, i));
      const int64_t expected = wrap(integer_binary(function, va, vb), test.output.dtype);
      if (load_integer(y, test.output.dtype, i) != expected) {
        fail_msg("run %d function %d dtype %d: of %lld, %lld", run, function, dtype, (long long)va,
                 (long long)vb);
      }
    }
  }
}

static void float_binary_broadcasts(void **state) {
  static float a[MAX_STRETCHED], b[MAX_STRETCHED], y[MAX_STRETCHED];
  uint32_t seed = 18;
  (void)state;
  for (int run = 0; run < 600; run++) {
    const int32_t function = arithmetic[run % 11];
    op_case test = binary_case(function, MNW_DTYPE_F32, 1, a, b);
    random_shapes(&seed, &test.inputs[0], &test.inputs[1], &test.output);
    for (size_t i = 0; i < op_tensor_elements(&test.inputs[0]); i++)
      a[i] = (float)random_between(&seed, -500, 500) * 0.01f;
    for (size_t i = 0; i < op_tensor_elements(&test.inputs[1]); i++)
      b[i] = (float)random_between(&seed, -500, 500) * 0.01f;
    op_case_run(&test, 0, y);
    for (size_t i = 0; i < op_tensor_elements(&test.output); i++) {
      const double expected =
          real_binary(function, a[stretched_index(&test.inputs[0], &test.output, i)],
                      b[stretched_index(&test.inputs[1], &test.output, i)]);
      if (!(y[i] == (float)expected) && !(error_of(y[i], expected, 0) <= ROUNDED)) {
        fail_msg("run %d function %d element %zu is %g, expected %g", run, function, i,
                 (double)y[i], expected);
      }
    }
  }
}

static void quantized_binary_computes_in_real_numbers(void **state) {
  static int8_t a[MAX_STRETCHED], y[MAX_STRETCHED];
  static uint8_t b[MAX_STRETCHED];
  uint32_t seed = 19;
  (void)state;
  for (int run = 0; run < 300; run++) {
    const int32_t function = run % 12 == 11 ? MNW_BINARY_LESS : arithmetic[run % 12];
    op_case test = binary_case(function, MNW_DTYPE_S8, 1, a, b);
    random_shapes(&seed, &test.inputs[0], &test.inputs[1], &test.output);
    op_tensor *ta = &test.inputs[0], *tb = &test.inputs[1], *ty = &test.output;
    const float low = run % 3 ? -INFINITY : 0.0f, high = run % 3 ? INFINITY : 1.5f;
    test.params[1] = float_bits(low);
    test.params[2] = float_bits(high);
    ta->scale = 0.0171f;
    ta->zero_point = random_between(&seed, -128, 127);
    tb->scale = 0.0233f;
    tb->zero_point = random_between(&seed, -128, 127);
    if (function < MNW_BINARY_EQUAL) {
      ty->scale = 0.0257f;
      ty->zero_point = random_between(&seed, -128, 127);
    }
    random_bytes(&seed, a, op_tensor_elements(ta));
    random_bytes(&seed, b, op_tensor_elements(tb));
    op_case_run(&test, 0, y);
    for (size_t i = 0; i < op_tensor_elements(ty); i++) {
      const float ra = (float)(a[stretched_index(ta, ty, i)] - ta->zero_point) * ta->scale;
      const float rb = (float)((int8_t)b[stretched_index(tb, ty, i)] - tb->zero_point) * tb->scale;
      double real = real_binary(function, ra, rb);
      if (function == MNW_BINARY_LESS) {
        assert_int_equal(y[i], real);
        continue;
      }
      real = isnan(real) ? 0 : fmin(fmax(real, low), high);
      const double steps =
          fmin(fmax(real / ty->scale, -128 - ty->zero_point), 127 - ty->zero_point);
      if (fabs(y[i] - ty->zero_point - steps) > 0.5001) {
        fail_msg("run %d function %d of %g, %g is %d, expected %g", run, function, (double)ra,
                 (double)rb, y[i] - ty->zero_point, steps);
      }
    }
  }
}

static void bad_graphs_are_refused(void **state) {
  static const uint8_t zeros[64];
  (void)state;
  const op_case binary = binary_case(MNW_BINARY_ADD, MNW_DTYPE_F32, 4, zeros, zeros);
  op_case t;
#define REFUSE(base, change) (t = (base), (change), expect_refused(&t, __LINE__))
  REFUSE(binary, t.params[0] = 0);
  REFUSE(binary, t.params[0] = 12);
  REFUSE(binary, t.params[0] = 33);
  REFUSE(binary, t.params[0] = 39);
  REFUSE(binary, t.params[0] = 45);
  REFUSE(binary, t.params[0] = MNW_BINARY_BITWISE_AND);
  REFUSE(binary, t.params[0] = MNW_BINARY_AND);
  REFUSE(binary, t.params[0] = MNW_BINARY_LESS);
  REFUSE(binary, t.params[1] = float_bits(NAN));
  REFUSE(binary, t.params[1] = t.params[2] + 1);
  REFUSE(binary, (t.params[1] = float_bits(1.0f), t.params[2] = float_bits(0.0f)));
  REFUSE(binary, t.input_count = 1);
  REFUSE(binary, t.inputs[1].dtype = MNW_DTYPE_S32);
  REFUSE(binary, t.inputs[1].dims[0] = 3);
  REFUSE(binary, (t.inputs[0].dims[0] = 1, t.inputs[1].dims[0] = 1));
  REFUSE(binary, (t.inputs[0].rank = 2, t.inputs[0].dims[1] = 1));
  REFUSE(binary, t.inputs[0].dtype = t.inputs[1].dtype = t.output.dtype = MNW_DTYPE_BOOL);
#undef REFUSE
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(binary_float_functions_are_accurate),
      cmocka_unit_test(binary_clamps),
      cmocka_unit_test(binary_broadcasts_like_numpy),
      cmocka_unit_test(float_binary_broadcasts),
      cmocka_unit_test(quantized_binary_computes_in_real_numbers),
      cmocka_unit_test(bad_graphs_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
