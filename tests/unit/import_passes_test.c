// Every pass on hand-built source graphs, one at a time.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "import/graph_check.h"
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

// Lists are found in `numbers` up to a negative end.
static int32_t *list(const int32_t *numbers, size_t count) {
  return pk_arena_copy(&graph.arena, numbers, count, sizeof *numbers, &error);
}

static int32_t tensor(const char *name, pk_dtype dtype, int rank, const int32_t *dims, float scale,
                      int32_t zero_point) {
  pk_tensor t = {.name = name, .dtype = dtype, .rank = rank};
  memcpy(t.dims, dims, (size_t)rank * sizeof *dims);
  if (scale != 0) {
    t.quantization.count = 1;
    t.quantization.scales = pk_arena_copy(&graph.arena, &scale, 1, sizeof scale, &error);
    t.quantization.zero_points = list(&zero_point, 1);
  }
  return pk_graph_add_tensor(&graph, &t, &error);
}

static int32_t picture(const char *name, pk_dtype dtype, int32_t h, int32_t w, int32_t c,
                       float scale, int32_t zero_point) {
  return tensor(name, dtype, 4, (const int32_t[]){1, h, w, c}, scale, zero_point);
}

static int32_t constant(int32_t number, const void *data) {
  graph.tensors[number].data = data;
  graph.tensors[number].data_bytes = (size_t)pk_tensor_elements(&graph.tensors[number]);
  return number;
}

static pk_op *add_op(pk_op_kind kind, int32_t a, int32_t b, int32_t output) {
  const pk_op op = {.kind = kind,
                    .name = graph.tensors[output].name,
                    .source_index = (int32_t)graph.op_count,
                    .inputs = list((const int32_t[]){a, b}, 2),
                    .input_count = b < 0 ? 1 : 2,
                    .output = output};
  return pk_graph_add_op(&graph, &op, &error);
}

static pk_op *add_conv(int32_t x, int32_t w, int32_t y) {
  pk_op *op = add_op(PK_OP_CONV_2D, x, w, y);
  op->attributes.conv = (pk_conv_attributes){.stride_h = 1,
                                             .stride_w = 1,
                                             .dilation_h = 1,
                                             .dilation_w = 1,
                                             .padding = {.mode = PK_PADDING_EXPLICIT}};
  return op;
}

static void set_ends(int32_t input, int32_t output) {
  graph.inputs = list(&input, 1);
  graph.outputs = list(&output, 1);
  graph.input_count = graph.output_count = 1;
}

// Runs the pass between two checks.
static void run(pk_pass_fn *pass) {
  if (!pk_graph_check(&graph, &error)) fail_msg("before: %s", error.message);
  if (!pass(&graph, &error)) fail_msg("pass: %s", error.message);
  if (!pk_graph_check(&graph, &error)) fail_msg("after: %s", error.message);
}

static void assert_kinds(const pk_op_kind *kinds, size_t count) {
  assert_int_equal(graph.op_count, count);
  for (size_t i = 0; i < count; i++) assert_int_equal(graph.ops[i].kind, kinds[i]);
}
#define ASSERT_KINDS(...)                         \
  assert_kinds((const pk_op_kind[]){__VA_ARGS__}, \
               sizeof((const pk_op_kind[]){__VA_ARGS__}) / sizeof(pk_op_kind))

static const uint8_t bytes[256] = {0, 1, 127, 128, 255};

static void test_uint8_becomes_int8(void **state) {
  (void)state;
  const int32_t x = picture("x", PK_DTYPE_U8, 2, 2, 1, 0.5f, 128);
  const int32_t a = picture("a", PK_DTYPE_U8, 2, 2, 1, 0.25f, 3);
  const int32_t w = constant(picture("w", PK_DTYPE_U8, 1, 1, 1, 0.1f, 100), bytes + 3);
  const int32_t p = picture("p", PK_DTYPE_U8, 3, 2, 1, 0.25f, 3);
  add_conv(x, w, a);
  pk_op *pad = add_op(PK_OP_PAD, a, -1, p);
  pad->attributes.pad.before[1] = 1;
  pad->attributes.pad.value = 3;
  set_ends(x, p);
  run(pk_pass_uint8_to_int8);
  ASSERT_KINDS(PK_OP_QUANTIZE, PK_OP_CONV_2D, PK_OP_PAD, PK_OP_QUANTIZE);
  // The ends keep what the caller knows.
  assert_int_equal(graph.tensors[graph.inputs[0]].dtype, PK_DTYPE_U8);
  assert_int_equal(pk_tensor_zero_point(&graph.tensors[graph.inputs[0]]), 128);
  assert_int_equal(graph.tensors[graph.outputs[0]].dtype, PK_DTYPE_U8);
  // Everything between is int8 and stands for the same real numbers.
  const pk_tensor *inner_x = pk_op_output(&graph, &graph.ops[0]);
  assert_int_equal(inner_x->dtype, PK_DTYPE_S8);
  assert_int_equal(pk_tensor_zero_point(inner_x), 0);
  assert_true(pk_tensor_scale(inner_x) == 0.5f);
  const pk_tensor *inner_w = pk_op_input(&graph, &graph.ops[1], PK_INPUT_WEIGHTS);
  assert_int_equal(inner_w->dtype, PK_DTYPE_S8);
  assert_int_equal((int8_t)inner_w->data[0], 128 - 128);
  assert_int_equal(pk_tensor_zero_point(inner_w), 100 - 128);
  assert_int_equal(pk_tensor_zero_point(pk_op_output(&graph, &graph.ops[1])), 3 - 128);
  assert_true(graph.ops[2].attributes.pad.value == 3 - 128);
  assert_int_equal(bytes[3], 128);  // the file's bytes are untouched
}

static void test_uint8_input_used_as_output_too(void **state) {
  (void)state;
  const int32_t x = picture("x", PK_DTYPE_U8, 2, 2, 1, 0.5f, 128);
  const int32_t y = picture("y", PK_DTYPE_U8, 2, 2, 1, 0.25f, 3);
  add_op(PK_OP_QUANTIZE, x, -1, y);
  set_ends(x, y);
  graph.outputs = list((const int32_t[]){y, x, y}, 3);
  graph.output_count = 3;
  run(pk_pass_uint8_to_int8);
  ASSERT_KINDS(PK_OP_QUANTIZE, PK_OP_QUANTIZE, PK_OP_QUANTIZE);
  assert_int_equal(graph.outputs[1], x);
}

static void test_lossless_quantize_pairs_merge(void **state) {
  (void)state;
  const int32_t x = picture("x", PK_DTYPE_U8, 2, 2, 1, 0.5f, 128);
  const int32_t a = picture("a", PK_DTYPE_S8, 2, 2, 1, 0.5f, 0);  // lossless
  const int32_t b = picture("b", PK_DTYPE_S8, 2, 2, 1, 0.7f, 9);  // rescales
  const int32_t y = picture("y", PK_DTYPE_U8, 2, 2, 1, 0.7f, 137);
  add_op(PK_OP_QUANTIZE, x, -1, a);
  add_op(PK_OP_QUANTIZE, a, -1, b);
  add_op(PK_OP_QUANTIZE, b, -1, y);
  set_ends(x, y);
  run(pk_pass_remove_noops);
  run(pk_pass_remove_dead);
  ASSERT_KINDS(PK_OP_QUANTIZE);
  assert_int_equal(graph.ops[0].inputs[0], x);
  assert_int_equal(graph.ops[0].output, y);
}

static void test_rescaling_quantize_pairs_stay(void **state) {
  (void)state;
  const int32_t x = picture("x", PK_DTYPE_S8, 2, 2, 1, 0.5f, 0);
  const int32_t a = picture("a", PK_DTYPE_S8, 2, 2, 1, 9.0f, 0);
  const int32_t y = picture("y", PK_DTYPE_S8, 2, 2, 1, 0.5f, 0);
  add_op(PK_OP_QUANTIZE, x, -1, a);
  add_op(PK_OP_QUANTIZE, a, -1, y);
  set_ends(x, y);
  run(pk_pass_remove_noops);
  ASSERT_KINDS(PK_OP_QUANTIZE, PK_OP_QUANTIZE);
  assert_int_equal(graph.ops[1].inputs[0], a);
}

static void test_noops_go(void **state) {
  (void)state;
  const int32_t x = picture("x", PK_DTYPE_S8, 2, 2, 1, 0.5f, 0);
  const int32_t a = picture("a", PK_DTYPE_S8, 2, 2, 1, 0.5f, 0);
  const int32_t b = picture("b", PK_DTYPE_S8, 2, 2, 1, 0.5f, 0);
  const int32_t c = picture("c", PK_DTYPE_S8, 2, 2, 1, 0.5f, 0);
  const int32_t y = picture("y", PK_DTYPE_S8, 2, 2, 1, 0.5f, 0);
  add_op(PK_OP_RESHAPE, x, -1, a);
  add_op(PK_OP_PAD, a, -1, b);
  add_op(PK_OP_ADD, b, a, c);
  add_op(PK_OP_QUANTIZE, c, -1, y);
  set_ends(x, y);
  run(pk_pass_remove_noops);
  ASSERT_KINDS(PK_OP_ADD);
  assert_int_equal(graph.ops[0].inputs[0], x);
  assert_int_equal(graph.ops[0].inputs[1], x);
  assert_int_equal(graph.ops[0].output, y);  // an output of the graph keeps its tensor
}

static void test_noop_stays_where_the_value_is_used_twice(void **state) {
  (void)state;
  const int32_t x = picture("x", PK_DTYPE_S8, 2, 2, 1, 0.5f, 0);
  const int32_t a = picture("a", PK_DTYPE_S8, 2, 2, 1, 0.5f, 0);
  const int32_t y = picture("y", PK_DTYPE_S8, 2, 2, 1, 0.5f, 0);
  add_op(PK_OP_ADD, x, x, a);
  add_op(PK_OP_RESHAPE, a, -1, y);
  set_ends(x, y);
  graph.outputs = list((const int32_t[]){a, y}, 2);
  graph.output_count = 2;
  run(pk_pass_remove_noops);
  ASSERT_KINDS(PK_OP_ADD, PK_OP_RESHAPE);
}

static void test_reshapes_in_a_row_shorten(void **state) {
  (void)state;
  const int32_t x = picture("x", PK_DTYPE_S8, 2, 2, 3, 0.5f, 0);
  const int32_t a = tensor("a", PK_DTYPE_S8, 2, (const int32_t[]){4, 3}, 0.5f, 0);
  const int32_t y = tensor("y", PK_DTYPE_S8, 2, (const int32_t[]){2, 6}, 0.5f, 0);
  add_op(PK_OP_RESHAPE, x, -1, a);
  add_op(PK_OP_RESHAPE, a, -1, y);
  set_ends(x, y);
  run(pk_pass_remove_noops);
  run(pk_pass_remove_dead);
  ASSERT_KINDS(PK_OP_RESHAPE);
  assert_int_equal(graph.ops[0].inputs[0], x);
}

static void test_depthwise_of_one_channel(void **state) {
  (void)state;
  static const uint8_t weights[6] = {1, 2, 3, 4, 5, 6};  // [1][2][1][3]
  const int32_t x = picture("x", PK_DTYPE_S8, 3, 3, 1, 0.5f, 0);
  const int32_t w = constant(picture("w", PK_DTYPE_S8, 2, 1, 3, 0.5f, 0), weights);
  const int32_t y = picture("y", PK_DTYPE_S8, 2, 3, 3, 0.5f, 0);
  graph.tensors[w].quantization.count = 3;
  graph.tensors[w].quantization.axis = 3;
  graph.tensors[w].quantization.scales = (const float[]){0.1f, 0.2f, 0.3f};
  graph.tensors[w].quantization.zero_points = (const int32_t[]){0, 0, 0};
  add_conv(x, w, y)->kind = PK_OP_DEPTHWISE_CONV_2D;
  set_ends(x, y);
  run(pk_pass_depthwise_to_conv);
  ASSERT_KINDS(PK_OP_CONV_2D);
  const pk_tensor *moved = pk_op_input(&graph, &graph.ops[0], PK_INPUT_WEIGHTS);
  assert_int_equal(moved->dims[0], 3);
  assert_int_equal(moved->dims[1], 2);
  assert_int_equal(moved->dims[3], 1);
  assert_int_equal(moved->quantization.axis, 0);
  assert_memory_equal(moved->data, ((const uint8_t[]){1, 4, 2, 5, 3, 6}), 6);
}

// x [1,4,4,1] padded by `amounts` with `value`, then a 3x3 convolution.
static void build_padded_conv(const int32_t *before, const int32_t *after, double value) {
  const int32_t x = picture("x", PK_DTYPE_S8, 4, 4, 1, 0.5f, 7);
  const int32_t h = 4 + before[1] + after[1], w = 4 + before[2] + after[2];
  const int32_t c = 1 + before[3] + after[3];
  const int32_t p = picture("p", PK_DTYPE_S8, h, w, c, 0.5f, 7);
  const int32_t k =
      constant(tensor("k", PK_DTYPE_S8, 4, (const int32_t[]){1, 3, 3, c}, 0.5f, 0), bytes);
  const int32_t y = picture("y", PK_DTYPE_S8, h - 2, w - 2, 1, 0.5f, 0);
  pk_op *pad = add_op(PK_OP_PAD, x, -1, p);
  memcpy(pad->attributes.pad.before, before, 4 * sizeof *before);
  memcpy(pad->attributes.pad.after, after, 4 * sizeof *after);
  pad->attributes.pad.value = value;
  add_conv(p, k, y);
  set_ends(x, y);
  run(pk_pass_fold_pad);
  run(pk_pass_remove_dead);
}

static void test_edge_padding_folds(void **state) {
  (void)state;
  build_padded_conv((const int32_t[]){0, 1, 2, 0}, (const int32_t[]){0, 2, 0, 0}, 7);
  ASSERT_KINDS(PK_OP_CONV_2D);
  const pk_padding *padding = &graph.ops[0].attributes.conv.padding;
  assert_int_equal(padding->top, 1);
  assert_int_equal(padding->left, 2);
  assert_int_equal(padding->bottom, 2);
  assert_int_equal(padding->right, 0);
}

static void test_other_values_do_not_fold(void **state) {
  (void)state;
  build_padded_conv((const int32_t[]){0, 1, 1, 0}, (const int32_t[]){0, 1, 1, 0}, 0);
  ASSERT_KINDS(PK_OP_PAD, PK_OP_CONV_2D);
}

static void test_channel_padding_does_not_fold(void **state) {
  (void)state;
  build_padded_conv((const int32_t[]){0, 0, 0, 1}, (const int32_t[]){0, 0, 0, 0}, 7);
  ASSERT_KINDS(PK_OP_PAD, PK_OP_CONV_2D);
}

static void test_padding_beyond_the_window_does_not_fold(void **state) {
  (void)state;
  build_padded_conv((const int32_t[]){0, 3, 0, 0}, (const int32_t[]){0, 0, 0, 0}, 7);
  ASSERT_KINDS(PK_OP_PAD, PK_OP_CONV_2D);
}

// x + x -> a -> activation -> y
static pk_op *build_activation(pk_activation activation, float scale_y, int32_t zero_point_y,
                               bool second_reader) {
  const int32_t x = picture("x", PK_DTYPE_S8, 2, 2, 3, 0.5f, 0);
  const int32_t a = picture("a", PK_DTYPE_S8, 2, 2, 3, 0.25f, -20);
  const int32_t y = picture("y", PK_DTYPE_S8, 2, 2, 3, scale_y, zero_point_y);
  add_op(PK_OP_ADD, x, x, a);
  pk_op *op = add_op(PK_OP_ACTIVATION, a, -1, y);
  op->activation = activation;
  set_ends(x, y);
  if (second_reader) {
    graph.outputs = list((const int32_t[]){y, a}, 2);
    graph.output_count = 2;
  }
  return op;
}

static void test_activation_fuses(void **state) {
  (void)state;
  build_activation(PK_ACTIVATION_RELU6, 0.25f, -20, false);
  run(pk_pass_fuse_activations);
  ASSERT_KINDS(PK_OP_ADD);
  assert_int_equal(graph.ops[0].activation, PK_ACTIVATION_RELU6);
  assert_int_equal(graph.ops[0].output, graph.outputs[0]);
}

static void test_activation_with_second_reader_becomes_a_pool(void **state) {
  (void)state;
  build_activation(PK_ACTIVATION_RELU6, 0.25f, -20, true);
  run(pk_pass_fuse_activations);
  run(pk_pass_lower_activations);
  ASSERT_KINDS(PK_OP_ADD, PK_OP_MAX_POOL_2D);
  assert_int_equal(graph.ops[0].activation, PK_ACTIVATION_NONE);
  assert_int_equal(graph.ops[1].activation, PK_ACTIVATION_RELU6);
  assert_int_equal(graph.ops[1].attributes.pool.filter_h, 1);
}

static void test_saturation_is_activation_enough(void **state) {
  (void)state;
  build_activation(PK_ACTIVATION_RELU6, 6.0f / 255, -128, false);
  run(pk_pass_fuse_activations);
  run(pk_pass_lower_activations);
  ASSERT_KINDS(PK_OP_ADD, PK_OP_QUANTIZE);
  assert_int_equal(graph.ops[1].activation, PK_ACTIVATION_NONE);
}

static void test_activation_that_rescales(void **state) {
  (void)state;
  build_activation(PK_ACTIVATION_RELU_N1_TO_1, 0.1f, 5, false);
  run(pk_pass_fuse_activations);
  run(pk_pass_lower_activations);
  ASSERT_KINDS(PK_OP_ADD, PK_OP_QUANTIZE, PK_OP_MAX_POOL_2D);
}

static void test_second_activation_is_not_fused(void **state) {
  (void)state;
  pk_op *op = build_activation(PK_ACTIVATION_RELU, 0.25f, -20, false);
  const int32_t middle = op->output;
  const int32_t z = picture("z", PK_DTYPE_S8, 2, 2, 3, 0.25f, -20);
  add_op(PK_OP_ACTIVATION, middle, -1, z)->activation = PK_ACTIVATION_RELU_N1_TO_1;
  set_ends(graph.inputs[0], z);
  run(pk_pass_fuse_activations);
  ASSERT_KINDS(PK_OP_ADD, PK_OP_ACTIVATION);
  assert_int_equal(graph.ops[0].activation, PK_ACTIVATION_RELU);
}

static void build_dense(const int32_t *dims, int rank, int32_t rows) {
  const int32_t x = tensor("x", PK_DTYPE_S8, rank, dims, 0.5f, 0);
  const int32_t w = constant(tensor("w", PK_DTYPE_S8, 2, (const int32_t[]){2, 6}, 0.5f, 0), bytes);
  const int32_t y = tensor("y", PK_DTYPE_S8, 2, (const int32_t[]){rows, 2}, 0.5f, 0);
  add_op(PK_OP_FULLY_CONNECTED, x, w, y);
  set_ends(x, y);
  run(pk_pass_flatten_rows);
}

static void test_rows_are_made(void **state) {
  (void)state;
  build_dense((const int32_t[]){2, 3, 2}, 3, 2);
  ASSERT_KINDS(PK_OP_RESHAPE, PK_OP_FULLY_CONNECTED);
  const pk_tensor *rows = pk_op_output(&graph, &graph.ops[0]);
  assert_int_equal(rows->rank, 2);
  assert_int_equal(rows->dims[0], 2);
  assert_int_equal(rows->dims[1], 6);
}

static void test_batched_rows_stay(void **state) {
  (void)state;
  build_dense((const int32_t[]){2, 5, 6}, 3, 10);
  ASSERT_KINDS(PK_OP_FULLY_CONNECTED);
}

static void test_dead_operators_go(void **state) {
  (void)state;
  const int32_t x = picture("x", PK_DTYPE_S8, 2, 2, 1, 0.5f, 0);
  const int32_t a = picture("a", PK_DTYPE_S8, 2, 2, 1, 0.5f, 0);
  const int32_t b = picture("b", PK_DTYPE_S8, 2, 2, 1, 0.5f, 0);
  const int32_t y = picture("y", PK_DTYPE_S8, 2, 2, 1, 0.5f, 0);
  add_op(PK_OP_ADD, x, x, a);
  add_op(PK_OP_ADD, a, x, b);  // nobody reads b
  add_op(PK_OP_ADD, a, a, y);
  set_ends(x, y);
  run(pk_pass_remove_dead);
  ASSERT_KINDS(PK_OP_ADD, PK_OP_ADD);
  assert_int_equal(graph.ops[1].output, y);
}

static void test_padding_is_resolved(void **state) {
  (void)state;
  const int32_t x = picture("x", PK_DTYPE_S8, 5, 8, 1, 0.5f, 0);
  const int32_t w =
      constant(tensor("w", PK_DTYPE_S8, 4, (const int32_t[]){1, 3, 2, 1}, 0.5f, 0), bytes);
  const int32_t y = picture("y", PK_DTYPE_S8, 5, 8, 1, 0.5f, 0);
  const int32_t z = picture("z", PK_DTYPE_S8, 2, 4, 1, 0.5f, 0);
  add_conv(x, w, y)->attributes.conv.padding.mode = PK_PADDING_SAME;
  add_op(PK_OP_MAX_POOL_2D, y, -1, z)->attributes.pool =
      (pk_pool_attributes){.filter_h = 2,
                           .filter_w = 2,
                           .stride_h = 2,
                           .stride_w = 2,
                           .padding = {.mode = PK_PADDING_VALID}};
  set_ends(x, z);
  run(pk_pass_resolve_padding);
  const pk_padding *conv = &graph.ops[0].attributes.conv.padding;
  assert_int_equal(conv->mode, PK_PADDING_EXPLICIT);
  assert_int_equal(conv->top, 1);
  assert_int_equal(conv->bottom, 1);
  assert_int_equal(conv->left, 0);
  assert_int_equal(conv->right, 1);
  assert_int_equal(graph.ops[1].attributes.pool.padding.mode, PK_PADDING_EXPLICIT);
}

static void test_arena_has_a_limit(void **state) {
  (void)state;
  pk_graph_deinit(&graph);
  pk_graph_init(&graph, 1000);
  assert_non_null(pk_arena_alloc(&graph.arena, 400, 2, &error));
  assert_null(pk_arena_alloc(&graph.arena, 201, 1, &error));
  assert_int_equal(error.code, PK_BAD_MODEL);
  assert_null(pk_arena_alloc(&graph.arena, SIZE_MAX, SIZE_MAX, &error));
}

#define PASS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      PASS_TEST(test_uint8_becomes_int8),
      PASS_TEST(test_uint8_input_used_as_output_too),
      PASS_TEST(test_lossless_quantize_pairs_merge),
      PASS_TEST(test_rescaling_quantize_pairs_stay),
      PASS_TEST(test_noops_go),
      PASS_TEST(test_noop_stays_where_the_value_is_used_twice),
      PASS_TEST(test_reshapes_in_a_row_shorten),
      PASS_TEST(test_depthwise_of_one_channel),
      PASS_TEST(test_edge_padding_folds),
      PASS_TEST(test_other_values_do_not_fold),
      PASS_TEST(test_channel_padding_does_not_fold),
      PASS_TEST(test_padding_beyond_the_window_does_not_fold),
      PASS_TEST(test_activation_fuses),
      PASS_TEST(test_activation_with_second_reader_becomes_a_pool),
      PASS_TEST(test_saturation_is_activation_enough),
      PASS_TEST(test_activation_that_rescales),
      PASS_TEST(test_second_activation_is_not_fused),
      PASS_TEST(test_rows_are_made),
      PASS_TEST(test_batched_rows_stay),
      PASS_TEST(test_dead_operators_go),
      PASS_TEST(test_padding_is_resolved),
      PASS_TEST(test_arena_has_a_limit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
