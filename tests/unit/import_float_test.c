// float32 models and the operators beyond the int8 core: what each TFLite operator with weights or
// arithmetic becomes.
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

// --- operators with weights ---

static void test_convolution(void **state) {
  (void)state;
  pk_lowered_graph graph;
  tflite_builder_init(&import_case_builder);
  import_case_fill_weights();
  const int x = import_case_add_picture(TFLITE_FLOAT32, 5, 5, 2),
            y = import_case_add_picture(TFLITE_FLOAT32, 5, 5, 3);
  const int w =
      import_case_add_constant(TFLITE_FLOAT32, 4, 3, 3, 3, 2, import_case_weights, 4 * 54);
  const int b = import_case_add_constant(TFLITE_FLOAT32, 1, 3, 0, 0, 0, import_case_biases, 12);
  tflite_set_conv_options(import_case_add_operator(PK_TFLITE_CONV_2D, x, w, b, y),
                          PK_TFLITE_PADDING_SAME, 1, 1, PK_TFLITE_ACTIVATION_RELU6);
  tflite_set_ends(&import_case_builder, x, y);
  import_case_ok(&graph);
  import_case_assert_codes(&graph, (const int[]){MNW_OP_CONV_2D}, 1);
  const pk_lowered_op *op = &graph.ops[0];
  assert_int_equal(op->input_count, 3);
  assert_true(import_case_float_of(op->params[MNW_CONV_CLAMP_MIN]) == 0.0f);
  assert_true(import_case_float_of(op->params[MNW_CONV_CLAMP_MAX]) == 6.0f);
  assert_int_equal(op->params[MNW_CONV_PAD_TOP], 1);
  assert_int_equal(op->params[MNW_CONV_GROUPS], 1);
  const pk_lowered_tensor *packed = import_case_input_of(&graph, 0, 1),
                          *bias = import_case_input_of(&graph, 0, 2);
  assert_int_equal(packed->layout, MNW_LAYOUT_TILE_8_F32);
  assert_int_equal(packed->data_bytes, 8 * 18 * 4);
  // Output channel 2, product 7 (of 18) stands at [7][2] of the only tile; channel 3 is padding.
  assert_true(import_case_float_at(packed, 7 * 8 + 2) == import_case_weights[2 * 18 + 7]);
  assert_true(import_case_float_at(packed, 7 * 8 + 3) == 0.0f);
  assert_int_equal(bias->dims[0], 8);
  assert_true(import_case_float_at(bias, 2) == 2.5f && import_case_float_at(bias, 3) == 0.0f);
  pk_lowered_graph_free(&graph);
}

// Six channels in groups of three, four outputs.
static void test_grouped_convolution(void **state) {
  (void)state;
  pk_lowered_graph graph;
  tflite_builder_init(&import_case_builder);
  import_case_fill_weights();
  const int x = import_case_add_picture(TFLITE_FLOAT32, 4, 4, 6),
            y = import_case_add_picture(TFLITE_FLOAT32, 4, 4, 4);
  const int w =
      import_case_add_constant(TFLITE_FLOAT32, 4, 4, 1, 1, 3, import_case_weights, 4 * 12);
  const int b = import_case_add_constant(TFLITE_FLOAT32, 1, 4, 0, 0, 0, import_case_biases, 16);
  tflite_set_conv_options(import_case_add_operator(PK_TFLITE_CONV_2D, x, w, b, y),
                          PK_TFLITE_PADDING_VALID, 1, 1, 0);
  tflite_set_ends(&import_case_builder, x, y);
  import_case_ok(&graph);
  const pk_lowered_tensor *packed = import_case_input_of(&graph, 0, 1),
                          *bias = import_case_input_of(&graph, 0, 2);
  assert_int_equal(graph.ops[0].params[MNW_CONV_GROUPS], 2);
  import_case_assert_dims(packed, 5, (const int32_t[]){2, 2, 1, 1, 3});
  assert_int_equal(packed->data_bytes, 2 * 8 * 3 * 4);
  // Channel 3 is channel 1 of the second group.
  assert_true(import_case_float_at(packed, 24 + 2 * 8 + 1) == import_case_weights[3 * 3 + 2]);
  assert_int_equal(bias->dims[0], 16);
  assert_true(import_case_float_at(bias, 8 + 1) == import_case_biases[3]);
  pk_lowered_graph_free(&graph);
}

static void test_depthwise_convolution(void **state) {
  (void)state;
  pk_lowered_graph graph;
  tflite_builder_init(&import_case_builder);
  import_case_fill_weights();
  const int x = import_case_add_picture(TFLITE_FLOAT32, 4, 4, 3),
            y = import_case_add_picture(TFLITE_FLOAT32, 4, 4, 3);
  const int w =
      import_case_add_constant(TFLITE_FLOAT32, 4, 1, 3, 3, 3, import_case_weights, 4 * 27);
  const int b = import_case_add_constant(TFLITE_FLOAT32, 1, 3, 0, 0, 0, import_case_biases, 12);
  tflite_operator_spec *spec = import_case_add_operator(PK_TFLITE_DEPTHWISE_CONV_2D, x, w, b, y);
  import_case_set_option(spec, PK_TFLITE_OPTIONS_DEPTHWISE_CONV_2D, PK_TFLITE_DEPTHWISE_STRIDE_W, 4,
                         1);
  import_case_set_option(spec, PK_TFLITE_OPTIONS_DEPTHWISE_CONV_2D, PK_TFLITE_DEPTHWISE_STRIDE_H, 4,
                         1);
  tflite_set_ends(&import_case_builder, x, y);
  import_case_ok(&graph);
  const pk_lowered_tensor *packed = import_case_input_of(&graph, 0, 1);
  assert_int_equal(packed->layout, MNW_LAYOUT_ROW_MAJOR);
  import_case_assert_dims(packed, 3, (const int32_t[]){3, 3, 3});
  assert_memory_equal(packed->data, import_case_weights, 4 * 27);
  pk_lowered_graph_free(&graph);
}

// float16 weights behind a DEQUANTIZE become float32 constants; so do int8 weights of float32 data.
static void test_narrow_weights(void **state) {
  (void)state;
  static const uint16_t halves[6] = {0x3c00, 0xc000, 0x0001, 0x7bff, 0x8000, 0x3555};
  static const int8_t bytes[6] = {3, 4, 5, -3, 13, 103};
  static const float expected[2][6] = {{1.0f, -2.0f, 0x1p-24f, 65504.0f, -0.0f, 0x1.554p-2f},
                                       {0, 0.5f, 1.0f, -3.0f, 5.0f, 50.0f}};
  for (int is_hybrid = 0; is_hybrid < 2; is_hybrid++) {
    pk_lowered_graph graph;
    tflite_builder_init(&import_case_builder);
    const int x = import_case_add_tensor(TFLITE_FLOAT32, 2, 1, 3, 0, 0);
    const int y = import_case_add_tensor(TFLITE_FLOAT32, 2, 1, 2, 0, 0);
    int w = is_hybrid ? import_case_add_constant(TFLITE_INT8, 2, 2, 3, 0, 0, bytes, 6)
                      : import_case_add_constant(TFLITE_FLOAT16, 2, 2, 3, 0, 0, halves, 12);
    if (!is_hybrid) {
      const int wide = import_case_add_tensor(TFLITE_FLOAT32, 2, 2, 3, 0, 0);
      import_case_add_operator(PK_TFLITE_DEQUANTIZE, w, -1, -1, wide);
      w = wide;
    }
    import_case_add_operator(PK_TFLITE_FULLY_CONNECTED, x, w, -1, y);
    tflite_set_ends(&import_case_builder, x, y);
    import_case_ok(&graph);
    import_case_assert_codes(&graph, (const int[]){MNW_OP_FULLY_CONNECTED}, 1);
    const pk_lowered_tensor *packed = import_case_input_of(&graph, 0, 1);
    for (size_t o = 0; o < 2; o++) {
      for (size_t k = 0; k < 3; k++) {
        const float value = import_case_float_at(packed, mnw_tile_8_f32_index(o, k, 3));
        assert_true(value == expected[is_hybrid][o * 3 + k]);
      }
    }
    pk_lowered_graph_free(&graph);
  }
}

// A constant may not take the place of an input of the model.
static void test_computed_input(void **state) {
  (void)state;
  static const uint16_t halves[2] = {0};
  pk_lowered_graph graph;
  pk_error error;
  tflite_builder_init(&import_case_builder);
  const int c = import_case_add_constant(TFLITE_FLOAT16, 1, 2, 0, 0, 0, halves, 4);
  const int x = import_case_add_tensor(TFLITE_FLOAT32, 1, 2, 0, 0, 0);
  const int y = import_case_add_tensor(TFLITE_FLOAT32, 1, 2, 0, 0, 0);
  import_case_add_operator(PK_TFLITE_DEQUANTIZE, c, -1, -1, x);
  import_case_add_operator(PK_TFLITE_EXP, x, -1, -1, y);
  tflite_set_ends(&import_case_builder, x, y);
  assert_false(import_case_built(&graph, &error));
  assert_int_equal(error.code, PK_BAD_MODEL);
  assert_non_null(strstr(error.message, "is computed in it"));
}

// TFLite has [O][KH][KW][I] and the output's shape as input 0; the runtime wants [KH][KW][O][I].
static void test_transposed_convolution(void **state) {
  (void)state;
  static const int32_t shape[] = {1, 8, 8, 2};
  for (int type = TFLITE_FLOAT32; type <= TFLITE_INT8; type += TFLITE_INT8) {
    pk_lowered_graph graph;
    int8_t bytes[54];
    for (int i = 0; i < 54; i++) bytes[i] = (int8_t)i;
    tflite_builder_init(&import_case_builder);
    import_case_fill_weights();
    const int x = import_case_add_picture(type, 4, 4, 3),
              y = import_case_add_picture(type, 8, 8, 2);
    const int w =
        type == TFLITE_INT8
            ? import_case_add_constant(TFLITE_INT8, 4, 2, 3, 3, 3, bytes, 54)
            : import_case_add_constant(TFLITE_FLOAT32, 4, 2, 3, 3, 3, import_case_weights, 4 * 54);
    tflite_operator_spec *spec =
        import_case_add_operator(PK_TFLITE_TRANSPOSE_CONV, import_case_add_list(shape, 4), w, x, y);
    import_case_set_option(spec, PK_TFLITE_OPTIONS_TRANSPOSE_CONV,
                           PK_TFLITE_TRANSPOSE_CONV_STRIDE_W, 4, 2);
    import_case_set_option(spec, PK_TFLITE_OPTIONS_TRANSPOSE_CONV,
                           PK_TFLITE_TRANSPOSE_CONV_STRIDE_H, 4, 2);
    tflite_set_ends(&import_case_builder, x, y);
    import_case_ok(&graph);
    const size_t at = type == TFLITE_INT8;  // behind a DEQUANTIZE
    assert_int_equal(graph.op_count, type == TFLITE_INT8 ? 3 : 1);
    assert_int_equal(graph.ops[at].code, MNW_OP_CONV_TRANSPOSE_2D);
    assert_int_equal(graph.ops[at].params[MNW_CONV_TRANSPOSE_PAD_TOP], 0);  // 1 in all, at the end
    assert_int_equal(graph.ops[at].params[MNW_CONV_TRANSPOSE_STRIDE_H], 2);
    const pk_lowered_tensor *turned = import_case_input_of(&graph, at, 1);
    import_case_assert_dims(turned, 4, (const int32_t[]){3, 3, 2, 3});
    // Output channel 1, tap 4, input channel 2.
    const size_t source = 1 * 27 + 4 * 3 + 2, target = (4 * 2 + 1) * 3 + 2;
    const float expected =
        type == TFLITE_INT8 ? 0.5f * (bytes[source] - 3) : import_case_weights[source];
    assert_true(import_case_float_at(turned, target) == expected);
    pk_lowered_graph_free(&graph);
  }
}

// --- element by element ---

static void test_unary_functions(void **state) {
  (void)state;
  pk_lowered_graph graph;
  uint32_t bits;
  const float alpha = 0.125f;
  memcpy(&bits, &alpha, sizeof bits);
  tflite_builder_init(&import_case_builder);
  const int x = import_case_add_picture(TFLITE_FLOAT32, 2, 2, 2),
            a = import_case_add_picture(TFLITE_FLOAT32, 2, 2, 2);
  const int b = import_case_add_picture(TFLITE_FLOAT32, 2, 2, 2),
            y = import_case_add_picture(TFLITE_FLOAT32, 2, 2, 2);
  import_case_set_option(import_case_add_operator(PK_TFLITE_LEAKY_RELU, x, -1, -1, a),
                         PK_TFLITE_OPTIONS_LEAKY_RELU, PK_TFLITE_LEAKY_RELU_ALPHA, 4, bits);
  import_case_add_operator(PK_TFLITE_LOGISTIC, a, -1, -1, b);
  import_case_add_operator(PK_TFLITE_RELU6, b, -1, -1, y);
  tflite_set_ends(&import_case_builder, x, y);
  import_case_ok(&graph);
  import_case_assert_codes(&graph, (const int[]){MNW_OP_UNARY, MNW_OP_UNARY, MNW_OP_UNARY}, 3);
  assert_int_equal(graph.ops[0].params[MNW_UNARY_FUNCTION], MNW_UNARY_LEAKY_RELU);
  assert_true(import_case_float_of(graph.ops[0].params[MNW_UNARY_ALPHA]) == alpha);
  assert_int_equal(graph.ops[1].params[MNW_UNARY_FUNCTION], MNW_UNARY_SIGMOID);
  assert_int_equal(graph.ops[2].params[MNW_UNARY_FUNCTION], MNW_UNARY_CLIP);
  assert_true(import_case_float_of(graph.ops[2].params[MNW_UNARY_BETA]) == 6.0f);
  pk_lowered_graph_free(&graph);
}

// A RELU behind a float32 MUL becomes its clamp; of int8 values it stands on its own.
static void test_binary_clamps(void **state) {
  (void)state;
  for (int type = TFLITE_FLOAT32; type <= TFLITE_INT8; type += TFLITE_INT8) {
    pk_lowered_graph graph;
    tflite_builder_init(&import_case_builder);
    const int x = import_case_add_picture(type, 2, 2, 2),
              a = import_case_add_picture(type, 2, 2, 2);
    const int y = import_case_add_picture(type, 2, 2, 2);
    import_case_add_operator(PK_TFLITE_MUL, x, x, -1, a);
    import_case_add_operator(PK_TFLITE_RELU, a, -1, -1, y);
    tflite_set_ends(&import_case_builder, x, y);
    import_case_ok(&graph);
    assert_int_equal(graph.op_count, type == TFLITE_INT8 ? 2 : 1);
    assert_int_equal(graph.ops[0].code, MNW_OP_BINARY);
    assert_int_equal(graph.ops[0].params[MNW_BINARY_FUNCTION], MNW_BINARY_MUL);
    const float low = import_case_float_of(graph.ops[0].params[MNW_BINARY_CLAMP_MIN]);
    assert_true(type == TFLITE_INT8 ? low == -INFINITY : low == 0.0f);
    assert_true(import_case_float_of(graph.ops[0].params[MNW_BINARY_CLAMP_MAX]) == INFINITY);
    pk_lowered_graph_free(&graph);
  }
}

// Addition has an operator of its own for int8 of one shape only.
static void test_additions(void **state) {
  (void)state;
  for (int broadcasts = 0; broadcasts < 2; broadcasts++) {
    pk_lowered_graph graph;
    tflite_builder_init(&import_case_builder);
    const int x = import_case_add_picture(TFLITE_INT8, 2, 2, 2),
              y = import_case_add_picture(TFLITE_INT8, 2, 2, 2);
    static const int8_t row[8] = {1, 2};
    const int b = broadcasts ? import_case_add_constant(TFLITE_INT8, 1, 2, 0, 0, 0, row, 2)
                             : import_case_add_constant(TFLITE_INT8, 4, 1, 2, 2, 2, row, 8);
    import_case_add_operator(PK_TFLITE_ADD, x, b, -1, y);
    tflite_set_ends(&import_case_builder, x, y);
    import_case_ok(&graph);
    import_case_assert_codes(&graph, (const int[]){broadcasts ? MNW_OP_BINARY : MNW_OP_ADD}, 1);
    pk_lowered_graph_free(&graph);
  }
}

static void test_comparison_and_selection(void **state) {
  (void)state;
  pk_lowered_graph graph;
  tflite_builder_init(&import_case_builder);
  const int x = import_case_add_tensor(TFLITE_FLOAT32, 2, 2, 3, 0, 0);
  const int c = import_case_add_tensor(TFLITE_BOOL, 2, 2, 3, 0, 0);
  const int y = import_case_add_tensor(TFLITE_FLOAT32, 2, 2, 3, 0, 0);
  const int zero = import_case_add_constant(TFLITE_FLOAT32, 1, 1, 0, 0, 0, import_case_biases, 4);
  import_case_add_operator(PK_TFLITE_GREATER, x, zero, -1, c);
  import_case_add_operator(PK_TFLITE_SELECT_V2, c, x, zero, y);
  tflite_set_ends(&import_case_builder, x, y);
  import_case_ok(&graph);
  import_case_assert_codes(&graph, (const int[]){MNW_OP_BINARY, MNW_OP_WHERE}, 2);
  assert_int_equal(import_case_output_of(&graph, 0)->dtype, MNW_DTYPE_BOOL);
  pk_lowered_graph_free(&graph);
}

// --- layout ---

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_convolution),
      cmocka_unit_test(test_grouped_convolution),
      cmocka_unit_test(test_depthwise_convolution),
      cmocka_unit_test(test_narrow_weights),
      cmocka_unit_test(test_computed_input),
      cmocka_unit_test(test_transposed_convolution),
      cmocka_unit_test(test_unary_functions),
      cmocka_unit_test(test_binary_clamps),
      cmocka_unit_test(test_additions),
      cmocka_unit_test(test_comparison_and_selection),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
