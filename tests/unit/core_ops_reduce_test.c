// Reductions, running sums, matrix products, normalisation and top k against plain formulas.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "op_case.h"
#include "ops/op_params.h"
#include "test_random.h"

enum { MAX_ELEMENTS = 40000 };

static float floats_a[MAX_ELEMENTS], floats_b[MAX_ELEMENTS], floats_y[MAX_ELEMENTS];
static int64_t longs_x[MAX_ELEMENTS], longs_y[MAX_ELEMENTS];
static int32_t words_x[MAX_ELEMENTS], words_y[MAX_ELEMENTS];
static int8_t bytes_x[MAX_ELEMENTS], bytes_y[MAX_ELEMENTS];
static double expected[MAX_ELEMENTS];

static int32_t bits_of(float value) {
  int32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static void random_floats(uint32_t *seed, float *values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    values[i] = (float)random_between(seed, -100000, 100000) / 32768.0f;
  }
}

// Few values, so that there are ties.
static void random_integers(uint32_t *seed, size_t count) {
  for (size_t i = 0; i < count; i++) {
    longs_x[i] = random_between(seed, -9, 9);
    words_x[i] = (int32_t)longs_x[i];
    bytes_x[i] = (int8_t)longs_x[i];
  }
}

static op_tensor random_shape(uint32_t *seed, uint32_t min_rank) {
  op_tensor t = {.rank = (uint32_t)random_between(seed, (int32_t)min_rank, MNW_MAX_RANK)};
  for (uint32_t i = 0; i < t.rank; i++) {
    t.dims[i] =
        random_between(seed, 0, 9) == 0 ? random_between(seed, 10, 23) : random_between(seed, 1, 5);
  }
  while (op_tensor_elements(&t) > MAX_ELEMENTS) t.dims[random_next(seed) % t.rank] = 1;
  return t;
}

static void set_data(op_tensor *t, mnw_dtype dtype, const float *floats) {
  t->dtype = dtype;
  t->data = dtype == MNW_DTYPE_F32   ? (const void *)floats
            : dtype == MNW_DTYPE_S64 ? (const void *)longs_x
            : dtype == MNW_DTYPE_S32 ? (const void *)words_x
                                     : (const void *)bytes_x;
}

static double value_of(const op_tensor *t, size_t at) {
  switch (t->dtype) {
    case MNW_DTYPE_F32:
      return (double)((const float *)t->data)[at];
    case MNW_DTYPE_S64:
      return (double)((const int64_t *)t->data)[at];
    case MNW_DTYPE_S32:
      return ((const int32_t *)t->data)[at];
    case MNW_DTYPE_U8:
      return ((const uint8_t *)t->data)[at];
    default:
      return ((const int8_t *)t->data)[at];
  }
}

static void expect_values(op_case *test, double relative, double absolute) {
  void *y = test->output.dtype == MNW_DTYPE_F32   ? (void *)floats_y
            : test->output.dtype == MNW_DTYPE_S64 ? (void *)longs_y
            : test->output.dtype == MNW_DTYPE_S32 ? (void *)words_y
                                                  : (void *)bytes_y;
  const size_t count = op_tensor_elements(&test->output);
  for (size_t set = 0; op_case_run(test, set, y); set++) {
    test->output.data = y;
    for (size_t i = 0; i < count; i++) {
      const double got = value_of(&test->output, i);
      if (!(fabs(got - expected[i]) <= absolute + relative * fabs(expected[i]))) {
        fail_msg("operator %u, set %zu, element %zu of %zu: %.9g, expected %.9g", test->code, set,
                 i, count, got, expected[i]);
      }
    }
  }
}

static void expect_refused(const op_case *test) {
  mnw_error error;
  assert_int_equal(op_case_load(test, &error), MNW_STATUS_INVALID_GRAPH);
}

// Which element of y element `at` of x goes into.
static size_t kept_index(const op_tensor *x, uint32_t mask, size_t at) {
  size_t index = 0, stride = 1;
  for (uint32_t i = x->rank; i-- > 0;) {
    const size_t position = at % (size_t)x->dims[i];
    at /= (size_t)x->dims[i];
    if (mask >> i & 1) continue;
    index += position * stride;
    stride *= (size_t)x->dims[i];
  }
  return index;
}

static op_tensor reduced_shape(const op_tensor *x, uint32_t mask, bool keeps, mnw_dtype dtype) {
  op_tensor y = {.dtype = dtype};
  for (uint32_t i = 0; i < x->rank; i++) {
    const bool is_reduced = mask >> i & 1;
    if (!is_reduced || keeps) y.dims[y.rank++] = is_reduced ? 1 : x->dims[i];
  }
  return y;
}

static double reduce_step(int32_t function, double sum, double x) {
  switch (function) {
    case MNW_REDUCE_MAX:
      return fmax(sum, x);
    case MNW_REDUCE_MIN:
      return fmin(sum, x);
    case MNW_REDUCE_PROD:
      return sum * x;
    case MNW_REDUCE_L1:
      return sum + fabs(x);
    case MNW_REDUCE_L2:
    case MNW_REDUCE_SUM_SQUARE:
      return sum + x * x;
    case MNW_REDUCE_LOG_SUM_EXP:
      return sum + exp(x);
    default:
      return sum + x;
  }
}

static void naive_reduce(const op_tensor *x, const op_tensor *y, int32_t function, uint32_t mask) {
  const size_t count = op_tensor_elements(x), outputs = op_tensor_elements(y);
  for (size_t i = 0; i < outputs; i++) {
    expected[i] = function == MNW_REDUCE_MAX    ? -INFINITY
                  : function == MNW_REDUCE_MIN  ? INFINITY
                  : function == MNW_REDUCE_PROD ? 1.0
                                                : 0.0;
  }
  for (size_t i = 0; i < count; i++) {
    double *sum = &expected[kept_index(x, mask, i)];
    *sum = reduce_step(function, *sum, value_of(x, i));
  }
  for (size_t i = 0; i < outputs; i++) {
    double *value = &expected[i];
    if (function == MNW_REDUCE_MEAN) *value /= (double)(count / outputs);
    if (function == MNW_REDUCE_MEAN && x->dtype != MNW_DTYPE_F32) *value = trunc(*value);
    if (function == MNW_REDUCE_L2) *value = sqrt(*value);
    if (function == MNW_REDUCE_LOG_SUM || function == MNW_REDUCE_LOG_SUM_EXP) *value = log(*value);
  }
}

static void test_reduce(void **state) {
  static const mnw_dtype dtypes[] = {MNW_DTYPE_F32, MNW_DTYPE_S32, MNW_DTYPE_S64, MNW_DTYPE_U8,
                                     MNW_DTYPE_S8};
  uint32_t seed = 7;
  (void)state;
  for (int round = 0; round < 400; round++) {
    const mnw_dtype dtype = round % 2 ? MNW_DTYPE_F32 : dtypes[random_next(&seed) % 5];
    int32_t function = random_between(&seed, MNW_REDUCE_SUM, MNW_REDUCE_LOG_SUM_EXP);
    if (dtype == MNW_DTYPE_S32 || dtype == MNW_DTYPE_S64) function = 1 + function % 4;
    if (dtype == MNW_DTYPE_U8 || dtype == MNW_DTYPE_S8) function = MNW_REDUCE_MAX + function % 2;
    op_case test = {.code = MNW_OP_REDUCE, .param_count = 2, .input_count = 1};
    op_tensor *x = &test.inputs[0];
    *x = random_shape(&seed, 0);
    random_floats(&seed, floats_a, MAX_ELEMENTS);
    random_integers(&seed, MAX_ELEMENTS);
    if (function == MNW_REDUCE_LOG_SUM) {
      for (size_t i = 0; i < MAX_ELEMENTS; i++) floats_a[i] = fabsf(floats_a[i]) + 1.5f;
    }
    if (function == MNW_REDUCE_PROD) {
      for (size_t i = 0; i < MAX_ELEMENTS; i++) floats_a[i] = 1.0f + floats_a[i] / 1000.0f;
    }
    set_data(x, dtype, floats_a);
    const uint32_t mask = random_next(&seed) % (1u << x->rank);
    test.params[MNW_REDUCE_FUNCTION] = function;
    test.params[MNW_REDUCE_AXES] = (int32_t)mask;
    test.output = reduced_shape(x, mask, round & 4, dtype);
    naive_reduce(x, &test.output, function, mask);
    expect_values(&test, 1e-6, dtype == MNW_DTYPE_F32 ? 1e-6 : 0.0);
  }
}

static void test_reduce_long_sums(void **state) {
  (void)state;
  op_case test = {.code = MNW_OP_REDUCE,
                  .param_count = 2,
                  .input_count = 1,
                  .params = {MNW_REDUCE_SUM, 1},
                  .inputs = {{.dtype = MNW_DTYPE_F32, .rank = 1, .dims = {MAX_ELEMENTS}}},
                  .output = {.dtype = MNW_DTYPE_F32}};
  test.inputs[0].data = floats_a;
  for (size_t i = 0; i < MAX_ELEMENTS; i++) floats_a[i] = i % 2 ? -16777216.0f : 16777217.5f;
  floats_a[0] = 3e7f;
  expected[0] = 0.0;
  for (size_t i = 0; i < MAX_ELEMENTS; i++) expected[0] += (double)floats_a[i];
  expect_values(&test, 1e-7, 0.0);

  // Far out, and infinite.
  for (size_t i = 0; i < MAX_ELEMENTS; i++) floats_a[i] = 3000.0f;
  test.params[0] = MNW_REDUCE_LOG_SUM_EXP;
  expected[0] = 3000.0 + log(MAX_ELEMENTS);
  expect_values(&test, 1e-6, 0.0);
  for (size_t i = 0; i < MAX_ELEMENTS; i++) floats_a[i] = -INFINITY;
  assert_true(op_case_run(&test, 0, floats_y));
  assert_true(floats_y[0] == -INFINITY);

  test.params[0] = MNW_REDUCE_MAX;
  floats_a[777] = NAN;
  assert_true(op_case_run(&test, 0, floats_y));
  assert_true(isnan(floats_y[0]));

  // Integers wrap.
  for (size_t i = 0; i < MAX_ELEMENTS; i++) words_x[i] = INT32_MAX;
  set_data(&test.inputs[0], MNW_DTYPE_S32, NULL);
  test.output.dtype = MNW_DTYPE_S32;
  test.params[0] = MNW_REDUCE_SUM;
  expected[0] = (double)(int32_t)((uint32_t)MAX_ELEMENTS * (uint32_t)INT32_MAX);
  expect_values(&test, 0.0, 0.0);
}

static void test_arg_reduce(void **state) {
  static const mnw_dtype dtypes[] = {MNW_DTYPE_F32, MNW_DTYPE_S32, MNW_DTYPE_S64, MNW_DTYPE_U8,
                                     MNW_DTYPE_S8};
  uint32_t seed = 11;
  (void)state;
  for (int round = 0; round < 200; round++) {
    op_case test = {.code = MNW_OP_ARG_REDUCE, .param_count = 3, .input_count = 1};
    op_tensor *x = &test.inputs[0];
    *x = random_shape(&seed, 1);
    random_integers(&seed, MAX_ELEMENTS);
    for (size_t i = 0; i < MAX_ELEMENTS; i++) floats_a[i] = (float)longs_x[i] * 0.5f;
    set_data(x, dtypes[random_next(&seed) % 5], floats_a);
    const uint32_t axis = random_next(&seed) % x->rank;
    const bool is_min = random_next(&seed) & 1, is_last = random_next(&seed) >> 7 & 1;
    test.params[MNW_ARG_REDUCE_AXIS] = (int32_t)axis;
    test.params[MNW_ARG_REDUCE_IS_MIN] = is_min;
    test.params[MNW_ARG_REDUCE_LAST] = is_last;
    test.output =
        reduced_shape(x, 1u << axis, round & 1, round & 2 ? MNW_DTYPE_S64 : MNW_DTYPE_S32);
    static double best[MAX_ELEMENTS];
    for (size_t i = 0; i < MAX_ELEMENTS; i++) best[i] = -INFINITY;
    size_t inner = 1;
    for (uint32_t i = axis + 1; i < x->rank; i++) inner *= (size_t)x->dims[i];
    for (size_t i = 0; i < op_tensor_elements(x); i++) {
      const size_t to = kept_index(x, 1u << axis, i);
      const double value = is_min ? -value_of(x, i) : value_of(x, i);
      if (value > best[to] || (is_last && value == best[to])) {
        best[to] = value;
        expected[to] = (double)(i / inner % (size_t)x->dims[axis]);
      }
    }
    expect_values(&test, 0.0, 0.0);
  }
}

static void test_cum_sum(void **state) {
  static const mnw_dtype dtypes[] = {MNW_DTYPE_F32, MNW_DTYPE_S32, MNW_DTYPE_S64};
  uint32_t seed = 13;
  (void)state;
  for (int round = 0; round < 100; round++) {
    op_case test = {.code = MNW_OP_CUM_SUM, .param_count = 3, .input_count = 1};
    op_tensor *x = &test.inputs[0];
    *x = random_shape(&seed, 1);
    random_integers(&seed, MAX_ELEMENTS);
    random_floats(&seed, floats_a, MAX_ELEMENTS);
    set_data(x, dtypes[round % 3], floats_a);
    test.output = *x;
    const uint32_t axis = random_next(&seed) % x->rank;
    const bool is_exclusive = random_next(&seed) & 1, is_reverse = random_next(&seed) >> 7 & 1;
    test.params[MNW_CUM_SUM_AXIS] = (int32_t)axis;
    test.params[MNW_CUM_SUM_EXCLUSIVE] = is_exclusive;
    test.params[MNW_CUM_SUM_REVERSE] = is_reverse;
    size_t inner = 1;
    for (uint32_t i = axis + 1; i < x->rank; i++) inner *= (size_t)x->dims[i];
    const size_t extent = (size_t)x->dims[axis];
    for (size_t i = 0; i < op_tensor_elements(x); i++) {
      const size_t at = i / inner % extent;
      expected[i] = 0.0;
      for (size_t j = 0; j < extent; j++) {
        const bool counts = (is_reverse ? j > at : j < at) || (j == at && !is_exclusive);
        if (counts) expected[i] += value_of(x, i - at * inner + j * inner);
      }
    }
    expect_values(&test, 1e-6, x->dtype == MNW_DTYPE_F32 ? 1e-6 : 0.0);
  }
}

static void test_top_k(void **state) {
  static const mnw_dtype dtypes[] = {MNW_DTYPE_F32, MNW_DTYPE_S32, MNW_DTYPE_S64, MNW_DTYPE_S8};
  uint32_t seed = 17;
  (void)state;
  for (int round = 0; round < 200; round++) {
    op_case test = {.code = MNW_OP_TOP_K, .param_count = 4, .input_count = 1};
    op_tensor *x = &test.inputs[0];
    *x = random_shape(&seed, 1);
    random_integers(&seed, MAX_ELEMENTS);
    for (size_t i = 0; i < MAX_ELEMENTS; i++) floats_a[i] = (float)longs_x[i] * -0.0f;
    if (round & 4) {
      for (size_t i = 0; i < MAX_ELEMENTS; i++) floats_a[i] = (float)longs_x[i] * 0.5f;
    }
    set_data(x, dtypes[random_next(&seed) % 4], floats_a);
    const uint32_t axis = random_next(&seed) % x->rank;
    const bool is_largest = random_next(&seed) & 1, wants_indices = random_next(&seed) >> 7 & 1;
    const int32_t k = random_between(&seed, 1, x->dims[axis]);
    test.params[MNW_TOP_K_AXIS] = (int32_t)axis;
    test.params[MNW_TOP_K_LARGEST] = is_largest;
    test.params[MNW_TOP_K_WANTS_INDICES] = wants_indices;
    test.params[MNW_TOP_K_K] = k;
    test.output = *x;
    test.output.dims[axis] = k;
    if (wants_indices) test.output.dtype = round & 1 ? MNW_DTYPE_S64 : MNW_DTYPE_S32;
    size_t inner = 1;
    for (uint32_t i = axis + 1; i < x->rank; i++) inner *= (size_t)x->dims[i];
    const size_t extent = (size_t)x->dims[axis];
    for (size_t i = 0; i < op_tensor_elements(x); i++) {  // an element's rank is its place
      const size_t at = i / inner % extent, row = i - at * inner;
      size_t place = 0;
      for (size_t j = 0; j < extent; j++) {
        const double other = value_of(x, row + j * inner), value = value_of(x, i);
        if (is_largest ? other > value : other < value) place++;
        if (other == value && j < at) place++;
      }
      if (place >= (size_t)k) continue;
      const size_t to = (i / inner / extent * (size_t)k + place) * inner + i % inner;
      expected[to] = wants_indices ? (double)at : value_of(x, i);
    }
    expect_values(&test, 0.0, 0.0);
  }
}

// Dims [batch…, rows, columns], the last two swapped when transposed.
static op_tensor matrix_shape(uint32_t *seed, const op_tensor *batches, int32_t rows,
                              int32_t columns, bool is_transposed, const float *data) {
  const uint32_t skipped = random_next(seed) % (batches->rank + 1);
  op_tensor t = {.dtype = MNW_DTYPE_F32, .data = data};
  for (uint32_t i = skipped; i < batches->rank; i++) {
    t.dims[t.rank++] = random_between(seed, 0, 2) ? batches->dims[i] : 1;
  }
  t.dims[t.rank++] = is_transposed ? columns : rows;
  t.dims[t.rank++] = is_transposed ? rows : columns;
  return t;
}

static double matrix_at(const op_tensor *t, const op_tensor *y, size_t batch, size_t row,
                        size_t column, bool is_transposed) {
  size_t offset = 0, stride = 1;
  const uint32_t missing = y->rank - t->rank;
  for (uint32_t i = y->rank - 2; i-- > 0;) {
    const size_t position = batch % (size_t)y->dims[i];
    batch /= (size_t)y->dims[i];
    if (i < missing) continue;
    if (t->dims[i - missing] != 1) offset += position * stride;
    stride *= (size_t)t->dims[i - missing];
  }
  const size_t rows = (size_t)t->dims[t->rank - 2], columns = (size_t)t->dims[t->rank - 1];
  const size_t at = is_transposed ? column * columns + row : row * columns + column;
  return value_of(t, offset * rows * columns + at);
}

static void test_matmul(void **state) {
  uint32_t seed = 19;
  (void)state;
  random_floats(&seed, floats_a, MAX_ELEMENTS);
  random_floats(&seed, floats_b, MAX_ELEMENTS);
  for (int round = 0; round < 150; round++) {
    op_case test = {.code = MNW_OP_MATMUL, .param_count = 2, .input_count = 2};
    op_tensor batches = {.rank = (uint32_t)random_between(&seed, 0, 3)};
    for (uint32_t i = 0; i < batches.rank; i++) batches.dims[i] = random_between(&seed, 1, 3);
    const int32_t m = random_between(&seed, 1, 13), k = random_between(&seed, 1, 37),
                  n = random_between(&seed, 1, 20);
    const bool a_swapped = random_next(&seed) & 1, b_swapped = random_next(&seed) >> 7 & 1;
    test.inputs[0] = matrix_shape(&seed, &batches, m, k, a_swapped, floats_a);
    test.inputs[1] = matrix_shape(&seed, &batches, k, n, b_swapped, floats_b);
    test.inputs[1].is_constant = round & 1;
    test.params[MNW_MATMUL_TRANSPOSE_A] = a_swapped;
    test.params[MNW_MATMUL_TRANSPOSE_B] = b_swapped;
    test.output = batches;
    test.output.dtype = MNW_DTYPE_F32;
    test.output.dims[test.output.rank++] = m;
    test.output.dims[test.output.rank++] = n;
    const size_t area = (size_t)m * (size_t)n;
    for (size_t i = 0; i < op_tensor_elements(&test.output); i++) {
      expected[i] = 0.0;
      for (size_t j = 0; j < (size_t)k; j++) {
        const size_t row = i % area / (size_t)n, column = i % (size_t)n;
        expected[i] += matrix_at(&test.inputs[0], &test.output, i / area, row, j, a_swapped) *
                       matrix_at(&test.inputs[1], &test.output, i / area, j, column, b_swapped);
      }
    }
    expect_values(&test, 1e-5, 1e-4);
  }
}

static void naive_normalize(const op_tensor *x, size_t row, int32_t kind, double epsilon,
                            const op_tensor *scale, const op_tensor *bias) {
  for (size_t first = 0; first < op_tensor_elements(x); first += row) {
    double mean = 0.0, squares = 0.0, sum_exp = 0.0;
    for (size_t i = 0; i < row; i++) mean += value_of(x, first + i) / (double)row;
    if (kind != 0) mean = 0.0;
    for (size_t i = 0; i < row; i++) {
      squares += pow(value_of(x, first + i) - mean, 2.0) / (double)row;
      sum_exp += exp(value_of(x, first + i));
    }
    for (size_t i = 0; i < row; i++) {
      const double value = value_of(x, first + i);
      const double factor = scale && scale->data ? value_of(scale, i) : 1.0;
      const double shift = bias && bias->data ? value_of(bias, i) : 0.0;
      expected[first + i] = kind == 2 ? value - log(sum_exp)
                                      : (value - mean) / sqrt(squares + epsilon) * factor + shift;
    }
  }
}

static void test_normalize(void **state) {
  uint32_t seed = 23;
  static float scales[2][MAX_ELEMENTS];
  (void)state;
  for (int round = 0; round < 120; round++) {
    const int32_t kind = round % 3;
    op_case test = {.code = MNW_OP_NORMALIZE, .param_count = 3};
    op_tensor *x = &test.inputs[0];
    *x = random_shape(&seed, 1);
    random_floats(&seed, floats_a, MAX_ELEMENTS);
    random_floats(&seed, scales[0], MAX_ELEMENTS);
    random_floats(&seed, scales[1], MAX_ELEMENTS);
    set_data(x, MNW_DTYPE_F32, floats_a);
    test.output = *x;
    const uint32_t axis = kind == 2 ? x->rank - 1 : random_next(&seed) % x->rank;
    test.input_count = kind == 2 ? 1 : 1 + random_next(&seed) % 3;
    for (uint32_t i = 1; i < test.input_count; i++) {
      op_tensor *factor = &test.inputs[i];
      factor->dtype = MNW_DTYPE_F32;
      factor->is_constant = round & 1;
      for (uint32_t a = axis; a < x->rank; a++) factor->dims[factor->rank++] = x->dims[a];
      factor->data = random_between(&seed, 0, 2) ? scales[i - 1] : NULL;
    }
    test.params[MNW_NORMALIZE_AXIS] = (int32_t)axis;
    test.params[MNW_NORMALIZE_EPSILON] = bits_of(1e-3f);
    test.params[MNW_NORMALIZE_KIND] = kind;
    size_t row = 1;
    for (uint32_t a = axis; a < x->rank; a++) row *= (size_t)x->dims[a];
    naive_normalize(x, row, kind, 1e-3, &test.inputs[1], &test.inputs[2]);
    expect_values(&test, 1e-6, 1e-6);
  }
}

static void test_hostile_reductions(void **state) {
  (void)state;
  const op_tensor x = {.dtype = MNW_DTYPE_F32, .rank = 2, .dims = {3, 4}, .data = floats_a};
  const op_tensor y = {.dtype = MNW_DTYPE_F32, .rank = 1, .dims = {3}};
  op_case test = {MNW_OP_REDUCE, 2, 1, {MNW_REDUCE_SUM, 2}, {x}, y};
  mnw_error error;
  assert_int_equal(op_case_load(&test, &error), MNW_STATUS_OK);
  static const int32_t bad[][2] = {{0, 2}, {11, 2}, {-1, 2}, {100, 2}, {1, 1},
                                   {1, 0}, {1, 4},  {1, -1}, {1, 3},   {1, 6}};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    memcpy(test.params, bad[i], sizeof bad[i]);
    expect_refused(&test);
  }
  test = (op_case){MNW_OP_REDUCE, 2, 1, {MNW_REDUCE_SUM, 2}, {x}, y};
  test.output.dtype = MNW_DTYPE_S32;
  expect_refused(&test);
  test.inputs[0].dtype = test.output.dtype = MNW_DTYPE_S8;
  expect_refused(&test);

  test = (op_case){MNW_OP_ARG_REDUCE, 3, 1, {1, 0, 0}, {x}, y};
  expect_refused(&test);  // float output
  test.output.dtype = MNW_DTYPE_S64;
  assert_int_equal(op_case_load(&test, &error), MNW_STATUS_OK);
  for (int32_t axis = -3; axis < 40; axis += axis == 0 ? 2 : 1) {
    test.params[0] = axis;
    if (axis != 1) expect_refused(&test);
  }

  test = (op_case){MNW_OP_CUM_SUM, 3, 1, {2, 0, 0}, {x}, x};
  test.output.data = NULL;
  expect_refused(&test);

  test = (op_case){MNW_OP_TOP_K, 4, 1, {1, 1, 0, 3}, {x}, x};
  test.output.dims[1] = 3;
  assert_int_equal(op_case_load(&test, &error), MNW_STATUS_OK);
  test.params[MNW_TOP_K_WANTS_INDICES] = 1;
  expect_refused(&test);
  static const int32_t bad_k[] = {0, -1, 2, 5, INT32_MAX};
  for (size_t i = 0; i < sizeof bad_k / sizeof bad_k[0]; i++) {
    test = (op_case){MNW_OP_TOP_K, 4, 1, {1, 1, 0, bad_k[i]}, {x}, x};
    test.output.dims[1] = bad_k[i] == 5 ? 5 : 3;
    expect_refused(&test);
  }
}

static void test_hostile_matrices(void **state) {
  (void)state;
  const op_tensor a = {.dtype = MNW_DTYPE_F32, .rank = 3, .dims = {2, 3, 4}, .data = floats_a};
  const op_tensor b = {.dtype = MNW_DTYPE_F32, .rank = 2, .dims = {4, 5}, .data = floats_b};
  const op_tensor y = {.dtype = MNW_DTYPE_F32, .rank = 3, .dims = {2, 3, 5}};
  const op_case good = {MNW_OP_MATMUL, 2, 2, {0, 0}, {a, b}, y};
  mnw_error error;
  assert_int_equal(op_case_load(&good, &error), MNW_STATUS_OK);
  op_case test = good;
  test.params[0] = 1;
  expect_refused(&test);
  test = good;
  test.params[1] = 1;
  expect_refused(&test);
  for (uint32_t i = 0; i < 3; i++) {
    test = good;
    test.output.dims[i]++;
    expect_refused(&test);
    test = good;
    test.output.rank = i;
    expect_refused(&test);
  }
  test = good;
  test.inputs[1].rank = 1;
  expect_refused(&test);
  test = good;
  test.inputs[1].data = NULL;
  expect_refused(&test);
  test = good;
  test.input_count = 1;
  expect_refused(&test);

  const op_tensor scale = {.dtype = MNW_DTYPE_F32, .rank = 1, .dims = {4}, .data = floats_b};
  const op_case norm = {MNW_OP_NORMALIZE, 3, 2, {2, bits_of(1e-5f), 0}, {a, scale}, a};
  assert_int_equal(op_case_load(&norm, &error), MNW_STATUS_OK);
  static const int32_t bad_axes[] = {-1, 1, 3, 0, INT32_MIN};
  for (size_t i = 0; i < sizeof bad_axes / sizeof bad_axes[0]; i++) {
    test = norm;
    test.params[0] = bad_axes[i];
    expect_refused(&test);
  }
  test = norm;
  test.params[1] = bits_of(-1.0f);
  expect_refused(&test);
  test = norm;
  test.params[1] = bits_of(NAN);
  expect_refused(&test);
  for (int32_t kind = -1; kind < 5; kind += 3) {  // -1, 2 (which has no scale)
    test = norm;
    test.params[2] = kind;
    expect_refused(&test);
  }
  test = norm;
  test.inputs[0].data = NULL;
  expect_refused(&test);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_reduce),          cmocka_unit_test(test_reduce_long_sums),
      cmocka_unit_test(test_arg_reduce),      cmocka_unit_test(test_cum_sum),
      cmocka_unit_test(test_top_k),           cmocka_unit_test(test_matmul),
      cmocka_unit_test(test_normalize),       cmocka_unit_test(test_hostile_reductions),
      cmocka_unit_test(test_hostile_matrices)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
