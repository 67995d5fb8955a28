// pass_cancel_transposes and pass_fold_channel_affine on hand-built graphs.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
// cmocka.h needs the headers above.
#include <cmocka.h>

#include "../core/ops/op_params.h"
#include "import/graph_passes.h"

static pk_graph graph;
static pk_error error;

static int set_up(void **state) {
  (void)state;
  pk_graph_init(&graph, 1 << 24);
  error = (pk_error){.code = PK_OK};
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  pk_graph_deinit(&graph);
  return 0;
}

static int32_t add_tensor(int rank, const int32_t *dims, const float *data) {
  pk_tensor t = {.name = "t", .dtype = PK_DTYPE_F32, .rank = rank};
  memcpy(t.dims, dims, (size_t)rank * sizeof *dims);
  t.data = (const uint8_t *)data;
  if (data) t.data_bytes = (size_t)pk_tensor_elements(&t) * sizeof *data;
  return pk_graph_add_tensor(&graph, &t, &error);
}

#define TENSOR(...) \
  add_tensor(sizeof(int32_t[]){__VA_ARGS__} / sizeof(int32_t), (const int32_t[]){__VA_ARGS__}, NULL)

static pk_op *add_op(pk_op_kind kind, int32_t a, int32_t b, int32_t output) {
  const int32_t inputs[2] = {a, b};
  const pk_op op = {.kind = kind,
                    .name = "op",
                    .source_index = (int32_t)graph.op_count,
                    .inputs = pk_arena_copy(&graph.arena, inputs, 2, sizeof *inputs, &error),
                    .input_count = b < 0 ? 1 : 2,
                    .output = output};
  return pk_graph_add_op(&graph, &op, &error);
}

static void add_transpose(int32_t x, const int *perm, int rank, int32_t y) {
  pk_op *op = add_op(PK_OP_TRANSPOSE, x, -1, y);
  for (int i = 0; i < 6; i++) op->attributes.words.words[i] = i < rank ? perm[i] : i;
}

static void set_ends(int32_t input, int32_t output) {
  graph.inputs = pk_arena_copy(&graph.arena, &input, 1, sizeof input, &error);
  graph.outputs = pk_arena_copy(&graph.arena, &output, 1, sizeof output, &error);
  graph.input_count = graph.output_count = 1;
}

static const int to_last[4] = {0, 2, 3, 1}, to_first[4] = {0, 3, 1, 2};

// NCHW -> NHWC, an operator element by element with a constant for each channel, and back.
static void test_transposes_meet(void **state) {
  (void)state;
  static const float factors[3] = {1, 2, 3};
  const int32_t x = TENSOR(1, 4, 5, 3), a = TENSOR(1, 3, 4, 5), b = TENSOR(1, 3, 4, 5);
  const int32_t y = TENSOR(1, 4, 5, 3), z = TENSOR(1, 4, 5, 3);
  const int32_t c = add_tensor(3, (const int32_t[]){3, 1, 1}, factors);
  add_transpose(x, to_first, 4, a);
  add_op(PK_OP_BINARY, a, c, b)->attributes.words.words[MNW_BINARY_FUNCTION] = MNW_BINARY_MUL;
  add_transpose(b, to_last, 4, y);
  add_op(PK_OP_UNARY, y, -1, z)->attributes.words.words[MNW_UNARY_FUNCTION] = MNW_UNARY_SQRT;
  set_ends(x, z);
  assert_true(pk_pass_cancel_transposes(&graph, &error));
  assert_true(pk_pass_remove_dead(&graph, &error));
  assert_int_equal(graph.op_count, 2);
  assert_int_equal(graph.ops[0].kind, PK_OP_BINARY);
  assert_int_equal(graph.ops[0].inputs[0], x);
  const pk_tensor *moved = pk_op_input(&graph, &graph.ops[0], 1);
  assert_int_equal(moved->rank, 4);
  assert_int_equal(moved->dims[1], 1);
  assert_int_equal(moved->dims[3], 3);
  assert_int_equal(pk_op_output(&graph, &graph.ops[0])->dims[3], 3);
  assert_int_equal(graph.ops[1].inputs[0], graph.ops[0].output);
}

// CONCAT, SLICE, PAD and REDUCE name axes, which change with the transpose that they let pass.
static void test_axes_follow(void **state) {
  (void)state;
  const int32_t x = TENSOR(1, 4, 5, 3), a = TENSOR(1, 3, 4, 5), b = TENSOR(1, 6, 4, 5);
  const int32_t c = TENSOR(1, 2, 4, 5), d = TENSOR(1, 4, 4, 5), e = TENSOR(1, 4, 1, 5);
  add_transpose(x, to_first, 4, a);
  add_op(PK_OP_CONCAT, a, a, b)->attributes.words.words[MNW_CONCAT_AXIS] = 1;
  int32_t *slice = add_op(PK_OP_SLICE, b, -1, c)->attributes.words.words;
  for (int i = 0; i < 6; i++) slice[MNW_SLICE_STEP + i] = 1;
  slice[MNW_SLICE_START + 1] = 1;
  slice[MNW_SLICE_STEP + 1] = 2;
  add_op(PK_OP_PAD, c, -1, d)->attributes.pad.before[1] = 2;
  add_op(PK_OP_REDUCE, d, -1, e)->attributes.words.words[MNW_REDUCE_AXES] = 1 << 2;
  set_ends(x, e);
  assert_true(pk_pass_cancel_transposes(&graph, &error));
  assert_true(pk_pass_remove_dead(&graph, &error));
  assert_int_equal(graph.op_count, 5);
  assert_int_equal(graph.ops[0].attributes.words.words[MNW_CONCAT_AXIS], 3);
  assert_int_equal(graph.ops[1].attributes.words.words[MNW_SLICE_START + 3], 1);
  assert_int_equal(graph.ops[1].attributes.words.words[MNW_SLICE_STEP + 3], 2);
  assert_int_equal(graph.ops[1].attributes.words.words[MNW_SLICE_START + 1], 0);
  assert_int_equal(graph.ops[2].attributes.pad.before[3], 2);
  assert_int_equal(graph.ops[3].attributes.words.words[MNW_REDUCE_AXES], 1 << 1);
  assert_int_equal(graph.ops[4].kind, PK_OP_TRANSPOSE);
  assert_int_equal(graph.ops[4].output, e);
}

// Operators that know their axes otherwise keep the transpose before them.
static void test_transpose_stays(void **state) {
  (void)state;
  const int32_t x = TENSOR(1, 4, 5, 3), a = TENSOR(1, 3, 4, 5), b = TENSOR(1, 60);
  const int32_t c = TENSOR(1, 60);
  add_transpose(x, to_first, 4, a);
  add_op(PK_OP_RESHAPE, a, -1, b);
  add_op(PK_OP_SOFTMAX, b, -1, c);
  set_ends(x, c);
  assert_true(pk_pass_cancel_transposes(&graph, &error));
  assert_int_equal(graph.op_count, 3);
  assert_int_equal(graph.ops[0].kind, PK_OP_TRANSPOSE);
}

// A transpose that moves only axes of one element costs nothing.
static void test_transpose_of_ones_reshapes(void **state) {
  (void)state;
  const int32_t x = TENSOR(1, 1, 1, 8), y = TENSOR(1, 8, 1, 1);
  add_transpose(x, to_first, 4, y);
  set_ends(x, y);
  assert_true(pk_pass_cancel_transposes(&graph, &error));
  assert_int_equal(graph.op_count, 1);
  assert_int_equal(graph.ops[0].kind, PK_OP_RESHAPE);
}

static const float weights[2 * 3] = {1, 2, 3, 4, 5, 6}, biases[2] = {10, 20};

static void add_dense(int32_t x, int32_t y, const float *bias) {
  const int32_t inputs[3] = {x, add_tensor(2, (const int32_t[]){2, 3}, weights),
                             bias ? add_tensor(1, (const int32_t[]){2}, bias) : PK_NO_TENSOR};
  pk_op *op = add_op(PK_OP_FULLY_CONNECTED, x, -1, y);
  op->inputs = pk_arena_copy(&graph.arena, inputs, 3, sizeof *inputs, &error);
  op->input_count = 3;
}

static float float_at(const pk_op *op, int input, size_t index) {
  float value;
  memcpy(&value, pk_op_input(&graph, op, input)->data + 4 * index, sizeof value);
  return value;
}

// (x W + b) * s + t = x (W s) + (b s + t), a factor for each output channel.
static void test_affine_folds(void **state) {
  (void)state;
  static const float factors[2] = {2, -1}, terms[2] = {0.5f, 7};
  const int32_t x = TENSOR(1, 3), y = TENSOR(1, 2), z = TENSOR(1, 2), end = TENSOR(1, 2);
  add_dense(x, y, biases);
  const int32_t s = add_tensor(1, (const int32_t[]){2}, factors);
  const int32_t t = add_tensor(2, (const int32_t[]){1, 2}, terms);
  add_op(PK_OP_BINARY, y, s, z)->attributes.words.words[MNW_BINARY_FUNCTION] = MNW_BINARY_MUL;
  pk_op *sum = add_op(PK_OP_BINARY, t, z, end);  // the constant first
  sum->attributes.words.words[MNW_BINARY_FUNCTION] = MNW_BINARY_ADD;
  sum->activation = PK_ACTIVATION_RELU;
  set_ends(x, end);
  assert_true(pk_pass_fold_channel_affine(&graph, &error));
  assert_int_equal(graph.op_count, 1);
  const pk_op *dense = &graph.ops[0];
  assert_int_equal(dense->output, end);
  assert_int_equal(dense->activation, PK_ACTIVATION_RELU);
  const float wanted[6] = {2, 4, 6, -4, -5, -6};
  for (size_t i = 0; i < 6; i++) {
    assert_float_equal(float_at(dense, PK_INPUT_WEIGHTS, i), wanted[i], 0.0f);
  }
  assert_float_equal(float_at(dense, PK_INPUT_BIAS, 0), 20.5f, 0.0f);
  assert_float_equal(float_at(dense, PK_INPUT_BIAS, 1), -13.0f, 0.0f);
}

// Not where the product has another reader, or the factor differs within a channel.
static void test_affine_stays(void **state) {
  (void)state;
  static const float factors[4] = {2, -1, 3, 4};
  const int32_t x = TENSOR(2, 3), y = TENSOR(2, 2), z = TENSOR(2, 2), end = TENSOR(2, 2);
  add_dense(x, y, NULL);
  const int32_t rows = add_tensor(2, (const int32_t[]){2, 2}, factors);
  const int32_t one = add_tensor(1, (const int32_t[]){1}, factors);
  add_op(PK_OP_BINARY, y, rows, z)->attributes.words.words[MNW_BINARY_FUNCTION] = MNW_BINARY_MUL;
  add_op(PK_OP_BINARY, z, one, end)->attributes.words.words[MNW_BINARY_FUNCTION] = MNW_BINARY_MUL;
  set_ends(x, end);
  assert_true(pk_pass_fold_channel_affine(&graph, &error));
  assert_int_equal(graph.op_count, 3);
  assert_float_equal(float_at(&graph.ops[0], PK_INPUT_WEIGHTS, 0), 1.0f, 0.0f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_transposes_meet, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_axes_follow, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_transpose_stays, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_transpose_of_ones_reshapes, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_affine_folds, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_affine_stays, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
