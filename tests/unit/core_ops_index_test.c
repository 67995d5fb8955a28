// Gathering, scattering and one-hot rows against plain loops over positions, with indices far out
// of range among the good ones.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "op_case.h"
#include "ops/op_params.h"
#include "test_random.h"

enum { MAX_ELEMENTS = 20000 };

static uint8_t data[8 * MAX_ELEMENTS], updates[8 * MAX_ELEMENTS];
static uint8_t got[8 * MAX_ELEMENTS], expected[8 * MAX_ELEMENTS];
static int64_t long_indices[MAX_ELEMENTS];
static int32_t word_indices[MAX_ELEMENTS];

static const mnw_dtype all_dtypes[] = {MNW_DTYPE_F32, MNW_DTYPE_S8,  MNW_DTYPE_U8,
                                       MNW_DTYPE_S32, MNW_DTYPE_S64, MNW_DTYPE_BOOL};

typedef struct position {
  size_t at[MNW_MAX_RANK];
} position;

static position position_of(const op_tensor *t, size_t index) {
  position p = {{0}};
  for (uint32_t i = t->rank; i-- > 0;) {
    p.at[i] = index % (size_t)t->dims[i];
    index /= (size_t)t->dims[i];
  }
  return p;
}

static size_t index_of(const op_tensor *t, const size_t *at) {
  size_t index = 0;
  for (uint32_t i = 0; i < t->rank; i++) index = index * (size_t)t->dims[i] + at[i];
  return index;
}

static size_t element_bytes(const op_tensor *t) {
  return op_tensor_bytes(t) / op_tensor_elements(t);
}

static op_tensor random_tensor(uint32_t *seed, uint32_t min_rank, uint32_t max_rank) {
  op_tensor t = {.dtype = all_dtypes[random_next(seed) % 6],
                 .rank = (uint32_t)random_between(seed, (int32_t)min_rank, (int32_t)max_rank)};
  for (uint32_t i = 0; i < t.rank; i++) t.dims[i] = random_between(seed, 1, 5);
  t.data = data;
  return t;
}

// Mostly good indices for an axis of `extent`, of both signs; the rest is anything.
static void random_indices(uint32_t *seed, op_tensor *t, int32_t extent) {
  t->dtype = random_next(seed) & 1 ? MNW_DTYPE_S64 : MNW_DTYPE_S32;
  t->data = t->dtype == MNW_DTYPE_S64 ? (const void *)long_indices : (const void *)word_indices;
  for (size_t i = 0; i < MAX_ELEMENTS; i++) {
    word_indices[i] = random_between(seed, -extent, extent - 1);
    if (random_next(seed) % 32 == 0) word_indices[i] = (int32_t)random_next(seed);
    if (random_next(seed) % 64 == 0) word_indices[i] = i & 1 ? INT32_MIN : INT32_MAX;
    long_indices[i] = word_indices[i];
    if (random_next(seed) % 64 == 0) long_indices[i] = i & 1 ? INT64_MIN : INT64_MAX;
  }
}

static size_t good_index(const op_tensor *indices, size_t i, int32_t extent) {
  int64_t index = indices->dtype == MNW_DTYPE_S64 ? long_indices[i] : word_indices[i];
  if (index < 0) index += extent;
  return index < 0 ? 0 : index >= extent ? (size_t)extent - 1 : (size_t)index;
}

static void random_data(uint32_t *seed) {
  random_bytes(seed, data, sizeof data);
  random_bytes(seed, updates, sizeof updates);
}

static void copy_element(const op_tensor *y, size_t to, const void *from, size_t index) {
  const size_t bytes = element_bytes(y);
  memcpy(expected + to * bytes, (const uint8_t *)from + index * bytes, bytes);
}

static void expect_bytes(const op_case *test) {
  for (size_t set = 0; op_case_run(test, set, got); set++) {
    assert_memory_equal(got, expected, op_tensor_bytes(&test->output));
  }
}

static void expect_refused(const op_case *test) {
  mnw_error error;
  assert_int_equal(op_case_load(test, &error), MNW_STATUS_INVALID_GRAPH);
}

static void expect_accepted(const op_case *test) {
  mnw_error error;
  assert_int_equal(op_case_load(test, &error), MNW_STATUS_OK);
}

static void append_dims(op_tensor *t, const op_tensor *from, uint32_t first, uint32_t last) {
  for (uint32_t i = first; i < last; i++) t->dims[t->rank++] = from->dims[i];
}

static void test_gather(void **state) {
  uint32_t seed = 3;
  (void)state;
  for (int round = 0; round < 150; round++) {
    op_case test = {.code = MNW_OP_GATHER, .param_count = 1, .input_count = 2};
    op_tensor *x = &test.inputs[0], *indices = &test.inputs[1];
    random_data(&seed);
    *x = random_tensor(&seed, 1, 4);
    *indices = random_tensor(&seed, 0, MNW_MAX_RANK - x->rank + 1);
    const uint32_t axis = random_next(&seed) % x->rank;
    random_indices(&seed, indices, x->dims[axis]);
    x->is_constant = round & 1;
    test.params[0] = (int32_t)axis;
    test.output.dtype = x->dtype;
    append_dims(&test.output, x, 0, axis);
    append_dims(&test.output, indices, 0, indices->rank);
    append_dims(&test.output, x, axis + 1, x->rank);
    if (op_tensor_elements(&test.output) > MAX_ELEMENTS) continue;
    for (size_t i = 0; i < op_tensor_elements(&test.output); i++) {
      const position p = position_of(&test.output, i);
      size_t from[MNW_MAX_RANK];
      for (uint32_t a = 0; a < x->rank; a++) {
        if (a != axis) from[a] = p.at[a < axis ? a : a + indices->rank - 1];
      }
      from[axis] = good_index(indices, index_of(indices, p.at + axis), x->dims[axis]);
      copy_element(&test.output, i, data, index_of(x, from));
    }
    expect_bytes(&test);
  }
}

static void test_gather_elements(void **state) {
  uint32_t seed = 5;
  (void)state;
  for (int round = 0; round < 150; round++) {
    op_case test = {.code = MNW_OP_GATHER_ELEMENTS, .param_count = 1, .input_count = 2};
    op_tensor *x = &test.inputs[0], *indices = &test.inputs[1];
    random_data(&seed);
    *x = random_tensor(&seed, 1, 5);
    const uint32_t axis = random_next(&seed) % x->rank;
    *indices = *x;
    for (uint32_t a = 0; a < x->rank; a++) {
      indices->dims[a] = random_between(&seed, 1, a == axis ? 7 : x->dims[a]);
    }
    random_indices(&seed, indices, x->dims[axis]);
    test.params[0] = (int32_t)axis;
    test.output = *indices;
    test.output.dtype = x->dtype;
    for (size_t i = 0; i < op_tensor_elements(indices); i++) {
      position p = position_of(indices, i);
      p.at[axis] = good_index(indices, i, x->dims[axis]);
      copy_element(&test.output, i, data, index_of(x, p.at));
    }
    expect_bytes(&test);
  }
}

static void test_gather_nd(void **state) {
  uint32_t seed = 7;
  (void)state;
  for (int round = 0; round < 150; round++) {
    op_case test = {.code = MNW_OP_GATHER_ND, .param_count = 1, .input_count = 2};
    op_tensor *x = &test.inputs[0], *indices = &test.inputs[1];
    random_data(&seed);
    *x = random_tensor(&seed, 1, 4);
    const uint32_t batch = random_next(&seed) % x->rank;
    const uint32_t length = 1 + random_next(&seed) % (x->rank - batch);
    const uint32_t more = random_next(&seed) % 3;
    indices->rank = 0;
    append_dims(indices, x, 0, batch);
    for (uint32_t a = 0; a < more; a++)
      indices->dims[indices->rank++] = random_between(&seed, 1, 4);
    indices->dims[indices->rank++] = (int32_t)length;
    random_indices(&seed, indices, 4);
    test.params[0] = (int32_t)batch;
    test.output.dtype = x->dtype;
    append_dims(&test.output, indices, 0, indices->rank - 1);
    append_dims(&test.output, x, batch + length, x->rank);
    for (size_t i = 0; i < op_tensor_elements(&test.output); i++) {
      const position p = position_of(&test.output, i);
      size_t from[MNW_MAX_RANK], at[MNW_MAX_RANK] = {0};
      memcpy(at, p.at, (indices->rank - 1) * sizeof at[0]);
      const size_t tuple = index_of(indices, at);
      for (uint32_t a = 0; a < x->rank; a++) {
        from[a] = a < batch            ? p.at[a]
                  : a < batch + length ? good_index(indices, tuple + a - batch, x->dims[a])
                                       : p.at[indices->rank - 1 + a - batch - length];
      }
      copy_element(&test.output, i, data, index_of(x, from));
    }
    expect_bytes(&test);
  }
}

static int64_t combine(int32_t function, int64_t a, int64_t b) {
  switch (function) {
    case MNW_BINARY_ADD:
      return (int64_t)((uint64_t)a + (uint64_t)b);
    case MNW_BINARY_MUL:
      return (int64_t)((uint64_t)a * (uint64_t)b);
    case MNW_BINARY_MIN:
      return a < b ? a : b;
    case MNW_BINARY_MAX:
      return a > b ? a : b;
    default:
      return b;
  }
}

static int64_t load(mnw_dtype dtype, const void *from, size_t i) {
  switch (dtype) {
    case MNW_DTYPE_F32:
      return (int64_t)((const float *)from)[i];
    case MNW_DTYPE_S64:
      return ((const int64_t *)from)[i];
    case MNW_DTYPE_S32:
      return ((const int32_t *)from)[i];
    case MNW_DTYPE_S8:
      return ((const int8_t *)from)[i];
    default:
      return ((const uint8_t *)from)[i];
  }
}

static void store(mnw_dtype dtype, void *to, size_t i, int64_t value) {
  if (dtype == MNW_DTYPE_F32) {
    ((float *)to)[i] = (float)value;
  } else if (dtype == MNW_DTYPE_S64) {
    ((int64_t *)to)[i] = value;
  } else if (dtype == MNW_DTYPE_S32) {
    ((int32_t *)to)[i] = (int32_t)value;
  } else {
    ((uint8_t *)to)[i] = (uint8_t)value;
  }
}

// Small whole numbers but 0, whose sign the formulas on integers would lose.
static void whole_data(uint32_t *seed, mnw_dtype dtype) {
  for (size_t i = 0; i < MAX_ELEMENTS; i++) {
    store(dtype, data, i,
          random_between(seed, 0, 1) ? random_between(seed, 1, 3) : random_between(seed, -3, -1));
    store(dtype, updates, i,
          random_between(seed, 0, 1) ? random_between(seed, 1, 3) : random_between(seed, -3, -1));
  }
}

static int32_t random_function(uint32_t *seed, mnw_dtype dtype) {
  static const int32_t functions[] = {0, MNW_BINARY_ADD, MNW_BINARY_MUL, MNW_BINARY_MIN,
                                      MNW_BINARY_MAX};
  return functions[dtype == MNW_DTYPE_BOOL ? 0 : random_next(seed) % 5];
}

static void meet(const op_tensor *x, int32_t function, size_t to, size_t from) {
  const int64_t value =
      combine(function, load(x->dtype, expected, to), load(x->dtype, updates, from));
  store(x->dtype, expected, to, value);
}

static void test_scatter_elements(void **state) {
  uint32_t seed = 11;
  (void)state;
  for (int round = 0; round < 150; round++) {
    op_case test = {.code = MNW_OP_SCATTER_ELEMENTS, .param_count = 2, .input_count = 3};
    op_tensor *x = &test.inputs[0], *indices = &test.inputs[1];
    *x = random_tensor(&seed, 1, 5);
    whole_data(&seed, x->dtype);
    const uint32_t axis = random_next(&seed) % x->rank;
    const int32_t function = random_function(&seed, x->dtype);
    *indices = *x;
    for (uint32_t a = 0; a < x->rank; a++) {
      indices->dims[a] = random_between(&seed, 1, a == axis ? 7 : x->dims[a]);
    }
    random_indices(&seed, indices, x->dims[axis]);
    test.inputs[2] = *indices;
    test.inputs[2].dtype = x->dtype;
    test.inputs[2].data = updates;
    test.params[MNW_SCATTER_ELEMENTS_AXIS] = (int32_t)axis;
    test.params[MNW_SCATTER_ELEMENTS_FUNCTION] = function;
    test.output = *x;
    memcpy(expected, data, op_tensor_bytes(x));
    for (size_t i = 0; i < op_tensor_elements(indices); i++) {
      position p = position_of(indices, i);
      p.at[axis] = good_index(indices, i, x->dims[axis]);
      meet(x, function, index_of(x, p.at), i);
    }
    expect_bytes(&test);
  }
}

static void test_scatter_nd(void **state) {
  uint32_t seed = 13;
  (void)state;
  for (int round = 0; round < 150; round++) {
    op_case test = {.code = MNW_OP_SCATTER_ND, .param_count = 1, .input_count = 3};
    op_tensor *x = &test.inputs[0], *indices = &test.inputs[1], *slices = &test.inputs[2];
    *x = random_tensor(&seed, 1, 4);
    whole_data(&seed, x->dtype);
    const int32_t function = random_function(&seed, x->dtype);
    const uint32_t length = 1 + random_next(&seed) % x->rank, more = random_next(&seed) % 3;
    for (uint32_t a = 0; a < more; a++)
      indices->dims[indices->rank++] = random_between(&seed, 1, 4);
    indices->dims[indices->rank++] = (int32_t)length;
    random_indices(&seed, indices, 4);
    slices->dtype = x->dtype;
    slices->data = updates;
    append_dims(slices, indices, 0, indices->rank - 1);
    append_dims(slices, x, length, x->rank);
    test.params[0] = function;
    test.output = *x;
    memcpy(expected, data, op_tensor_bytes(x));
    for (size_t i = 0; i < op_tensor_elements(slices); i++) {
      const position p = position_of(slices, i);
      size_t to[MNW_MAX_RANK], at[MNW_MAX_RANK] = {0};
      memcpy(at, p.at, (indices->rank - 1) * sizeof at[0]);
      for (uint32_t a = 0; a < x->rank; a++) {
        to[a] = a < length ? good_index(indices, index_of(indices, at) + a, x->dims[a])
                           : p.at[indices->rank - 1 + a - length];
      }
      meet(x, function, index_of(x, to), i);
    }
    expect_bytes(&test);
  }
}

static void test_one_hot(void **state) {
  static float float_indices[MAX_ELEMENTS];
  uint32_t seed = 17;
  (void)state;
  for (int round = 0; round < 150; round++) {
    op_case test = {.code = MNW_OP_ONE_HOT, .param_count = 1, .input_count = 2};
    op_tensor *indices = &test.inputs[0], *values = &test.inputs[1], *y = &test.output;
    random_data(&seed);
    *indices = random_tensor(&seed, 0, 4);
    *values = random_tensor(&seed, 1, 1);
    values->dims[0] = 2;
    const int32_t depth = random_between(&seed, 1, 6);
    const uint32_t axis = random_next(&seed) % (indices->rank + 1);
    random_indices(&seed, indices, depth);
    if (round % 3 == 0) {
      for (size_t i = 0; i < MAX_ELEMENTS; i++) float_indices[i] = (float)word_indices[i];
      float_indices[0] = NAN;
      long_indices[0] = INT64_MAX;
      for (size_t i = 1; i < MAX_ELEMENTS; i++) long_indices[i] = word_indices[i];
      indices->dtype = MNW_DTYPE_F32;
      indices->data = float_indices;
    }
    test.params[0] = (int32_t)axis;
    y->dtype = values->dtype;
    append_dims(y, indices, 0, axis);
    y->dims[y->rank++] = depth;
    append_dims(y, indices, axis, indices->rank);
    for (size_t i = 0; i < op_tensor_elements(y); i++) {
      const position p = position_of(y, i);
      size_t at[MNW_MAX_RANK] = {0};
      for (uint32_t a = 0; a < indices->rank; a++) at[a] = p.at[a < axis ? a : a + 1];
      const size_t from = index_of(indices, at);
      const int64_t index =
          indices->dtype == MNW_DTYPE_S32 ? word_indices[from] : long_indices[from];
      const int64_t here = (int64_t)p.at[axis];
      copy_element(y, i, data, index == here || index == here - depth);
    }
    expect_bytes(&test);
  }
}

static void test_hostile_gathers(void **state) {
  (void)state;
  const op_tensor x = {.dtype = MNW_DTYPE_F32, .rank = 3, .dims = {2, 3, 4}, .data = data};
  const op_tensor i = {.dtype = MNW_DTYPE_S64, .rank = 1, .dims = {5}, .data = long_indices};
  const op_case gather = {
      MNW_OP_GATHER, 1, 2, {1}, {x, i}, {.dtype = MNW_DTYPE_F32, .rank = 3, .dims = {2, 5, 4}}};
  expect_accepted(&gather);
  static const int32_t bad_axes[] = {-1, 0, 2, 3, INT32_MAX, INT32_MIN};
  op_case test;
  for (size_t k = 0; k < sizeof bad_axes / sizeof bad_axes[0]; k++) {
    test = gather;
    test.params[0] = bad_axes[k];
    expect_refused(&test);
  }
  for (uint32_t k = 0; k < 3; k++) {
    test = gather;
    test.output.dims[k]++;
    expect_refused(&test);
    test = gather;
    test.output.rank = k;
    expect_refused(&test);
  }
  test = gather;
  test.inputs[1].dtype = MNW_DTYPE_F32;
  expect_refused(&test);
  test = gather;
  test.output.dtype = MNW_DTYPE_S64;
  expect_refused(&test);
  test = gather;
  test.inputs[1].data = NULL;
  expect_refused(&test);
  test = gather;
  test.input_count = 1;
  expect_refused(&test);
  test = gather;
  test.inputs[0].rank = 0;
  expect_refused(&test);

  const op_tensor many = {
      .dtype = MNW_DTYPE_S32, .rank = 3, .dims = {2, 7, 4}, .data = word_indices};
  op_tensor y = many;
  y.dtype = MNW_DTYPE_F32;
  const op_case elements = {MNW_OP_GATHER_ELEMENTS, 1, 2, {1}, {x, many}, y};
  expect_accepted(&elements);
  test = elements;
  test.params[0] = 2;
  expect_refused(&test);
  test = elements;
  test.inputs[1].dims[2] = test.output.dims[2] = 5;
  expect_refused(&test);
  test = elements;
  test.output.dims[0] = 1;
  expect_refused(&test);

  const op_tensor tuples = {
      .dtype = MNW_DTYPE_S32, .rank = 2, .dims = {2, 2}, .data = word_indices};
  const op_case nd = {
      MNW_OP_GATHER_ND, 1, 2, {1}, {x, tuples}, {.dtype = MNW_DTYPE_F32, .rank = 1, .dims = {2}}};
  expect_accepted(&nd);
  static const int32_t bad_batches[] = {-1, 0, 2, 3, INT32_MAX};
  for (size_t k = 0; k < sizeof bad_batches / sizeof bad_batches[0]; k++) {
    test = nd;
    test.params[0] = bad_batches[k];
    expect_refused(&test);
  }
  test = nd;
  test.inputs[1].dims[1] = 3;
  expect_refused(&test);
  test = nd;
  test.inputs[1].dims[0] = test.output.dims[0] = 3;
  expect_refused(&test);
  test = nd;
  test.inputs[1].rank = 0;
  expect_refused(&test);
}

static void test_hostile_scatters(void **state) {
  (void)state;
  const op_tensor x = {.dtype = MNW_DTYPE_F32, .rank = 2, .dims = {3, 4}, .data = data};
  const op_tensor i = {.dtype = MNW_DTYPE_S32, .rank = 2, .dims = {2, 4}, .data = word_indices};
  const op_tensor u = {.dtype = MNW_DTYPE_F32, .rank = 2, .dims = {2, 4}, .data = updates};
  const op_case elements = {MNW_OP_SCATTER_ELEMENTS, 2, 3, {0, 0}, {x, i, u}, x};
  op_case test;
  expect_accepted(&elements);
  for (int32_t function = -1; function < 33; function++) {
    test = elements;
    test.params[1] = function;
    if (function == 0 || function == MNW_BINARY_ADD || function == MNW_BINARY_MUL ||
        function == MNW_BINARY_MIN || function == MNW_BINARY_MAX) {
      expect_accepted(&test);
    } else {
      expect_refused(&test);
    }
  }
  test = elements;
  test.params[0] = 2;
  expect_refused(&test);
  test = elements;
  test.inputs[2].dims[0] = 1;
  expect_refused(&test);
  test = elements;
  test.inputs[2].dtype = MNW_DTYPE_S32;
  expect_refused(&test);
  test = elements;
  test.output.dims[0] = 2;
  expect_refused(&test);
  test = elements;
  test.inputs[1].dims[1] = test.inputs[2].dims[1] = 5;
  expect_refused(&test);

  const op_tensor slices = {.dtype = MNW_DTYPE_F32, .rank = 1, .dims = {2}, .data = updates};
  const op_tensor tuples = {
      .dtype = MNW_DTYPE_S32, .rank = 2, .dims = {2, 2}, .data = word_indices};
  const op_case nd = {MNW_OP_SCATTER_ND, 1, 3, {0}, {x, tuples, slices}, x};
  expect_accepted(&nd);
  test = nd;
  test.inputs[1].dims[1] = 3;
  expect_refused(&test);
  test = nd;
  test.inputs[1].dims[1] = 1;
  expect_refused(&test);
  test = nd;
  test.inputs[2].dims[0] = 3;
  expect_refused(&test);
  test = nd;
  test.params[0] = 3;
  expect_accepted(&test);
  test.inputs[0].dtype = test.inputs[2].dtype = test.output.dtype = MNW_DTYPE_BOOL;
  expect_refused(&test);

  const op_tensor values = {.dtype = MNW_DTYPE_S8, .rank = 1, .dims = {2}, .data = data};
  const op_case one_hot = {MNW_OP_ONE_HOT,
                           1,
                           2,
                           {1},
                           {i, values},
                           {.dtype = MNW_DTYPE_S8, .rank = 3, .dims = {2, 9, 4}}};
  expect_accepted(&one_hot);
  for (int32_t axis = -1; axis < 5; axis++) {
    test = one_hot;
    test.params[0] = axis;
    if (axis != 1) expect_refused(&test);
  }
  test = one_hot;
  test.inputs[1].dims[0] = 1;
  expect_refused(&test);
  test = one_hot;
  test.output.dtype = MNW_DTYPE_U8;
  expect_refused(&test);
  test = one_hot;
  test.inputs[0].dtype = MNW_DTYPE_S8;
  expect_refused(&test);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_gather),          cmocka_unit_test(test_gather_elements),
      cmocka_unit_test(test_gather_nd),       cmocka_unit_test(test_scatter_elements),
      cmocka_unit_test(test_scatter_nd),      cmocka_unit_test(test_one_hot),
      cmocka_unit_test(test_hostile_gathers), cmocka_unit_test(test_hostile_scatters)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
