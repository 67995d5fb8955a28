// What TFLite operators that move, reduce or multiply whole tensors become.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
// cmocka.h needs the headers above.
#include <cmocka.h>

#include "../../core/format/package_format.h"
#include "../../core/kernels/packed_layout.h"
#include "../../core/ops/op_params.h"
#include "import_case.h"

// An input with another scale is brought to the output's first.
static void test_concatenation_rescales(void **state) {
  (void)state;
  pk_lowered_graph graph;
  tflite_builder_init(&import_case_builder);
  const int x = import_case_add_picture(TFLITE_INT8, 2, 2, 2),
            other = import_case_add_picture(TFLITE_INT8, 2, 2, 2);
  const int y = import_case_add_picture(TFLITE_INT8, 2, 2, 4);
  import_case_builder.tensors[other].scale = 0.25f;
  import_case_add_operator(PK_TFLITE_QUANTIZE, x, -1, -1, other);
  import_case_set_option(import_case_add_operator(PK_TFLITE_CONCATENATION, x, other, -1, y),
                         PK_TFLITE_OPTIONS_CONCATENATION, PK_TFLITE_CONCATENATION_AXIS, 4,
                         (uint32_t)-1);
  tflite_set_ends(&import_case_builder, x, y);
  import_case_ok(&graph);
  import_case_assert_codes(&graph, (const int[]){MNW_OP_QUANTIZE, MNW_OP_QUANTIZE, MNW_OP_CONCAT},
                           3);
  assert_int_equal(graph.ops[2].params[MNW_CONCAT_AXIS], 3);
  assert_true(import_case_input_of(&graph, 2, 1)->scale == 0.5f);
  pk_lowered_graph_free(&graph);
}

static void test_strided_slice(void **state) {
  (void)state;
  static const int32_t begin[] = {-1, 4, 0}, end[] = {0, -9, 2}, strides[] = {1, -2, 1};
  pk_lowered_graph graph;
  tflite_builder_init(&import_case_builder);
  const int x = import_case_add_tensor(TFLITE_FLOAT32, 3, 2, 5, 4, 0);
  const int y = import_case_add_tensor(TFLITE_FLOAT32, 2, 3, 4, 0, 0);
  tflite_operator_spec *spec = import_case_add_operator(
      PK_TFLITE_STRIDED_SLICE, x, import_case_add_list(begin, 3), import_case_add_list(end, 3), y);
  spec->inputs[spec->input_count++] = import_case_add_list(strides, 3);
  // x[-1, ::-2, :]: axis 0 goes, both bounds of axis 1 and the end of axis 2 are left open.
  import_case_set_option(spec, PK_TFLITE_OPTIONS_STRIDED_SLICE, PK_TFLITE_STRIDED_SLICE_BEGIN_MASK,
                         4, 2);
  import_case_set_option(spec, PK_TFLITE_OPTIONS_STRIDED_SLICE, PK_TFLITE_STRIDED_SLICE_END_MASK, 4,
                         6);
  import_case_set_option(spec, PK_TFLITE_OPTIONS_STRIDED_SLICE,
                         PK_TFLITE_STRIDED_SLICE_SHRINK_AXIS_MASK, 4, 1);
  tflite_set_ends(&import_case_builder, x, y);
  import_case_ok(&graph);
  import_case_assert_codes(&graph, (const int[]){MNW_OP_SLICE, MNW_OP_RESHAPE}, 2);
  import_case_assert_dims(import_case_output_of(&graph, 0), 3, (const int32_t[]){1, 3, 4});
  const int32_t *params = graph.ops[0].params;
  assert_int_equal(params[MNW_SLICE_START], 1);
  assert_int_equal(params[MNW_SLICE_START + 1], 4);
  assert_int_equal(params[MNW_SLICE_STEP + 1], -2);
  assert_int_equal(params[MNW_SLICE_START + 2], 0);
  pk_lowered_graph_free(&graph);
}

// Each output becomes an operator; those that nobody reads go.
static void test_split_and_unpack(void **state) {
  (void)state;
  static const int32_t axis = -1;
  pk_lowered_graph graph;
  tflite_builder_init(&import_case_builder);
  const int x = import_case_add_tensor(TFLITE_FLOAT32, 2, 3, 6, 0, 0);
  const int left = import_case_add_tensor(TFLITE_FLOAT32, 2, 3, 3, 0, 0);
  const int right = import_case_add_tensor(TFLITE_FLOAT32, 2, 3, 3, 0, 0);
  const int rows[] = {import_case_add_tensor(TFLITE_FLOAT32, 1, 3, 0, 0, 0),
                      import_case_add_tensor(TFLITE_FLOAT32, 1, 3, 0, 0, 0),
                      import_case_add_tensor(TFLITE_FLOAT32, 1, 3, 0, 0, 0)};
  tflite_operator_spec *split =
      import_case_add_operator(PK_TFLITE_SPLIT, import_case_add_list(&axis, 1), x, -1, left);
  split->extra_outputs[split->extra_output_count++] = right;
  tflite_operator_spec *unpack = import_case_add_operator(PK_TFLITE_UNPACK, right, -1, -1, rows[0]);
  unpack->extra_outputs[unpack->extra_output_count++] = rows[1];
  unpack->extra_outputs[unpack->extra_output_count++] = rows[2];
  tflite_set_ends(&import_case_builder, x, rows[2]);
  import_case_ok(&graph);
  import_case_assert_codes(&graph, (const int[]){MNW_OP_SLICE, MNW_OP_SLICE, MNW_OP_RESHAPE}, 3);
  assert_int_equal(graph.ops[0].params[MNW_SLICE_START + 1], 3);
  assert_int_equal(graph.ops[1].params[MNW_SLICE_START], 2);
  pk_lowered_graph_free(&graph);
}

static void test_pack(void **state) {
  (void)state;
  pk_lowered_graph graph;
  tflite_builder_init(&import_case_builder);
  const int x = import_case_add_tensor(TFLITE_FLOAT32, 2, 3, 4, 0, 0);
  const int y = import_case_add_tensor(TFLITE_FLOAT32, 3, 3, 2, 4, 0);
  import_case_set_option(import_case_add_operator(PK_TFLITE_PACK, x, x, -1, y),
                         PK_TFLITE_OPTIONS_PACK, PK_TFLITE_PACK_AXIS, 4, 1);
  tflite_set_ends(&import_case_builder, x, y);
  import_case_ok(&graph);
  import_case_assert_codes(&graph, (const int[]){MNW_OP_RESHAPE, MNW_OP_RESHAPE, MNW_OP_CONCAT}, 3);
  import_case_assert_dims(import_case_input_of(&graph, 2, 1), 3, (const int32_t[]){3, 1, 4});
  assert_int_equal(graph.ops[2].params[MNW_CONCAT_AXIS], 1);
  pk_lowered_graph_free(&graph);
}

// Shapes that a model computes for a RESHAPE are known; nothing of it is left.
static void test_shape_arithmetic_goes(void **state) {
  (void)state;
  pk_lowered_graph graph;
  tflite_builder_init(&import_case_builder);
  const int x = import_case_add_tensor(TFLITE_FLOAT32, 2, 3, 4, 0, 0);
  const int shape = import_case_add_tensor(TFLITE_INT32, 1, 2, 0, 0, 0);
  const int turned = import_case_add_tensor(TFLITE_INT32, 1, 2, 0, 0, 0);
  const int y = import_case_add_tensor(TFLITE_FLOAT32, 2, 4, 3, 0, 0);
  static const int32_t axis = 0;
  import_case_add_operator(PK_TFLITE_SHAPE, x, -1, -1, shape);
  import_case_add_operator(PK_TFLITE_REVERSE_V2, shape, import_case_add_list(&axis, 1), -1, turned);
  import_case_add_operator(PK_TFLITE_RESHAPE, x, turned, -1, y);
  tflite_set_ends(&import_case_builder, x, y);
  import_case_ok(&graph);
  import_case_assert_codes(&graph, (const int[]){MNW_OP_RESHAPE}, 1);
  pk_lowered_graph_free(&graph);
}

// --- pictures ---

static void test_resize(void **state) {
  (void)state;
  pk_lowered_graph graph;
  static const int32_t size[] = {8, 4};
  tflite_builder_init(&import_case_builder);
  const int x = import_case_add_picture(TFLITE_FLOAT32, 4, 4, 1),
            a = import_case_add_picture(TFLITE_FLOAT32, 8, 4, 1);
  const int y = import_case_add_picture(TFLITE_FLOAT32, 8, 4, 1),
            sizes = import_case_add_list(size, 2);
  import_case_set_option(import_case_add_operator(PK_TFLITE_RESIZE_BILINEAR, x, sizes, -1, a),
                         PK_TFLITE_OPTIONS_RESIZE_BILINEAR, PK_TFLITE_BILINEAR_HALF_PIXEL, 1, 1);
  import_case_set_option(
      import_case_add_operator(PK_TFLITE_RESIZE_NEAREST_NEIGHBOR, a, sizes, -1, y),
      PK_TFLITE_OPTIONS_RESIZE_NEAREST_NEIGHBOR, PK_TFLITE_NEAREST_ALIGN_CORNERS, 1, 1);
  tflite_set_ends(&import_case_builder, x, y);
  import_case_ok(&graph);
  import_case_assert_codes(&graph, (const int[]){MNW_OP_RESIZE, MNW_OP_RESIZE}, 2);
  assert_int_equal(graph.ops[0].params[MNW_RESIZE_MODE], 1);
  assert_int_equal(graph.ops[0].params[MNW_RESIZE_COORDINATES], 0);
  assert_true(import_case_float_of(graph.ops[0].params[MNW_RESIZE_SCALE_H]) == 2.0f);
  assert_int_equal(graph.ops[1].params[MNW_RESIZE_MODE], 0);
  assert_int_equal(graph.ops[1].params[MNW_RESIZE_COORDINATES], 2);
  pk_lowered_graph_free(&graph);
}

// Reflected edges are no padding of a convolution, though the value they would have is 0.
static void test_mirror_pad_stays(void **state) {
  (void)state;
  static const int32_t amounts[] = {0, 0, 1, 1, 1, 1, 0, 0};
  pk_lowered_graph graph;
  tflite_builder_init(&import_case_builder);
  import_case_fill_weights();
  const int x = import_case_add_picture(TFLITE_FLOAT32, 4, 4, 1),
            a = import_case_add_picture(TFLITE_FLOAT32, 6, 6, 1);
  const int y = import_case_add_picture(TFLITE_FLOAT32, 4, 4, 1);
  const int w = import_case_add_constant(TFLITE_FLOAT32, 4, 1, 3, 3, 1, import_case_weights, 36);
  import_case_set_option(
      import_case_add_operator(PK_TFLITE_MIRROR_PAD, x, import_case_add_list(amounts, 8), -1, a),
      PK_TFLITE_OPTIONS_MIRROR_PAD, PK_TFLITE_MIRROR_PAD_MODE, 1, 0);
  tflite_set_conv_options(import_case_add_operator(PK_TFLITE_CONV_2D, a, w, -1, y),
                          PK_TFLITE_PADDING_VALID, 1, 1, 0);
  tflite_set_ends(&import_case_builder, x, y);
  import_case_ok(&graph);
  import_case_assert_codes(&graph, (const int[]){MNW_OP_PAD, MNW_OP_CONV_2D}, 2);
  assert_int_equal(graph.ops[0].params[MNW_PAD_MODE], 1);
  pk_lowered_graph_free(&graph);
}

static void test_depth_to_space(void **state) {
  (void)state;
  pk_lowered_graph graph;
  tflite_builder_init(&import_case_builder);
  const int x = import_case_add_picture(TFLITE_FLOAT32, 2, 3, 8),
            y = import_case_add_picture(TFLITE_FLOAT32, 4, 6, 2);
  import_case_set_option(import_case_add_operator(PK_TFLITE_DEPTH_TO_SPACE, x, -1, -1, y),
                         PK_TFLITE_OPTIONS_DEPTH_TO_SPACE, PK_TFLITE_BLOCK_SIZE, 4, 2);
  tflite_set_ends(&import_case_builder, x, y);
  import_case_ok(&graph);
  import_case_assert_codes(&graph, (const int[]){MNW_OP_RESHAPE, MNW_OP_TRANSPOSE, MNW_OP_RESHAPE},
                           3);
  import_case_assert_dims(import_case_output_of(&graph, 0), 6, (const int32_t[]){1, 2, 3, 2, 2, 2});
  import_case_assert_dims(import_case_output_of(&graph, 1), 6, (const int32_t[]){1, 2, 2, 3, 2, 2});
  pk_lowered_graph_free(&graph);
}

// --- axes ---

static void test_reductions(void **state) {
  (void)state;
  static const int32_t axes[] = {1, -1};
  pk_lowered_graph graph;
  tflite_builder_init(&import_case_builder);
  const int x = import_case_add_picture(TFLITE_FLOAT32, 3, 4, 5),
            a = import_case_add_tensor(TFLITE_FLOAT32, 2, 1, 4, 0, 0);
  const int y = import_case_add_tensor(TFLITE_INT64, 1, 1, 0, 0, 0);
  import_case_add_operator(PK_TFLITE_SUM, x, import_case_add_list(axes, 2), -1, a);
  import_case_add_operator(PK_TFLITE_ARG_MAX, a, import_case_add_list(&axes[1], 1), -1, y);
  tflite_set_ends(&import_case_builder, x, y);
  import_case_ok(&graph);
  import_case_assert_codes(&graph, (const int[]){MNW_OP_REDUCE, MNW_OP_ARG_REDUCE}, 2);
  assert_int_equal(graph.ops[0].params[MNW_REDUCE_FUNCTION], MNW_REDUCE_SUM);
  assert_int_equal(graph.ops[0].params[MNW_REDUCE_AXES], 1 << 1 | 1 << 3);
  assert_int_equal(graph.ops[1].params[MNW_ARG_REDUCE_AXIS], 1);
  assert_int_equal(import_case_output_of(&graph, 1)->dtype, MNW_DTYPE_S64);
  pk_lowered_graph_free(&graph);
}

static void test_computed_weights(void **state) {
  (void)state;
  pk_lowered_graph graph;
  tflite_builder_init(&import_case_builder);
  const int x = import_case_add_tensor(TFLITE_FLOAT32, 2, 2, 3, 0, 0);
  const int w = import_case_add_tensor(TFLITE_FLOAT32, 2, 2, 3, 0, 0);
  const int y = import_case_add_tensor(TFLITE_FLOAT32, 2, 2, 2, 0, 0);
  const int b = import_case_add_constant(TFLITE_FLOAT32, 1, 2, 0, 0, 0, import_case_biases, 8);
  import_case_add_operator(PK_TFLITE_EXP, x, -1, -1, w);
  import_case_set_option(import_case_add_operator(PK_TFLITE_FULLY_CONNECTED, x, w, b, y),
                         PK_TFLITE_OPTIONS_FULLY_CONNECTED, PK_TFLITE_FULLY_CONNECTED_ACTIVATION, 1,
                         PK_TFLITE_ACTIVATION_RELU);
  tflite_set_ends(&import_case_builder, x, y);
  import_case_ok(&graph);
  import_case_assert_codes(&graph, (const int[]){MNW_OP_UNARY, MNW_OP_MATMUL, MNW_OP_BINARY}, 3);
  assert_int_equal(graph.ops[1].params[MNW_MATMUL_TRANSPOSE_B], 1);
  assert_true(import_case_float_of(graph.ops[2].params[MNW_BINARY_CLAMP_MIN]) == 0.0f);
  pk_lowered_graph_free(&graph);
}

// The product is computed in float32 between a DEQUANTIZE for each side and a QUANTIZE.
static void test_int8_matrix_product(void **state) {
  (void)state;
  pk_lowered_graph graph;
  tflite_builder_init(&import_case_builder);
  const int x = import_case_add_tensor(TFLITE_INT8, 3, 2, 3, 4, 0);
  const int y = import_case_add_tensor(TFLITE_INT8, 3, 2, 3, 3, 0);
  import_case_set_option(import_case_add_operator(PK_TFLITE_BATCH_MATMUL, x, x, -1, y),
                         PK_TFLITE_OPTIONS_BATCH_MATMUL, PK_TFLITE_BATCH_MATMUL_ADJ_Y, 1, 1);
  tflite_set_ends(&import_case_builder, x, y);
  import_case_ok(&graph);
  import_case_assert_codes(
      &graph, (const int[]){MNW_OP_DEQUANTIZE, MNW_OP_DEQUANTIZE, MNW_OP_MATMUL, MNW_OP_QUANTIZE},
      4);
  assert_int_equal(graph.ops[2].params[MNW_MATMUL_TRANSPOSE_A], 0);
  assert_int_equal(graph.ops[2].params[MNW_MATMUL_TRANSPOSE_B], 1);
  pk_lowered_graph_free(&graph);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_concatenation_rescales),
      cmocka_unit_test(test_strided_slice),
      cmocka_unit_test(test_split_and_unpack),
      cmocka_unit_test(test_pack),
      cmocka_unit_test(test_shape_arithmetic_goes),
      cmocka_unit_test(test_resize),
      cmocka_unit_test(test_mirror_pad_stays),
      cmocka_unit_test(test_depth_to_space),
      cmocka_unit_test(test_reductions),
      cmocka_unit_test(test_computed_weights),
      cmocka_unit_test(test_int8_matrix_product),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
