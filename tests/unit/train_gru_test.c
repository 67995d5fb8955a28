// Gated recurrent units in recipes: shapes, gradients, a task of order, and the same answers from
// the trained file, the runtime and the package.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// cmocka needs those above
#include <cmocka.h>

#include "../../packer/compress/channel_levels.h"
#include "../../packer/compress/quality.h"
#include "../../packer/import/graph_passes.h"
#include "../../packer/import/network/trained_model.h"
#include "../../packer/pk_random.h"
#include "../../packer/train/data_samples.h"
#include "../../packer/train/pack_trained.h"
#include "../../packer/train/trained_file.h"
#include "test_folder.h"
#include "train_bench.h"
#include "train_case.h"

enum { SIDE = 12, CLASSES = 2, PICTURES = 400, EPOCHS = 12 };
static const size_t limit_bytes = 64 << 20;

static void test_gradients(void **state) {
  (void)state;
  train_bench_check_gradients("[4, 3]", "{\"gru\": 5}, {\"dense\": 3}");
  train_bench_check_gradients("[4, 2, 2]",
                              "{\"conv\": 3, \"activation\": \"tanh\"},"
                              "{\"gru\": 4, \"returns\": \"all\", \"dropout\": 0.2},"
                              "{\"gru\": 3, \"activation\": \"swish\"}, {\"dense\": 3}");
  train_bench_check_gradients(
      "[4, 1, 4]",
      "{\"gru\": 4, \"name\": \"a\", \"returns\": \"all\"},"
      "{\"residual\": [{\"gru\": 4, \"like\": \"a\", \"returns\": \"all\"}]},"
      "{\"pool\": \"mean\"}, {\"dense\": 3, \"norm\": true}");
}

static void test_shapes(void **state) {
  (void)state;
  train_bench b;
  train_bench_open(&b, "[6, 2, 3]",
                   "{\"gru\": 5, \"returns\": \"all\", \"name\": \"listen\"},"
                   "{\"conv\": 4, \"kernel\": [3, 1]}, {\"gru\": 7}, {\"dense\": 3}");
  const int32_t all[] = {TRAIN_BENCH_BATCH, 6, 1, 5}, last[] = {TRAIN_BENCH_BATCH, 7};
  const int32_t weights[] = {1, 15, 6}, recurrent[] = {1, 15, 5}, bias[] = {1, 30};
  const pk_op *first = NULL;
  for (size_t i = 0; i < b.graph.op_count; i++) {
    const pk_op *op = &b.graph.ops[i];
    if (op->kind == PK_OP_RECURRENT && !first) first = op;
    const pk_tensor *x = op->inputs ? pk_op_input(&b.graph, op, 0) : NULL;
    if (op->kind == PK_OP_CONV_2D) assert_memory_equal(x->dims, all, sizeof all);
    if (op->kind == PK_OP_FULLY_CONNECTED) assert_memory_equal(x->dims, last, sizeof last);
  }
  assert_non_null(first);
  assert_string_equal(pk_op_input(&b.graph, first, 1)->name, "listen.weights");
  assert_memory_equal(pk_op_input(&b.graph, first, 1)->dims, weights, sizeof weights);
  assert_string_equal(pk_op_input(&b.graph, first, 2)->name, "listen.recurrent");
  assert_memory_equal(pk_op_input(&b.graph, first, 2)->dims, recurrent, sizeof recurrent);
  assert_string_equal(pk_op_input(&b.graph, first, 3)->name, "listen.bias");
  assert_memory_equal(pk_op_input(&b.graph, first, 3)->dims, bias, sizeof bias);
  train_bench_close(&b);
}

// Each gate's recurrent weights begin as a rotation, or a mirrored one.
static void test_start(void **state) {
  (void)state;
  enum { UNITS = 9, SQUARE = UNITS * UNITS };
  train_bench b;
  train_bench_open(&b, "[6, 3]", "{\"gru\": 9}, {\"dense\": 3}");
  pk_parameters_start(b.values, &b.parameters, &b.graph, 11);
  const pk_parameter *p = &b.parameters.items[1];
  assert_string_equal(p->name, "0.recurrent");
  assert_int_equal(p->count, 3 * SQUARE);
  for (size_t at = p->offset; at < p->offset + p->count; at += SQUARE) {
    for (size_t i = 0; i < UNITS; i++) {
      for (size_t j = 0; j < UNITS; j++) {
        double product = 0.0;
        for (size_t k = 0; k < UNITS; k++) {
          product += (double)b.values[at + i * UNITS + k] * (double)b.values[at + j * UNITS + k];
        }
        assert_true(fabs(product - (i == j ? 1.0 : 0.0)) < 1e-5);
      }
    }
  }
  train_bench_close(&b);
}

// --- which of two marks comes first ---

static void mark(uint8_t *pixels, uint32_t side, uint32_t row, bool is_right) {
  for (uint32_t x = 0; x < side / 2; x++) pixels[row * side + x + (is_right ? side / 2 : 0)] += 150;
}

// Two rows of noise are marked, one on the left, one on the right: the left one comes first in
// class 0. Without their order both classes are the same.
static void draw(uint8_t *pixels, uint32_t side, int32_t label, uint32_t index) {
  pk_random random = pk_random_of((uint64_t)label + 1, index);
  const uint32_t first = (uint32_t)pk_random_below(&random, side - 1);
  const uint32_t second = first + 1 + (uint32_t)pk_random_below(&random, side - 1 - first);
  for (uint32_t i = 0; i < side * side; i++) pixels[i] = (uint8_t)pk_random_below(&random, 80);
  mark(pixels, side, first, label == 1);
  mark(pixels, side, second, label == 0);
}

static void open_case(train_case *c, const char *layers) {
  char network[512], training[128];
  snprintf(network, sizeof network, "{'input': [12, 12, 1], 'layers': [%s]}", layers);
  snprintf(training, sizeof training,
           "{'epochs': %d, 'batch': 32, 'rate': 0.02, 'average': 0.95, 'weightDecay': 0}", EPOCHS);
  train_case_write_data(SIDE, CLASSES, PICTURES, draw);
  train_case_write_recipe(network, training);
  train_case_open(c, NULL);
  train_case_train(c, 0, EPOCHS);
}

// Class scores of the test part: by the tape on the trained file's graph, and by the runtime.
static void compare_with_runtime(pk_graph *graph, const pk_sample_set *set) {
  pk_diff_net net;
  pk_diff_tape tape;
  pk_answers answers = {0};
  pk_error error = {0};
  assert_true(pk_diff_net_init(&net, graph, &error));
  assert_true(pk_diff_tape_init(&tape, &net, &error));
  if (!pk_answers_make(&answers, graph, set, 1 << 20, &error)) fail_msg("%s", error.message);
  assert_int_equal(answers.values_each, CLASSES);
  for (size_t i = 0; i < set->count; i++) {
    assert_true(pk_diff_set_input(&tape, 0, set->items[i].bytes, &error));
    assert_true(pk_diff_forward(&tape, &error));
    const float *scores = pk_diff_value(&tape, graph->outputs[0]);
    for (size_t j = 0; j < CLASSES; j++) {
      assert_true(fabsf(scores[j] - answers.values[i * CLASSES + j]) < 1e-5f);
    }
  }
  pk_answers_free(&answers);
  pk_diff_tape_deinit(&tape);
  pk_diff_net_deinit(&net);
}

// Levels of a step for each row, at most half a step off; what is no recurrent weight stays.
static void test_levels(void **state) {
  (void)state;
  enum { UNITS = 9, INPUTS = 3, ROWS = 3 * UNITS };
  train_bench b;
  pk_error error = {0};
  pk_random random = {8};
  size_t constants, numbers, rounded = 0;
  train_bench_open(&b, "[6, 3]", "{\"gru\": 9, \"name\": \"a\"}, {\"dense\": 3}");
  const pk_graph *before = &b.graph;
  for (size_t i = 0; i < before->tensor_count; i++) {
    float *values = (float *)(uintptr_t)before->tensors[i].data;
    const size_t count = before->tensors[i].data_bytes / sizeof *values;
    for (size_t j = 0; values && j < count; j++) values[j] = (float)pk_random_normal(&random);
  }
  pk_graph graph = {0};
  assert_true(pk_graph_copy(&graph, before, &error));
  assert_true(pk_recurrent_levels(&graph, &constants, &numbers, PK_LEVEL_MAX, &error));
  for (size_t i = 0; i < before->tensor_count; i++) {
    const float *old = (const float *)(const void *)before->tensors[i].data;
    const pk_tensor *now = &graph.tensors[i];
    const char *name = before->tensors[i].name;
    if (strcmp(name, "a.weights") != 0 && strcmp(name, "a.recurrent") != 0) {
      assert_int_equal(now->dtype, before->tensors[i].dtype);
      assert_int_equal(now->data_bytes, before->tensors[i].data_bytes);
      if (now->data) assert_memory_equal(now->data, old, now->data_bytes);
      continue;
    }
    assert_int_equal(now->quantization.count, ROWS);
    assert_int_equal(now->dtype, PK_DTYPE_S8);
    for (size_t j = 0; j < now->data_bytes; j++) {
      const float step = now->quantization.scales[j / (now->data_bytes / ROWS)];
      assert_true(fabsf((float)(int8_t)now->data[j] * step - old[j]) <= 0.501f * step);
    }
    rounded++;
  }
  assert_int_equal(rounded, 2);
  assert_int_equal(constants, 2);
  assert_int_equal(numbers, ROWS * (INPUTS + UNITS));
  pk_graph_deinit(&graph);
  train_bench_close(&b);
}

static size_t recurrent_weights(const uint8_t *bytes, size_t size_bytes) {
  const pk_trained_options options = {.batch = 1};
  pk_graph graph;
  pk_error error = {0};
  size_t count = 0;
  pk_graph_init(&graph, limit_bytes);
  assert_true(pk_trained_to_graph(&graph, bytes, size_bytes, &options, &error));
  for (size_t i = 0; i < graph.op_count; i++) {
    if (graph.ops[i].kind != PK_OP_RECURRENT) continue;
    for (int j = 1; j <= 2; j++) {
      count += (size_t)pk_tensor_elements(pk_op_input(&graph, &graph.ops[i], j));
    }
  }
  pk_graph_deinit(&graph);
  return count;
}

static void check_package(train_case *c, const uint8_t *bytes, size_t size_bytes) {
  pk_packed_model packed;
  pk_error error = {0};
  char path[TEST_PATH_BYTES];
  test_folder_path(path, "model.safetensors");
  test_file_write(path, bytes, size_bytes);
  if (!pk_pack_trained(&packed, path, &c->recipe, c->session.data, PK_DATA_TEST, NULL, &error)) {
    fail_msg("%s", error.message);
  }
  const size_t weights = recurrent_weights(bytes, size_bytes);
  const size_t plain = pk_manifest_shard_totals(&packed.package.manifest).plain;
  print_message(
      "packed: %.1f %%, before %.1f %%; %zu bytes for %zu recurrent and %zu other weights\n",
      packed.accuracy, packed.float_accuracy, plain, weights, packed.report.weight_count);
  assert_true(packed.float_accuracy >= 97.0);
  assert_true(packed.accuracy >= packed.float_accuracy - 2.0);
  assert_true(packed.agreement >= 98.0);
  // In float32 they alone would take four bytes each.
  if (weights > 4000) assert_true(plain < 2 * weights);
  pk_packed_model_free(&packed);
}

static void check_order(const char *layers) {
  static train_case c;
  const pk_trained_options options = {.batch = 1, .has_scores = true};
  pk_sample_set set = {0};
  pk_graph graph;
  pk_error error = {0};
  size_t size_bytes = 0;
  open_case(&c, layers);
  const double accuracy = train_case_accuracy(&c, PK_DATA_TEST);
  if (accuracy < 0.97) fail_msg("%s: %.3f", layers, accuracy);
  uint8_t *bytes = pk_trained_bytes(&c.session, &size_bytes, &error);
  assert_non_null(bytes);
  pk_graph_init(&graph, limit_bytes);
  assert_true(pk_trained_to_graph(&graph, bytes, size_bytes, &options, &error));
  if (!pk_graph_prepare(&graph, NULL, &error)) fail_msg("%s", error.message);
  assert_true(
      pk_data_samples(&set, c.session.data, PK_DATA_TEST, SIZE_MAX, &c.session.manifest, &error));
  compare_with_runtime(&graph, &set);
  check_package(&c, bytes, size_bytes);
  pk_sample_set_free(&set);
  pk_graph_deinit(&graph);
  free(bytes);
  train_case_close(&c);
}

static void test_last_step(void **state) {
  (void)state;
  check_order("{'gru': 12}, {'dense': 2}");
}

static void test_package_is_small(void **state) {
  (void)state;
  check_order("{'gru': 32}, {'dense': 2}");
}

static void test_all_steps(void **state) {
  (void)state;
  check_order(
      "{'reshape': [12, 12]}, {'gru': 12, 'returns': 'all'},"
      "{'conv': 8, 'kernel': [3, 1], 'activation': 'relu'}, {'gru': 8}, {'dense': 2}");
}

// The task needs a network that knows what came before: the mean over all rows does not.
static void test_without_order(void **state) {
  (void)state;
  static train_case c;
  open_case(&c,
            "{'reshape': [12, 1, 12]}, {'conv': 24, 'activation': 'relu'}, {'pool': 'mean'},"
            "{'dense': 16, 'activation': 'relu'}, {'dense': 2}");
  assert_true(train_case_accuracy(&c, PK_DATA_TEST) < 0.7);
  train_case_close(&c);
}

static void test_refusals(void **state) {
  static const struct {
    const char *layers, *message;
  } cases[] = {
      {"{'dense': 4}, {'gru': 4}, {'dense': 2}", "layers.1.gru must be behind something"},
      {"{'gru': 0}, {'dense': 2}", "layers.0.gru must be a whole number"},
      {"{'gru': 4, 'returns': 'first'}, {'dense': 2}", "layers.0.returns must be last or"},
      {"{'gru': 4, 'norm': true}, {'dense': 2}", "layers.0.norm must be left out"},
      {"{'gru': 4, 'name': 'a'}, {'reshape': [2, 2]}, {'gru': 4, 'like': 'a'}, {'dense': 2}",
       "layers.2.like"}};
  static train_case c;
  pk_error error;
  (void)state;
  train_case_write_data(SIDE, CLASSES, PICTURES, draw);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char network[512];
    snprintf(network, sizeof network, "{'input': [12, 12, 1], 'layers': [%s]}", cases[i].layers);
    train_case_write_recipe(network, "{'epochs': 1, 'batch': 32}");
    assert_false(train_case_try_open(&c, NULL, &error));
    assert_int_equal(error.code, PK_USAGE);
    if (!strstr(error.message, cases[i].message)) fail_msg("%s", error.message);
    train_case_close(&c);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_gradients), cmocka_unit_test(test_shapes),
      cmocka_unit_test(test_start),     cmocka_unit_test(test_levels),
      cmocka_unit_test(test_last_step), cmocka_unit_test(test_package_is_small),
      cmocka_unit_test(test_all_steps), cmocka_unit_test(test_without_order),
      cmocka_unit_test(test_refusals)};
  return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
