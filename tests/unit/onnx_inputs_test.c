// What surrounds an ONNX graph: weights in other files, open dimensions, inputs as constants, and
// branches that are known while importing.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
// cmocka.h needs the headers above.
#include <cmocka.h>

#include "../core/ops/op_params.h"
#include "import/import.h"
#include "import/onnx/onnx_import.h"
#include "onnx_builder.h"
#include "test_folder.h"

static const int64_t two_by_three[2] = {2, 3};

static pk_code import(onnx_builder *b, const pk_model_options *options, pk_lowered_graph *graph,
                      pk_error *error) {
  size_t size_bytes;
  char path[TEST_PATH_BYTES];
  uint8_t *bytes = onnx_builder_bytes(b, &size_bytes);
  test_folder_path(path, "model.onnx");
  *error = (pk_error){.code = PK_OK};
  const pk_graph_edit edit = {.inputs = options};
  pk_import_model_edited(graph, bytes, size_bytes, path, &edit, error);
  free(bytes);
  return error->code;
}

static void expect_refusal(onnx_builder *b, const pk_model_options *options, pk_code code,
                           const char *words) {
  pk_lowered_graph graph;
  pk_error error;
  assert_int_equal(import(b, options, &graph, &error), code);
  assert_null(graph.tensors);
  if (!strstr(error.message, words)) fail_msg("\"%s\" lacks \"%s\"", error.message, words);
}

// x + w, with w in another file.
static void add_external(onnx_builder *b, const char *offset, const char *length) {
  onnx_builder_init(b);
  onnx_builder_input(b, "x", PK_ONNX_FLOAT, two_by_three, 2);
  onnx_builder_external(b, "w", two_by_three, 2, "weights.bin", offset, length);
  onnx_builder_node(b, "Add", "x,w", "y");
  onnx_builder_output(b, "y");
}

static void test_external_data(void **state) {
  (void)state;
  const float values[8] = {-1, -2, 1, 2, 3, 4, 5, 6};
  char path[TEST_PATH_BYTES];
  onnx_builder b;
  pk_lowered_graph graph;
  pk_error error;
  test_folder_path(path, "weights.bin");
  test_file_write(path, values, sizeof values);
  add_external(&b, "8", "24");
  assert_int_equal(import(&b, NULL, &graph, &error), PK_OK);
  const pk_lowered_tensor *w = &graph.tensors[graph.ops[0].inputs[1]];
  assert_int_equal(w->data_bytes, 24);
  assert_memory_equal(w->data, values + 2, 24);
  pk_lowered_graph_free(&graph);
}

static void test_external_data_hostile(void **state) {
  (void)state;
  onnx_builder b;
  add_external(&b, "16", "24");  // 8 bytes past the end
  expect_refusal(&b, NULL, PK_IO, "cannot read 24 bytes at 16");
  add_external(&b, "9223372036854775807", "24");
  expect_refusal(&b, NULL, PK_IO, "cannot read");
  add_external(&b, "-8", "24");
  expect_refusal(&b, NULL, PK_BAD_MODEL, "offset or length");
  add_external(&b, "0", "-24");
  expect_refusal(&b, NULL, PK_BAD_MODEL, "offset or length");
  add_external(&b, "0", "18446744073709551616");
  expect_refusal(&b, NULL, PK_BAD_MODEL, "offset or length");
  add_external(&b, "0", "24");
  onnx_builder_external(&b, "v", two_by_three, 2, "weights.bin", "8", "24");
  expect_refusal(&b, NULL, PK_BAD_MODEL, "overlap in \"weights.bin\" from byte 8");
}

// The same bytes for two constants are no overlap.
static void test_external_data_shared(void **state) {
  (void)state;
  onnx_builder b;
  pk_lowered_graph graph;
  pk_error error;
  add_external(&b, "0", "24");
  onnx_builder_external(&b, "v", two_by_three, 2, "weights.bin", "0", "24");
  assert_int_equal(import(&b, NULL, &graph, &error), PK_OK);
  pk_lowered_graph_free(&graph);
}

// a [batch, time] and b [batch, 2, time].
static void add_open(onnx_builder *b) {
  const int64_t cube[3] = {1, 2, 3};
  onnx_builder_init(b);
  onnx_builder_input(b, "a", PK_ONNX_FLOAT, two_by_three, 2);
  onnx_builder_open_dim(b, 0, "batch");
  onnx_builder_open_dim(b, 1, "time");
  onnx_builder_input(b, "b", PK_ONNX_FLOAT, cube, 3);
  onnx_builder_open_dim(b, 0, "batch");
  onnx_builder_open_dim(b, 2, "time");
  onnx_builder_node(b, "Add", "a,b", "y");
  onnx_builder_output(b, "y");
}

static void test_open_dimensions(void **state) {
  (void)state;
  onnx_builder b;
  pk_lowered_graph graph;
  pk_error error;
  add_open(&b);
  expect_refusal(&b, NULL, PK_UNSUPPORTED, "--shape a=1,time\n  --shape b=1,2,time\n");
  add_open(&b);
  expect_refusal(&b, NULL, PK_UNSUPPORTED, "or with --dim time=…");
  const pk_model_options by_name = {.dims = {{"time=7", "batch=2"}, 2}};
  add_open(&b);
  assert_int_equal(import(&b, &by_name, &graph, &error), PK_OK);
  assert_int_equal(graph.tensors[graph.inputs[0]].dims[0], 2);
  assert_int_equal(graph.tensors[graph.inputs[1]].dims[2], 7);
  pk_lowered_graph_free(&graph);
  const pk_model_options by_shape = {.shapes = {{"a=1,5", "b=1,2,5"}, 2}};
  add_open(&b);
  assert_int_equal(import(&b, &by_shape, &graph, &error), PK_OK);
  assert_int_equal(graph.tensors[graph.inputs[0]].dims[1], 5);
  pk_lowered_graph_free(&graph);
}

static void test_options_must_fit(void **state) {
  (void)state;
  static const struct {
    pk_model_options options;
    const char *words;
  } rows[] = {
      {{.shapes = {{"c=1,5"}, 1}}, "no input of this name; it has a, b"},
      {{.dims = {{"width=5"}, 1}}, "no open dimension of this name"},
      {{.dims = {{"time=0"}, 1}}, "a number from 1"},
      {{.shapes = {{"b=1,3,5"}, 1}}, "the model fixes another shape"},
      {{.shapes = {{"b=1,2,x"}, 1}}, "numbers from 1"},
      {{.dims = {{"time=2"}, 1}, .constants = {{"a=1,2,3"}, 1}}, "3 values are given"},
      {{.dims = {{"time=2"}, 1}, .constants = {{"a=1,?"}, 1}}, "real numbers"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    onnx_builder b;
    add_open(&b);
    expect_refusal(&b, &rows[i].options, PK_USAGE, rows[i].words);
  }
}

// rate == 16000 ? sqrt(x) : exp(x); both branches call their value the same.
static void add_branches(onnx_builder *b) {
  onnx_builder then_branch, else_branch;
  const int64_t rate[1] = {16000};
  onnx_builder_init(b);
  onnx_builder_input(b, "x", PK_ONNX_FLOAT, two_by_three, 2);
  onnx_builder_input(b, "rate", PK_ONNX_INT64, NULL, 0);
  onnx_builder_ints(b, "wanted", rate, 1);
  onnx_builder_node(b, "Equal", "rate,wanted", "is_wide");
  onnx_builder_node(b, "If", "is_wide", "y");
  onnx_builder_init(&then_branch);
  onnx_builder_node(&then_branch, "Sqrt", "x", "value");
  onnx_builder_output(&then_branch, "value");
  onnx_builder_branch(b, "then_branch", &then_branch);
  onnx_builder_init(&else_branch);
  onnx_builder_node(&else_branch, "Exp", "x", "value");
  onnx_builder_output(&else_branch, "value");
  onnx_builder_branch(b, "else_branch", &else_branch);
  onnx_builder_output(b, "y");
}

static void test_if_with_known_condition(void **state) {
  (void)state;
  static const struct {
    const char *rate;
    int function;
  } rows[] = {{"rate=16000", MNW_UNARY_SQRT}, {"rate=8000", MNW_UNARY_EXP}};
  for (size_t i = 0; i < 2; i++) {
    onnx_builder b;
    pk_lowered_graph graph;
    pk_error error;
    const pk_model_options options = {.constants = {{rows[i].rate}, 1}};
    add_branches(&b);
    assert_int_equal(import(&b, &options, &graph, &error), PK_OK);
    assert_int_equal(graph.input_count, 1);
    assert_int_equal(graph.op_count, 1);
    assert_int_equal(graph.ops[0].code, MNW_OP_UNARY);
    assert_int_equal(graph.ops[0].params[MNW_UNARY_FUNCTION], rows[i].function);
    pk_lowered_graph_free(&graph);
  }
  onnx_builder b;
  add_branches(&b);
  expect_refusal(&b, NULL, PK_UNSUPPORTED, "If (its input");
}

// The names of a branch end with it.
static void test_branch_names_are_its_own(void **state) {
  (void)state;
  onnx_builder b;
  const pk_model_options options = {.constants = {{"rate=16000"}, 1}};
  add_branches(&b);
  onnx_builder_node(&b, "Neg", "value", "z");
  onnx_builder_output(&b, "z");
  expect_refusal(&b, &options, PK_BAD_MODEL, "no earlier node");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_external_data),
      cmocka_unit_test(test_external_data_hostile),
      cmocka_unit_test(test_external_data_shared),
      cmocka_unit_test(test_open_dimensions),
      cmocka_unit_test(test_options_must_fit),
      cmocka_unit_test(test_if_with_known_condition),
      cmocka_unit_test(test_branch_names_are_its_own),
  };
  return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
