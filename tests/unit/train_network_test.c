// Networks from JSON, and trained files: shapes, names, what is refused, hostile bytes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// cmocka needs those above
#include <cmocka.h>

#include "../../core/base/bytes.h"
#include "../../packer/import/graph_passes.h"
#include "../../packer/import/import.h"
#include "../../packer/import/network/trained_model.h"
#include "test_random.h"

static const size_t limit_bytes = 64 << 20;

typedef struct built {
  pk_graph graph;
  const pk_network_note *notes;
  pk_error error;
  bool ok;
} built;

static built build(const char *text, int32_t batch) {
  built b = {0};
  json_t *network = json_loads(text, 0, NULL);
  assert_non_null(network);
  const pk_network_options options = {.network = network, .source = "model.json", .batch = batch};
  pk_graph_init(&b.graph, limit_bytes);
  b.ok = pk_network_build(&b.graph, &b.notes, &options, &b.error);
  json_decref(network);
  return b;
}

static const char small_network[] =
    "{\"input\": [9, 8, 2], \"layers\": ["
    "{\"conv\": 6, \"kernel\": [3, 5], \"stride\": [2, 1], \"activation\": \"relu6\"},"
    "{\"depthwise\": 2, \"kernel\": 3, \"padding\": \"valid\", \"activation\": \"hard-swish\"},"
    "{\"residual\": [{\"conv\": 12, \"name\": \"inner\", \"dropout\": 0.5}], \"activation\": "
    "\"relu\"},"
    "{\"repeat\": 2, \"of\": [{\"conv\": 12, \"groups\": 3, \"norm\": false}]},"
    "{\"pool\": \"max\", \"size\": 2}, {\"pool\": \"mean\"}, {\"dense\": 4, \"dropout\": 0.1}]}";

static void test_shapes_names_and_notes(void **state) {
  (void)state;
  built b = build(small_network, 3);
  const pk_op_kind kinds[] = {
      PK_OP_CONV_2D, PK_OP_DEPTHWISE_CONV_2D, PK_OP_UNARY,   PK_OP_CONV_2D,
      PK_OP_ADD,     PK_OP_CONV_2D,           PK_OP_CONV_2D, PK_OP_MAX_POOL_2D,
      PK_OP_MEAN,    PK_OP_FULLY_CONNECTED};
  const int32_t shapes[][4] = {{3, 5, 8, 6},  {3, 3, 6, 12}, {3, 3, 6, 12}, {3, 3, 6, 12},
                               {3, 3, 6, 12}, {3, 3, 6, 12}, {3, 3, 6, 12}, {3, 2, 3, 12},
                               {3, 12, 0, 0}, {3, 4, 0, 0}};
  assert_true(b.ok);
  assert_int_equal(b.graph.op_count, 10);
  for (size_t i = 0; i < 10; i++) {
    const pk_tensor *y = pk_op_output(&b.graph, &b.graph.ops[i]);
    assert_int_equal(b.graph.ops[i].kind, kinds[i]);
    assert_memory_equal(y->dims, shapes[i], (size_t)y->rank * sizeof(int32_t));
  }
  assert_int_equal(b.graph.ops[0].activation, PK_ACTIVATION_RELU6);
  assert_int_equal(b.graph.ops[4].activation, PK_ACTIVATION_RELU);
  assert_true(b.notes[0].has_norm && b.notes[1].has_norm && b.notes[3].has_norm);
  assert_false(b.notes[5].has_norm || b.notes[9].has_norm || b.notes[4].has_norm);
  assert_true(b.notes[3].dropout == 0.5f && b.notes[9].dropout == 0.1f);
  assert_string_equal(pk_op_input(&b.graph, &b.graph.ops[3], 1)->name, "inner.weights");
  assert_string_equal(pk_op_input(&b.graph, &b.graph.ops[6], 1)->name, "3.1.0.weights");
  pk_error error = {0};
  assert_true(pk_graph_prepare(&b.graph, NULL, &error));
  pk_graph_deinit(&b.graph);
}

static void test_shared_weights(void **state) {
  (void)state;
  built b = build(
      "{\"input\": [4, 4, 3], \"layers\": [{\"conv\": 3, \"name\": \"a\", \"norm\": false},"
      "{\"conv\": 3, \"like\": \"a\"}, {\"pool\": \"mean\"}, {\"dense\": 2}]}",
      1);
  assert_true(b.ok);
  assert_int_equal(b.graph.ops[0].inputs[1], b.graph.ops[1].inputs[1]);
  assert_int_equal(b.graph.ops[0].inputs[2], b.graph.ops[1].inputs[2]);
  assert_false(b.notes[1].has_norm);
  pk_graph_deinit(&b.graph);
}

static void test_refusals(void **state) {
  static const struct {
    const char *network, *message;
  } cases[] = {
      {"{\"layers\": [{\"dense\": 2}]}", "network.input"},
      {"{\"input\": [0], \"layers\": [{\"dense\": 2}]}", "network.input"},
      {"{\"input\": [4], \"layers\": []}", "layers"},
      {"{\"input\": [4], \"layers\": [{\"dens\": 2}]}", "layers.0"},
      {"{\"input\": [4], \"layers\": [{\"dense\": 0}]}", "layers.0.dense"},
      {"{\"input\": [4], \"layers\": [{\"conv\": 2}]}", "layers.0.conv"},
      {"{\"input\": [4, 4, 1], \"layers\": [{\"conv\": 2, \"kernel\": 5, \"padding\": \"valid\"}]}",
       "window that fits"},
      {"{\"input\": [4, 4, 1], \"layers\": [{\"conv\": 2, \"strid\": 2}]}", "layers.0.strid"},
      {"{\"input\": [4, 4, 3], \"layers\": [{\"conv\": 2, \"groups\": 2}]}", "groups"},
      {"{\"input\": [4], \"layers\": [{\"dense\": 2, \"activation\": \"rlu\"}]}", "activation"},
      {"{\"input\": [4], \"layers\": [{\"dense\": 2, \"dropout\": 1}]}", "dropout"},
      {"{\"input\": [4, 4, 1], \"layers\": [{\"residual\": [{\"conv\": 2}]}]}", "residual"},
      {"{\"input\": [4], \"layers\": [{\"dense\": 4, \"like\": \"x\"}]}", "like"},
      {"{\"input\": [4], \"layers\": [{\"dense\": 4, \"name\": \"x\"}, {\"dense\": 4, \"name\": "
       "\"x\"}]}",
       "name"},
      {"{\"input\": [4, 4, 1], \"layers\": [{\"pool\": \"min\"}]}", "pool"},
      {"{\"input\": [4], \"layers\": [{\"reshape\": [3]}]}", "reshape"},
      {"{\"input\": [4, 4, 1], \"layers\": [{\"bag\": 3}]}", "bag"},
      {"{\"input\": [4], \"channels\": {\"1\": 3}, \"layers\": [{\"dense\": 2}]}",
       "network.channels.1"},
      {"{\"input\": [4], \"channels\": {\"0\": 0}, \"layers\": [{\"dense\": 2}]}",
       "network.channels.0 must be a whole number"},
      {"{\"input\": [4, 4, 1], \"channels\": {\"0\": 2}, \"layers\": [{\"depthwise\": 2}]}",
       "network.channels.0 must be left out"},
      {"{\"input\": [4], \"channels\": [3], \"layers\": [{\"dense\": 2}]}",
       "network.channels must be"},
      {"{\"input\": [4], \"layers\": [{\"dense\": 2, \"biasOnly\": 2}]}",
       "layers.0.biasOnly must be a whole number"},
      {"{\"input\": [4], \"layers\": [{\"dense\": 2, \"biasLead\": 1}]}", "biasLead must be"},
      {"{\"input\": [4], \"layers\": [{\"dense\": 2, \"biasOnly\": 1, \"biasLead\": 51}]}",
       "biasLead must be a number"},
      {"{\"input\": [4], \"layers\": [{\"dense\": 2, \"biasOnly\": 1, \"norm\": true}]}",
       "biasOnly must be left out"},
      {"{\"input\": [65536], \"layers\": [{\"dense\": 65536}]}", "import"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    built b = build(cases[i].network, 1);
    if (b.ok ||
        (i + 1 < sizeof cases / sizeof *cases && !strstr(b.error.message, cases[i].message))) {
      print_message("%s\n  gave: %s\n", cases[i].network, b.error.message);
    }
    assert_false(b.ok);
    if (i + 1 < sizeof cases / sizeof *cases) {
      assert_int_equal(b.error.code, PK_USAGE);
      assert_non_null(strstr(b.error.message, cases[i].message));
    }
    pk_graph_deinit(&b.graph);
  }
}

// A file of the network with random weights.
static uint8_t *make_file(size_t *size_bytes) {
  built b = build(small_network, 1);
  pk_safetensors_writer writer = {0};
  uint32_t seed = 7;
  pk_error error = {0};
  assert_true(b.ok);
  pk_safetensors_put_text(&writer, PK_TRAINED_NETWORK, small_network);
  for (size_t i = 0; i < b.graph.tensor_count; i++) {
    const pk_tensor *tensor = &b.graph.tensors[i];
    if (!tensor->data) continue;
    float *values = (float *)(uintptr_t)tensor->data;
    for (size_t j = 0; j < tensor->data_bytes / sizeof *values; j++) {
      values[j] = (float)random_between(&seed, -100, 100) / 256.0f;
    }
    pk_safetensors_put(&writer, tensor->name, values, tensor->dims, tensor->rank);
  }
  uint8_t *bytes = pk_safetensors_finish(&writer, size_bytes, &error);
  assert_non_null(bytes);
  pk_graph_deinit(&b.graph);
  return bytes;
}

static void test_trained_file(void **state) {
  (void)state;
  size_t size_bytes;
  uint8_t *bytes = make_file(&size_bytes);
  pk_graph graph;
  pk_error error = {0};
  const pk_trained_options options = {.batch = 2, .has_scores = true};
  pk_graph_init(&graph, limit_bytes);
  assert_true(pk_trained_to_graph(&graph, bytes, size_bytes, &options, &error));
  assert_int_equal(graph.ops[graph.op_count - 1].kind, PK_OP_SOFTMAX);
  assert_int_equal(graph.tensors[graph.inputs[0]].dims[0], 2);
  pk_graph_deinit(&graph);
  pk_lowered_graph lowered;
  assert_true(pk_import_model(&lowered, bytes, size_bytes, "hands.safetensors", &error));
  assert_string_equal(lowered.name, "hands");
  pk_lowered_graph_free(&lowered);
  free(bytes);
}

static void test_hostile_files(void **state) {
  (void)state;
  size_t size_bytes;
  uint8_t *bytes = make_file(&size_bytes);
  uint8_t *broken = malloc(size_bytes);
  uint32_t seed = 3;
  size_t refused = 0;
  assert_non_null(broken);
  for (int i = 0; i < 2000; i++) {
    size_t size = size_bytes;
    memcpy(broken, bytes, size_bytes);
    if (i % 2 == 0) {
      size = (size_t)random_between(&seed, 0, (int)size_bytes - 1);
    } else {
      const size_t header = 8 + mnw_load_u32(bytes);
      for (int j = 0; j < 4; j++) {
        broken[random_between(&seed, 0, (int)header - 1)] = (uint8_t)random_between(&seed, 0, 255);
      }
    }
    // Its own memory, so that a sanitizer sees what lies behind.
    uint8_t *exact = malloc(size + 1);
    pk_error error = {0};
    pk_lowered_graph lowered;
    assert_non_null(exact);
    memcpy(exact, broken, size);
    if (pk_import_model(&lowered, exact, size, "broken.safetensors", &error)) {
      pk_lowered_graph_free(&lowered);
    } else {
      assert_true(error.code == PK_BAD_MODEL || error.code == PK_UNSUPPORTED);
      assert_true(error.message[0] != '\0');
      refused++;
    }
    free(exact);
  }
  assert_true(refused > 1500);
  free(broken);
  free(bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_shapes_names_and_notes), cmocka_unit_test(test_shared_weights),
      cmocka_unit_test(test_refusals), cmocka_unit_test(test_trained_file),
      cmocka_unit_test(test_hostile_files)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
