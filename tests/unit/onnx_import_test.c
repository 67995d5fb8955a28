// ONNX import: what it makes of small models, and hostile files, which get typed errors.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
// cmocka.h needs the headers above.
#include <cmocka.h>

#include "import/import.h"
#include "import/onnx/onnx_import.h"
#include "onnx_builder.h"

static pk_code import_code(onnx_builder *b, pk_lowered_graph *graph, pk_error *error) {
  size_t size_bytes;
  uint8_t *bytes = onnx_builder_bytes(b, &size_bytes);
  *error = (pk_error){.code = PK_OK};
  pk_import_model(graph, bytes, size_bytes, "sample.onnx", error);
  free(bytes);
  return error->code;
}

static void expect_refusal(onnx_builder *b, pk_code code, const char *words) {
  pk_lowered_graph graph;
  pk_error error;
  assert_int_equal(import_code(b, &graph, &error), code);
  assert_null(graph.tensors);
  if (!strstr(error.message, words)) fail_msg("\"%s\" lacks \"%s\"", error.message, words);
}

// Constants are computed while importing: only the sum with the input is left.
static void test_constants_fold(void **state) {
  (void)state;
  onnx_builder b;
  pk_lowered_graph graph;
  pk_error error;
  const int64_t dims[1] = {2}, one[2] = {1, 2}, two[2] = {10, 20};
  onnx_builder_init(&b);
  onnx_builder_input(&b, "x", PK_ONNX_INT64, dims, 1);
  onnx_builder_ints(&b, "a", one, 2);
  onnx_builder_ints(&b, "b", two, 2);
  onnx_builder_node(&b, "Mul", "a,b", "c");
  onnx_builder_node(&b, "Add", "x,c", "y");
  onnx_builder_output(&b, "y");
  assert_int_equal(import_code(&b, &graph, &error), PK_OK);
  assert_int_equal(graph.op_count, 1);
  const pk_lowered_tensor *c = &graph.tensors[graph.ops[0].inputs[1]];
  int64_t values[2];
  assert_int_equal(c->data_bytes, sizeof values);
  memcpy(values, c->data, sizeof values);
  assert_int_equal(values[0], 10);
  assert_int_equal(values[1], 40);
  pk_lowered_graph_free(&graph);
}

// All unsupported operators stand in one error, with the names of their nodes.
static void test_unsupported_listed_together(void **state) {
  (void)state;
  onnx_builder b;
  const int64_t dims[1] = {2};
  onnx_builder_init(&b);
  onnx_builder_input(&b, "x", PK_ONNX_FLOAT, dims, 1);
  onnx_builder_node(&b, "Bernoulli", "x", "first");
  onnx_builder_node(&b, "Relu", "first", "between");
  onnx_builder_node(&b, "Loop", "between", "second");
  onnx_builder_output(&b, "second");
  pk_lowered_graph graph;
  pk_error error;
  assert_int_equal(import_code(&b, &graph, &error), PK_UNSUPPORTED);
  assert_non_null(strstr(error.message, "Bernoulli, 1 use: node 0 \"first\""));
  assert_non_null(strstr(error.message, "Loop, 1 use: node 2 \"second\""));
  assert_non_null(strstr(error.message, "docs/ADDING_AN_OP.md"));
}

static void test_hostile(void **state) {
  (void)state;
  const int64_t dims[2] = {2, 3}, huge[2] = {1 << 30, 1 << 30}, negative[2] = {-4, 3};
  const int64_t wild[2] = {INT64_MAX, INT64_MIN};
  onnx_builder b;
  onnx_builder_init(&b);  // a cycle
  onnx_builder_input(&b, "x", PK_ONNX_FLOAT, dims, 2);
  onnx_builder_node(&b, "Add", "x,z", "y");
  onnx_builder_node(&b, "Relu", "y", "z");
  onnx_builder_output(&b, "z");
  expect_refusal(&b, PK_BAD_MODEL, "no earlier node");

  onnx_builder_init(&b);
  onnx_builder_input(&b, "x", PK_ONNX_FLOAT, huge, 2);
  onnx_builder_node(&b, "Sqrt", "x", "y");
  onnx_builder_output(&b, "y");
  expect_refusal(&b, PK_BAD_MODEL, "");

  onnx_builder_init(&b);
  onnx_builder_input(&b, "x", PK_ONNX_FLOAT, (const int64_t[]){2, -3}, 2);
  onnx_builder_node(&b, "Sqrt", "x", "y");
  onnx_builder_output(&b, "y");
  expect_refusal(&b, PK_BAD_MODEL, "dimension 1");

  onnx_builder_init(&b);
  onnx_builder_input(&b, "x", PK_ONNX_FLOAT, dims, 2);
  onnx_builder_ints(&b, "shape", negative, 2);
  onnx_builder_node(&b, "Reshape", "x,shape", "y");
  onnx_builder_output(&b, "y");
  expect_refusal(&b, PK_BAD_MODEL, "shape");

  onnx_builder_init(&b);
  onnx_builder_ints(&b, "shape", wild, 2);
  onnx_builder_input(&b, "x", PK_ONNX_FLOAT, dims, 2);
  onnx_builder_node(&b, "ConstantOfShape", "shape", "c");
  onnx_builder_node(&b, "Add", "x,c", "y");
  onnx_builder_output(&b, "y");
  expect_refusal(&b, PK_BAD_MODEL, "shape");

  onnx_builder_init(&b);  // the same value twice
  onnx_builder_input(&b, "x", PK_ONNX_FLOAT, dims, 2);
  onnx_builder_node(&b, "Sqrt", "x", "y");
  onnx_builder_node(&b, "Exp", "x", "y");
  onnx_builder_output(&b, "y");
  expect_refusal(&b, PK_BAD_MODEL, "given twice");

  onnx_builder_init(&b);  // weights outside the model's folder
  onnx_builder_input(&b, "x", PK_ONNX_FLOAT, dims, 2);
  onnx_builder_external(&b, "w", dims, 2, "../../etc/passwd", "0", "24");
  onnx_builder_node(&b, "Add", "x,w", "y");
  onnx_builder_output(&b, "y");
  expect_refusal(&b, PK_BAD_MODEL, "not a path inside");

  onnx_builder_init(&b);
  onnx_builder_input(&b, "x", PK_ONNX_FLOAT, dims, 2);
  onnx_builder_external(&b, "w", dims, 2, "w.bin", "0", "99999999999");
  onnx_builder_node(&b, "Add", "x,w", "y");
  onnx_builder_output(&b, "y");
  expect_refusal(&b, PK_BAD_MODEL, "offset or length");
}

// Graphs in attributes of nodes of graphs …: the decoder would recurse without end.
static void test_deep_nesting(void **state) {
  (void)state;
  enum { LEVELS = 2000 };
  uint8_t *bytes = NULL;
  size_t size_bytes = 0;
  for (int level = 0; level < 3 * LEVELS; level++) {
    static const uint8_t keys[3] = {0x2a, 0x0a, 0x32};  // node.attribute, graph.node, attribute.g
    uint8_t head[12];
    size_t head_bytes = 0;
    head[head_bytes++] = keys[level % 3];
    for (size_t rest = size_bytes;; rest >>= 7) {
      head[head_bytes++] = (uint8_t)((rest & 127) | (rest > 127 ? 128 : 0));
      if (rest <= 127) break;
    }
    uint8_t *longer = malloc(size_bytes + head_bytes);
    assert_non_null(longer);
    memcpy(longer, head, head_bytes);
    if (size_bytes) memcpy(longer + head_bytes, bytes, size_bytes);
    free(bytes);
    bytes = longer;
    size_bytes += head_bytes;
  }
  bytes[0] = 0x3a;  // model.graph
  pk_lowered_graph graph;
  pk_error error = {.code = PK_OK};
  assert_false(pk_import_onnx(&graph, bytes, size_bytes, "deep.onnx", NULL, &error));
  assert_int_equal(error.code, PK_BAD_MODEL);
  free(bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_constants_fold),
      cmocka_unit_test(test_unsupported_listed_together),
      cmocka_unit_test(test_hostile),
      cmocka_unit_test(test_deep_nesting),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
