// TRANSPOSE, CONCAT, SLICE, EXPAND, TRILU: where each element comes from, by naive index maps over
// random shapes.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "element_samples.h"
#include "ops/op_params.h"
#include "test_random.h"

enum { MAX_ELEMENTS = 20000 };

static uint8_t x[8 * MAX_ELEMENTS], x_b[8 * MAX_ELEMENTS], x_c[8 * MAX_ELEMENTS],
    y[8 * MAX_ELEMENTS];

static mnw_dtype random_dtype(uint32_t *seed) {
  static const mnw_dtype dtypes[] = {MNW_DTYPE_S8, MNW_DTYPE_F32, MNW_DTYPE_S64};
  return dtypes[random_between(seed, 0, 2)];
}

static size_t element_bytes(const op_tensor *t) {
  return op_tensor_bytes(t) / op_tensor_elements(t);
}

static void positions_of(int32_t position[MNW_MAX_RANK], const op_tensor *t, size_t flat_index) {
  for (uint32_t i = t->rank; i-- > 0;) {
    position[i] = (int32_t)(flat_index % (size_t)t->dims[i]);
    flat_index /= (size_t)t->dims[i];
  }
}

static size_t index_of(const op_tensor *t, const int32_t position[MNW_MAX_RANK]) {
  size_t index = 0;
  for (uint32_t i = 0; i < t->rank; i++) index = index * (size_t)t->dims[i] + (size_t)position[i];
  return index;
}

static void expect_element(const op_tensor *t, size_t got_index, const uint8_t *from,
                           size_t from_index, int run) {
  const size_t bytes = element_bytes(t);
  if (memcmp(y + got_index * bytes, from + from_index * bytes, bytes) != 0) {
    fail_msg("run %d: element %zu is not input element %zu", run, got_index, from_index);
  }
}

static void run_transpose(op_case *test, const int32_t *perm, int run) {
  op_tensor *in = &test->inputs[0], *out = &test->output;
  *out = *in;
  for (uint32_t i = 0; i < in->rank; i++) {
    test->params[i] = perm[i];
    out->dims[i] = in->dims[perm[i]];
  }
  op_case_run(test, 0, y);
  for (size_t i = 0; i < op_tensor_elements(out); i++) {
    int32_t at[MNW_MAX_RANK], from[MNW_MAX_RANK];
    positions_of(at, out, i);
    for (uint32_t k = 0; k < in->rank; k++) from[perm[k]] = at[k];
    expect_element(out, i, x, index_of(in, from), run);
  }
}

static void transpose_moves_axes(void **state) {
  uint32_t seed = 31;
  (void)state;
  random_bytes(&seed, x, sizeof x);
  for (int run = 0; run < 400; run++) {
    op_case test = {.code = MNW_OP_TRANSPOSE, .param_count = 6, .input_count = 1};
    op_tensor *in = &test.inputs[0];
    int32_t perm[MNW_MAX_RANK];
    *in = (op_tensor){
        .dtype = random_dtype(&seed), .rank = (uint32_t)random_between(&seed, 0, 6), .data = x};
    for (uint32_t i = 0; i < in->rank; i++) {
      in->dims[i] = random_between(&seed, 1, in->rank <= 3 ? 25 : 4);
      perm[i] = (int32_t)i;
    }
    for (uint32_t i = in->rank; i-- > 1;) {
      const int32_t other = random_between(&seed, 0, (int32_t)i), held = perm[i];
      perm[i] = perm[other];
      perm[other] = held;
    }
    run_transpose(&test, perm, run);
  }
  // Pictures between NHWC and NCHW.
  for (int run = 0; run < 3; run++) {
    op_case test = {.code = MNW_OP_TRANSPOSE, .param_count = 6, .input_count = 1};
    const mnw_dtype dtypes[] = {MNW_DTYPE_S8, MNW_DTYPE_F32, MNW_DTYPE_S64};
    test.inputs[0] =
        (op_tensor){.dtype = dtypes[run], .rank = 4, .dims = {2, 19, 17, 21}, .data = x};
    run_transpose(&test, (const int32_t[]){0, 3, 1, 2}, run);
    run_transpose(&test, (const int32_t[]){0, 2, 3, 1}, run);
  }
}

static void concat_joins(void **state) {
  static const void *const data[] = {x, x_b, x_c};
  uint32_t seed = 32;
  (void)state;
  random_bytes(&seed, x, sizeof x);
  random_bytes(&seed, x_b, sizeof x_b);
  random_bytes(&seed, x_c, sizeof x_c);
  for (int run = 0; run < 300; run++) {
    op_case test = {.code = MNW_OP_CONCAT,
                    .param_count = 1,
                    .input_count = (uint32_t)random_between(&seed, 1, 3)};
    op_tensor *out = &test.output;
    *out = (op_tensor){.dtype = random_dtype(&seed), .rank = (uint32_t)random_between(&seed, 1, 6)};
    if (out->dtype == MNW_DTYPE_S8) out->scale = 0.5f;
    for (uint32_t i = 0; i < out->rank; i++) out->dims[i] = random_between(&seed, 1, 4);
    const int32_t axis = random_between(&seed, 0, (int32_t)out->rank - 1);
    test.params[0] = axis;
    out->dims[axis] = 0;
    for (uint32_t k = 0; k < test.input_count; k++) {
      test.inputs[k] = *out;
      test.inputs[k].dims[axis] = random_between(&seed, 1, 4);
      test.inputs[k].data = data[k];
    }
    for (uint32_t k = 0; k < test.input_count; k++) out->dims[axis] += test.inputs[k].dims[axis];
    op_case_run(&test, 0, y);
    for (size_t i = 0; i < op_tensor_elements(out); i++) {
      int32_t at[MNW_MAX_RANK];
      uint32_t k = 0;
      positions_of(at, out, i);
      for (; at[axis] >= test.inputs[k].dims[axis]; k++) at[axis] -= test.inputs[k].dims[axis];
      expect_element(out, i, data[k], index_of(&test.inputs[k], at), run);
    }
  }
}

static void slice_steps(void **state) {
  uint32_t seed = 33;
  (void)state;
  random_bytes(&seed, x, sizeof x);
  for (int run = 0; run < 400; run++) {
    op_case test = {.code = MNW_OP_SLICE, .param_count = 12, .input_count = 1};
    op_tensor *in = &test.inputs[0], *out = &test.output;
    *in = (op_tensor){
        .dtype = random_dtype(&seed), .rank = (uint32_t)random_between(&seed, 0, 6), .data = x};
    for (uint32_t i = 0; i < in->rank; i++) {
      in->dims[i] = random_between(&seed, 1, in->rank < 4 ? 20 : 4);
    }
    *out = *in;
    for (uint32_t i = 0; i < in->rank; i++) {
      const int32_t step = random_between(&seed, 1, 3) * (random_between(&seed, 0, 1) ? 1 : -1);
      const int32_t start = random_between(&seed, 0, in->dims[i] - 1);
      const int32_t room = step > 0 ? (in->dims[i] - 1 - start) / step : start / -step;
      out->dims[i] = random_between(&seed, 1, room + 1);
      test.params[i] = start;
      test.params[6 + i] = out->dims[i] == 1 && run % 5 == 0 ? INT32_MIN : step;
    }
    op_case_run(&test, 0, y);
    for (size_t i = 0; i < op_tensor_elements(out); i++) {
      int32_t at[MNW_MAX_RANK];
      positions_of(at, out, i);
      for (uint32_t k = 0; k < in->rank; k++) {
        at[k] = test.params[k] + (at[k] == 0 ? 0 : at[k] * test.params[6 + k]);
      }
      expect_element(out, i, x, index_of(in, at), run);
    }
  }
}

static void expand_repeats(void **state) {
  uint32_t seed = 34;
  (void)state;
  random_bytes(&seed, x, sizeof x);
  for (int run = 0; run < 300; run++) {
    op_case test = {.code = MNW_OP_EXPAND, .input_count = 1};
    op_tensor unused = {0};
    random_shapes(&seed, &test.inputs[0], &unused, &test.output);
    test.inputs[0].dtype = test.output.dtype = random_dtype(&seed);
    test.inputs[0].data = x;
    op_case_run(&test, 0, y);
    for (size_t i = 0; i < op_tensor_elements(&test.output); i++) {
      expect_element(&test.output, i, x, stretched_index(&test.inputs[0], &test.output, i), run);
    }
  }
}

static void trilu_keeps_a_triangle(void **state) {
  static const uint8_t zeros[8];
  uint32_t seed = 35;
  (void)state;
  random_bytes(&seed, x, sizeof x);
  for (int run = 0; run < 300; run++) {
    const int32_t k = run % 20 == 0   ? INT32_MAX
                      : run % 20 == 1 ? INT32_MIN
                                      : random_between(&seed, -7, 7);
    const int32_t keeps_upper = random_between(&seed, 0, 1);
    op_case test = {
        .code = MNW_OP_TRILU, .param_count = 2, .input_count = 1, .params = {keeps_upper, k}};
    op_tensor *out = &test.output;
    *out = (op_tensor){.dtype = random_dtype(&seed), .rank = (uint32_t)random_between(&seed, 2, 4)};
    for (uint32_t i = 0; i < out->rank; i++) out->dims[i] = random_between(&seed, 1, 6);
    test.inputs[0] = *out;
    test.inputs[0].data = x;
    op_case_run(&test, 0, y);
    for (size_t i = 0; i < op_tensor_elements(out); i++) {
      int32_t at[MNW_MAX_RANK];
      positions_of(at, out, i);
      const int64_t diagonal = (int64_t)at[out->rank - 1] - at[out->rank - 2];
      const int is_kept = keeps_upper ? diagonal >= k : diagonal <= k;
      expect_element(out, i, is_kept ? x : zeros, is_kept ? i : 0, run);
    }
  }
}

static void bad_graphs_are_refused(void **state) {
  (void)state;
  const op_tensor matrix = {.dtype = MNW_DTYPE_F32, .rank = 2, .dims = {3, 4}, .data = x};
  op_tensor plain = matrix;
  op_case t;
#define REFUSE(base, change) (t = (base), (change), expect_refused(&t, __LINE__))
  plain.data = NULL;
  op_case transpose = {.code = MNW_OP_TRANSPOSE,
                       .param_count = 6,
                       .input_count = 1,
                       .params = {1, 0},
                       .inputs = {matrix},
                       .output = plain};
  transpose.output.dims[0] = 4;
  transpose.output.dims[1] = 3;
  REFUSE(transpose, t.params[0] = 0);
  REFUSE(transpose, t.params[0] = -1);
  REFUSE(transpose, t.params[0] = 40);
  REFUSE(transpose, t.params[1] = 1);
  REFUSE(transpose, t.output.dims[0] = 3);
  REFUSE(transpose, t.output.rank = 1);
  REFUSE(transpose, t.output.dtype = MNW_DTYPE_S32);
  REFUSE(transpose, t.inputs[0].scale = 0.5f);
  op_case concat = {.code = MNW_OP_CONCAT,
                    .param_count = 1,
                    .input_count = 2,
                    .inputs = {matrix, matrix},
                    .output = plain};
  concat.output.dims[0] = 6;
  REFUSE(concat, t.params[0] = 1);
  REFUSE(concat, t.params[0] = 2);
  REFUSE(concat, t.params[0] = -1);
  REFUSE(concat, t.output.dims[0] = 7);
  REFUSE(concat, t.inputs[1].dims[1] = 3);
  REFUSE(concat, t.inputs[1].rank = 1);
  REFUSE(concat, t.inputs[1].zero_point = 3);
  REFUSE(concat, t.inputs[0].data = NULL);
  const op_case slice = {.code = MNW_OP_SLICE,
                         .param_count = 12,
                         .input_count = 1,
                         .params = {0, 0, 0, 0, 0, 0, 1, 1},
                         .inputs = {matrix},
                         .output = plain};
  REFUSE(slice, t.params[0] = 1);
  REFUSE(slice, t.params[0] = -1);
  REFUSE(slice, t.params[6] = 0);
  REFUSE(slice, t.params[6] = -1);
  REFUSE(slice, t.params[6] = INT32_MAX);
  REFUSE(slice, t.params[7] = INT32_MIN);
  REFUSE(slice, t.output.rank = 1);
  const op_case expand = {
      .code = MNW_OP_EXPAND, .input_count = 1, .inputs = {matrix}, .output = plain};
  REFUSE(expand, t.output.dims[0] = 6);
  REFUSE(expand, t.output.rank = 1);
  REFUSE(expand, t.output.dtype = MNW_DTYPE_S64);
  const op_case trilu = {.code = MNW_OP_TRILU,
                         .param_count = 2,
                         .input_count = 1,
                         .inputs = {matrix},
                         .output = plain};
  REFUSE(trilu, t.output.dims[0] = 4);
  REFUSE(trilu, t.inputs[0].rank = t.output.rank = 1);
#undef REFUSE
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(transpose_moves_axes),
      cmocka_unit_test(concat_joins),
      cmocka_unit_test(slice_steps),
      cmocka_unit_test(expand_repeats),
      cmocka_unit_test(trilu_keeps_a_triangle),
      cmocka_unit_test(bad_graphs_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
