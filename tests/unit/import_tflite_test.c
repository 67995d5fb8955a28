// From TFLite bytes to the lowered graph: what is supported, and how everything else is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../../core/ops/op_params.h"
#include "import/import.h"
#include "import_invariants.h"
#include "import_samples.h"

static tflite_builder builder;

static const import_sample *sample(const char *name) {
  for (int i = 0; i < IMPORT_SAMPLE_COUNT; i++) {
    if (strcmp(import_samples[i].name, name) == 0) return &import_samples[i];
  }
  fail_msg("no sample %s", name);
  return NULL;
}

static bool import_built(pk_lowered_graph *graph, pk_error *error) {
  size_t size;
  uint8_t *bytes = tflite_build(&builder, &size);
  *error = (pk_error){.code = PK_OK};
  const bool ok = pk_import_model(graph, bytes, size, "some/folder/model.v2.tflite", error);
  free(bytes);  // the lowered graph must not refer to it
  return ok;
}

static void assert_refused(pk_code code, const char *message) {
  pk_lowered_graph graph;
  pk_error error;
  assert_false(import_built(&graph, &error));
  assert_int_equal(error.code, code);
  assert_null(graph.tensors);
  assert_ptr_equal(strstr(error.message, "model.v2.tflite: "), error.message);
  if (!strstr(error.message, message)) fail_msg("\"%s\" lacks \"%s\"", error.message, message);
}

static void import_sample_ok(pk_lowered_graph *graph, const char *name) {
  pk_error error;
  sample(name)->describe(&builder);
  if (!import_built(graph, &error)) fail_msg("%s: %s", name, error.message);
  assert_null(import_broken_invariant(graph));
}

static void assert_codes(const pk_lowered_graph *graph, const int *codes, size_t count) {
  assert_int_equal(graph->op_count, count);
  for (size_t i = 0; i < count; i++) assert_int_equal(graph->ops[i].code, codes[i]);
}

static void test_names_the_graph(void **state) {
  (void)state;
  pk_lowered_graph graph;
  import_sample_ok(&graph, "conv");
  assert_string_equal(graph.name, "model.v2");
  assert_string_equal(graph.source_file, "model.v2.tflite");
  assert_string_equal(graph.ops[0].name, "y");
  assert_string_equal(graph.tensors[graph.inputs[0]].name, "x");
  pk_lowered_graph_free(&graph);
}

static void test_imports_a_uint8_model(void **state) {
  (void)state;
  static const int codes[] = {MNW_OP_QUANTIZE, MNW_OP_DEPTHWISE_CONV_2D, MNW_OP_AVERAGE_POOL_2D,
                              MNW_OP_RESHAPE,  MNW_OP_SOFTMAX,           MNW_OP_QUANTIZE};
  pk_lowered_graph graph;
  import_sample_ok(&graph, "uint8");
  assert_codes(&graph, codes, 6);
  const pk_lowered_tensor *input = &graph.tensors[graph.inputs[0]];
  const pk_lowered_tensor *output = &graph.tensors[graph.outputs[0]];
  assert_int_equal(input->dtype, MNW_DTYPE_U8);
  assert_int_equal(input->zero_point, 128);
  assert_int_equal(output->dtype, MNW_DTYPE_U8);
  assert_int_equal(output->zero_point, 0);
  assert_int_equal(graph.ops[1].params[MNW_CONV_WEIGHT_ZERO_POINT], 120 - 128);
  pk_lowered_graph_free(&graph);
}

static void test_imports_an_int8_model(void **state) {
  (void)state;
  static const int codes[] = {MNW_OP_QUANTIZE, MNW_OP_MEAN, MNW_OP_FULLY_CONNECTED, MNW_OP_SOFTMAX,
                              MNW_OP_QUANTIZE};
  pk_lowered_graph graph;
  import_sample_ok(&graph, "int8");
  assert_codes(&graph, codes, 5);
  assert_int_equal(graph.ops[1].params[MNW_MEAN_AXES], 6);
  pk_lowered_graph_free(&graph);
}

static void test_open_batch_becomes_one(void **state) {
  (void)state;
  pk_lowered_graph graph;
  pk_error error;
  import_sample_conv(&builder);
  builder.tensors[0].dims[0] = builder.tensors[3].dims[0] = -1;
  assert_true(import_built(&graph, &error));
  assert_int_equal(graph.tensors[graph.inputs[0]].dims[0], 1);
  assert_int_equal(graph.tensors[graph.outputs[0]].dims[0], 1);
  pk_lowered_graph_free(&graph);
  builder.tensors[0].dims[1] = -1;
  assert_refused(PK_UNSUPPORTED, "\"x\" has shape [1,-1,6,3]; every dimension must be known");
}

static void test_lists_everything_unsupported(void **state) {
  (void)state;
  pk_lowered_graph graph;
  pk_error error;
  sample("unsupported")->describe(&builder);
  builder.operators[0].builtin = builder.operators[2].builtin = PK_TFLITE_SVDF;
  assert_false(import_built(&graph, &error));
  assert_int_equal(error.code, PK_UNSUPPORTED);
  assert_non_null(strstr(error.message, "SVDF, 2 uses: operator 0 \"a\", 2 \"y\""));
  assert_non_null(strstr(error.message, "custom operator \"Fancy\", 1 use: operator 1 \"c\""));
  assert_non_null(strstr(error.message, "docs/ADDING_AN_OP.md"));
}

// One error that stays within its buffer, however much there is to say.
static void test_long_lists_are_cut(void **state) {
  (void)state;
  char name[301];
  pk_lowered_graph graph;
  pk_error error;
  memset(name, 'n', 300);
  name[300] = '\0';
  tflite_builder_init(&builder);
  for (int i = 0; i < TFLITE_MAX_OPERATORS; i++) {
    tflite_add_tensor(&builder, &(tflite_tensor_spec){.name = name, .rank = 1, .dims = {3}});
    tflite_add_operator(
        &builder, &(tflite_operator_spec){.builtin = PK_TFLITE_TRANSPOSE + 100 + i, .output = i});
  }
  tflite_set_ends(&builder, 0, 1);
  assert_false(import_built(&graph, &error));
  assert_int_equal(error.code, PK_UNSUPPORTED);
  assert_non_null(strstr(error.message, "\n  and more\n"));
  assert_non_null(strstr(error.message, "docs/ADDING_AN_OP.md"));
}

static void test_half_floats_are_refused(void **state) {
  (void)state;
  sample("residual")->describe(&builder);
  for (int i = 0; i < builder.tensor_count; i++) {
    if (builder.tensors[i].type == TFLITE_INT8) builder.tensors[i].type = TFLITE_FLOAT16;
  }
  assert_refused(PK_UNSUPPORTED, "computes in a floating-point type other than float32");
  assert_refused(PK_UNSUPPORTED, "CONV_2D with float16 tensors, 1 use: operator 1 \"conv\"");
}

static void test_variables_are_refused(void **state) {
  (void)state;
  import_sample_conv(&builder);
  builder.tensors[0].is_variable = true;
  assert_refused(PK_UNSUPPORTED, "variable tensors (state kept between runs), 1 use: tensor 0");
}

static void test_refuses_bad_convolutions(void **state) {
  (void)state;
  import_sample_conv(&builder);
  builder.tensors[3].dims[2] = 4;
  assert_refused(
      PK_BAD_MODEL,
      "operator 0 (CONV_2D \"y\"): its output \"y\" has shape [1,3,4,5], but it computes "
      "[1,3,3,5]");
  import_sample_conv(&builder);
  builder.tensors[0].dims[3] = 6;  // two groups of 3 channels, but 5 outputs
  assert_refused(PK_BAD_MODEL, "do not fit the 6 channels of its input");
  import_sample_conv(&builder);
  builder.tensors[0].dims[3] = 4;
  assert_refused(PK_BAD_MODEL, "do not fit the 4 channels of its input");
  import_sample_conv(&builder);
  builder.tensors[1].data = NULL;
  assert_refused(PK_BAD_MODEL, "reads tensor 1 (\"weights\"), which nothing has written");
  import_sample_conv(&builder);
  builder.tensors[1].data_bytes--;
  assert_refused(PK_BAD_MODEL, "has 134 bytes instead of 135; the file is broken");
  import_sample_conv(&builder);
  builder.tensors[1].scale_count = 4;
  assert_refused(PK_BAD_MODEL, "have 4 scales along axis 0");
  import_sample_conv(&builder);
  builder.tensors[1].zero_point = 1;
  assert_refused(PK_UNSUPPORTED, "must be symmetric (zero point 0)");
  import_sample_conv(&builder);
  builder.tensors[2].dims[0] = 4;
  builder.tensors[2].data_bytes = 16;
  assert_refused(PK_BAD_MODEL, "its bias \"bias\" has shape [4] instead of [5]");
  import_sample_conv(&builder);
  builder.operators[0].options[1].bits = 0;
  assert_refused(PK_BAD_MODEL, "its stride is 0");
  import_sample_conv(&builder);
  builder.operators[0].options_type = PK_TFLITE_OPTIONS_POOL_2D;
  assert_refused(PK_BAD_MODEL, "operator 0 (CONV_2D): its options are of type 5 instead of 1");
  import_sample_conv(&builder);
  builder.operators[0].options[3].bits = PK_TFLITE_ACTIVATION_TANH;
  assert_refused(PK_UNSUPPORTED, "CONV_2D with fused TANH, 1 use");
  import_sample_conv(&builder);
  builder.operators[0].input_count = 1;
  assert_refused(PK_BAD_MODEL, "it has 1 inputs, but takes 2 to 3");
}

static void test_refuses_bad_quantization(void **state) {
  (void)state;
  import_sample_conv(&builder);
  builder.tensors[0].scale = 0;
  assert_refused(PK_BAD_MODEL, "its tensor \"x\" is int8 but has no scale");
  import_sample_conv(&builder);
  builder.tensors[0].scale = -1;
  assert_refused(PK_BAD_MODEL, "scale 0 of its tensor \"x\" is -1");
  import_sample_conv(&builder);
  builder.tensors[0].zero_point = 128;
  assert_refused(PK_BAD_MODEL, "zero point 0 of its tensor \"x\" is 128, outside -128 to 127");
  import_sample_conv(&builder);
  builder.tensors[0].zero_point = (int64_t)1 << 40;
  assert_refused(PK_BAD_MODEL, "tensor 0: \"x\" has the zero point 1099511627776");
  import_sample_conv(&builder);
  builder.tensors[0].scale = 1e-30f;
  builder.tensors[3].scale = 1e30f;
  assert_refused(PK_BAD_MODEL, "which is 0 or infinite in float32");
}

static void test_refuses_bad_flow(void **state) {
  (void)state;
  import_sample_conv(&builder);
  builder.operators[0].inputs[0] = 3;
  assert_refused(PK_BAD_MODEL, "reads tensor 3 (\"y\"), which nothing has written before");
  import_sample_conv(&builder);
  builder.operators[0].output = 0;
  assert_refused(PK_BAD_MODEL, "it writes tensor 0 (\"x\"), which is a constant, an input");
  import_sample_conv(&builder);
  builder.operators[0].output = -2;
  assert_refused(PK_BAD_MODEL, "it has 0 outputs instead of one");
  import_sample_conv(&builder);
  builder.outputs[0] = 1;
  assert_refused(PK_BAD_MODEL, "output 0 of the model (tensor 1, \"weights\") is computed by no");
  import_sample_conv(&builder);
  builder.outputs[0] = 0;
  assert_refused(PK_UNSUPPORTED, "is its input 0: nothing computes it");
  import_sample_conv(&builder);
  builder.inputs[1] = 0;
  builder.input_count = 2;
  assert_refused(PK_BAD_MODEL, "input 1 of the model is tensor 0, as another input is");
  import_sample_conv(&builder);
  builder.input_count = 0;
  assert_refused(PK_BAD_MODEL, "it reads tensor 0 (\"x\"), which nothing has written before");
}

static void assert_content(const char *bytes, size_t size, pk_code code, const char *message) {
  pk_lowered_graph graph;
  pk_error error = {.code = PK_OK};
  assert_false(pk_import_model(&graph, (const uint8_t *)bytes, size, "m", &error));
  assert_int_equal(error.code, code);
  if (!strstr(error.message, message)) fail_msg("\"%s\" lacks \"%s\"", error.message, message);
}

static void test_tells_formats_apart(void **state) {
  (void)state;
  assert_content("", 0, PK_BAD_MODEL, "the file is empty");
  assert_content("\x08\x08\x12\x07pytorch", 11, PK_BAD_MODEL, "the file holds no ONNX graph");
  assert_content("{\"format\":", 10, PK_UNSUPPORTED, "TensorFlow.js");
  assert_content("PK\3\4....", 8, PK_UNSUPPORTED, "zip archives");
  assert_content("\211HDF\r\n\032\n", 8, PK_UNSUPPORTED, "HDF5");
  assert_content("MNWS....", 8, PK_BAD_MODEL, "shard of a Minnow package");
  assert_content("\037\213\10....", 7, PK_BAD_MODEL, "gzip");
  assert_content("version https://git-lfs.github.com", 34, PK_BAD_MODEL, "git lfs pull");
  assert_content("<!doctype html>", 15, PK_BAD_MODEL, "no model that Minnow knows");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names_the_graph),
      cmocka_unit_test(test_imports_a_uint8_model),
      cmocka_unit_test(test_imports_an_int8_model),
      cmocka_unit_test(test_open_batch_becomes_one),
      cmocka_unit_test(test_lists_everything_unsupported),
      cmocka_unit_test(test_long_lists_are_cut),
      cmocka_unit_test(test_half_floats_are_refused),
      cmocka_unit_test(test_variables_are_refused),
      cmocka_unit_test(test_refuses_bad_convolutions),
      cmocka_unit_test(test_refuses_bad_quantization),
      cmocka_unit_test(test_refuses_bad_flow),
      cmocka_unit_test(test_tells_formats_apart),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
