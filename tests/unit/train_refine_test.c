// Refinement: losses and their gradients, and levels that learn what the float32 network answers.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
// cmocka needs those above
#include <cmocka.h>

#include "../../packer/compress/layer_statistics.h"
#include "../../packer/compress/share_weights.h"
#include "../../packer/train/class_loss.h"
#include "../../packer/train/refine.h"
#include "../../packer/train/refine_loss.h"
#include "float_graph.h"

enum { IN = 3, MIDDLE = 8, OUT = 4, SAMPLES = 60, LAYERS = 3, STEPS = 80 };

// conv 1x1 + relu -> depthwise 3x3 -> conv 1x1 -> softmax or not; coarse levels of its weights.
typedef struct bench {
  float_graph student;
  pk_graph original_graph;
  pk_diff_net net, original;
  pk_layer_list layers;
  pk_coded_weights weights;
  pk_sample_set samples;
} bench;

static void build_graph(float_graph *c, bool has_softmax) {
  float_graph_start(c, 5);
  const int32_t side = FLOAT_GRAPH_SIDE;
  const int32_t x = float_graph_tensor(c, "x", false, 4, 1, side, side, IN);
  const pk_op relu = float_graph_conv(PK_OP_CONV_2D, PK_ACTIVATION_RELU, 0);
  const pk_op depthwise = float_graph_conv(PK_OP_DEPTHWISE_CONV_2D, PK_ACTIVATION_NONE, 1);
  const pk_op linear = float_graph_conv(PK_OP_CONV_2D, PK_ACTIVATION_NONE, 0);
  const int32_t first = float_graph_layer(c, relu, x, 1, MIDDLE);
  const int32_t second = float_graph_layer(c, depthwise, first, 3, MIDDLE);
  const int32_t scores = float_graph_layer(c, linear, second, 1, OUT);
  int32_t y = scores;
  if (has_softmax) {
    y = float_graph_tensor(c, "y", false, 4, 1, side, side, OUT);
    pk_op softmax = {.kind = PK_OP_SOFTMAX};
    softmax.attributes.softmax.beta = 1.0f;
    float_graph_op(c, softmax, scores, -1, -1, y);
  }
  float_graph_finish(c, x, y);
}

// Three levels to either side of 0; the first weight of each layer is pruned.
static void round_coarsely(bench *b) {
  for (size_t i = 0; i < LAYERS; i++) {
    pk_layer *layer = &b->layers.items[i];
    const size_t count = pk_layer_elements(layer);
    const int32_t bias = b->student.graph.ops[layer->op].inputs[PK_INPUT_BIAS];
    float largest = 0.0f;
    for (size_t j = 0; j < count; j++) largest = fmaxf(largest, fabsf(layer->weights[j]));
    layer->is_pruned = calloc(count, sizeof(bool));
    layer->is_pruned[0] = true;
    b->weights.grids[i] = (pk_grid){.step = largest / 3.0f};
    for (size_t j = 1; j < count; j++) {
      b->weights.levels[i][j] = (int8_t)rintf(layer->weights[j] / b->weights.grids[i].step);
    }
    memcpy(b->weights.biases[i], b->net.constants[bias], pk_layer_outputs(layer) * sizeof(float));
  }
  pk_coded_weights_to_net(&b->net, &b->weights);
}

static void open_bench(bench *b, bool has_softmax) {
  pk_error *error = &b->student.error;
  build_graph(&b->student, has_softmax);
  assert_true(pk_graph_copy(&b->original_graph, &b->student.graph, error));
  assert_true(pk_diff_net_init(&b->original, &b->original_graph, error));
  assert_true(pk_diff_net_init(&b->net, &b->student.graph, error));
  assert_true(pk_layer_list_init(&b->layers, &b->net, true, error));
  assert_int_equal(b->layers.count, LAYERS);
  assert_true(pk_coded_weights_init(&b->weights, &b->layers, error));
  float_graph_samples(&b->samples, SAMPLES, IN, 3);
  round_coarsely(b);
}

static void close_bench(bench *b) {
  pk_sample_set_free(&b->samples);
  pk_coded_weights_deinit(&b->weights);
  pk_layer_list_deinit(&b->layers);
  pk_diff_net_deinit(&b->net);
  pk_diff_net_deinit(&b->original);
  pk_graph_deinit(&b->original_graph);
  float_graph_end(&b->student);
}

static pk_refinement refine(bench *b, size_t steps) {
  pk_refine_options options = {
      .steps = steps, .batch = 16, .rate = 0.03f, .temperature = 2.0f, .seed = 7};
  const pk_refine_subject subject = {
      .net = &b->net, .weights = &b->weights, .original = &b->original, .samples = &b->samples};
  pk_refinement told = {0};
  assert_true(pk_refine(&options, &subject, &told, &b->student.error));
  assert_int_equal(told.steps, steps);
  return told;
}

static void check_learning(bool has_softmax) {
  bench first, second;
  open_bench(&first, has_softmax);
  open_bench(&second, has_softmax);
  const float step = first.weights.grids[0].step;
  const pk_refinement told = refine(&first, STEPS), again = refine(&second, STEPS);
  assert_true(told.held_before > 0.0);
  assert_true(told.held_after < 0.7 * told.held_before);
  assert_true(told.held_after == again.held_after);
  assert_true(first.weights.grids[0].step != step);
  size_t changed = 0;
  for (size_t i = 0; i < LAYERS; i++) {
    const pk_layer *layer = &first.layers.items[i];
    assert_int_equal(first.weights.levels[i][0], 0);
    assert_memory_equal(first.weights.levels[i], second.weights.levels[i],
                        pk_layer_elements(layer));
    assert_memory_equal(first.weights.biases[i], second.weights.biases[i],
                        pk_layer_outputs(layer) * sizeof(float));
    for (size_t j = 1; j < layer->k; j++) {
      const float value = first.net.constants[layer->weights_tensor][pk_layer_index(layer, 0, j)];
      const float level = (float)first.weights.levels[i][j];
      assert_true(value == level * pk_output_step(layer, 0, first.weights.grids[i].step));
      changed += level != rintf(layer->weights[j] / first.weights.grids[i].step);
    }
  }
  assert_true(changed > 0);
  close_bench(&first);
  close_bench(&second);
}

static void test_classes(void **state) {
  (void)state;
  check_learning(true);
}

static void test_values(void **state) {
  (void)state;
  check_learning(false);
}

static size_t different_levels(const int8_t *levels, size_t count) {
  bool is_there[256] = {false};
  size_t found = 0;
  for (size_t i = 0; i < count; i++) {
    found += !is_there[levels[i] + 128];
    is_there[levels[i] + 128] = true;
  }
  return found;
}

// Weights that share a value go on sharing it, and the values, too small at first, learn.
static void test_shared_values(void **state) {
  (void)state;
  enum { VALUES = 5 };
  static const size_t sizes[] = {VALUES};
  bench b;
  open_bench(&b, true);
  int8_t before[LAYERS][MIDDLE * 9];
  for (size_t i = 0; i < LAYERS; i++) {
    pk_layer *layer = &b.layers.items[i];
    pk_grid *grid = &b.weights.grids[i];
    const size_t count = pk_layer_elements(layer);
    *grid = (pk_grid){.step = pk_sharing_step(layer)};
    assert_true(pk_share_weights(&grid->shared, sizes, 1, layer, grid->step, &b.student.error));
    for (size_t v = 0; v < grid->shared.count; v++) {
      grid->shared.items[v] = (int8_t)(4 * grid->shared.items[v] / 5);
    }
    for (size_t j = 1; j < count; j++) {
      b.weights.levels[i][j] = (int8_t)pk_grid_level(grid, layer->weights[j] / grid->step);
    }
    memcpy(before[i], b.weights.levels[i], count);
  }
  pk_coded_weights_to_net(&b.net, &b.weights);
  const float step = b.weights.grids[0].step;
  const pk_refinement told = refine(&b, STEPS);
  assert_true(told.held_after < 0.5 * told.held_before);
  assert_true(b.weights.grids[0].step == step);
  size_t moved = 0;
  for (size_t i = 0; i < LAYERS; i++) {
    const int8_t *after = b.weights.levels[i];
    const pk_shared_levels *shared = &b.weights.grids[i].shared;
    const size_t count = pk_layer_elements(&b.layers.items[i]);
    assert_int_equal(after[0], 0);  // pruned
    assert_in_range(different_levels(after + 1, count - 1), 2, VALUES);
    for (size_t j = 1; j < count; j++) {
      moved += after[j] != before[i][j];
      assert_int_equal(after[j], shared->items[pk_nearest_shared(shared, (float)after[j])]);
      for (size_t l = 1; l < j; l++) {
        if (before[i][l] == before[i][j]) assert_int_equal(after[l], after[j]);
      }
    }
  }
  assert_true(moved > 0);
  close_bench(&b);
}

// What is held back decides: weights that are as good as they can be stay as they are.
static void test_nothing_to_gain(void **state) {
  (void)state;
  bench b;
  open_bench(&b, true);
  pk_diff_net *net = &b.net;
  for (size_t i = 0; i < net->tensor_count; i++) {
    if (!net->constants[i]) continue;
    memcpy(b.original.constants[i], net->constants[i], net->elements[i] * sizeof(float));
  }
  int8_t levels[MIDDLE * IN];
  memcpy(levels, b.weights.levels[0], sizeof levels);
  const pk_refinement told = refine(&b, 12);
  assert_true(told.held_before < 1e-10 && told.held_after <= told.held_before);
  assert_memory_equal(levels, b.weights.levels[0], sizeof levels);
  close_bench(&b);
}

static void test_too_few_samples(void **state) {
  (void)state;
  bench b;
  open_bench(&b, true);
  b.samples.count = 4;
  pk_refine_options options = {.steps = 1, .batch = 2, .temperature = 1.0f};
  const pk_refine_subject subject = {
      .net = &b.net, .weights = &b.weights, .original = &b.original, .samples = &b.samples};
  pk_refinement told = {0};
  assert_false(pk_refine(&options, &subject, &told, &b.student.error));
  assert_int_equal(b.student.error.code, PK_USAGE);
  assert_non_null(strstr(b.student.error.message, "too few samples"));
  b.samples.count = SAMPLES;
  close_bench(&b);
}

static double loss_of(bench *b, const pk_refine_loss *loss, const pk_diff_tape *teacher) {
  pk_diff_tape tape;
  double sum = 0.0;
  pk_error *error = &b->student.error;
  assert_true(pk_diff_tape_init(&tape, &b->net, error));
  assert_true(pk_sample_run(&tape, b->samples.items[0].bytes, error));
  assert_true(pk_refine_loss_add(&sum, loss, &tape, teacher, 0.0f, error));
  pk_diff_tape_deinit(&tape);
  return sum;
}

static void check_gradient(bool has_softmax) {
  bench b;
  pk_refine_loss loss;
  pk_diff_tape tape, teacher;
  double sum = 0.0;
  open_bench(&b, has_softmax);
  pk_error *error = &b.student.error;
  assert_true(pk_refine_loss_init(&loss, &b.net, &b.original, 2.0f, error));
  assert_true(pk_diff_tape_init(&teacher, &b.original, error));
  assert_true(pk_diff_tape_init(&tape, &b.net, error));
  const uint8_t *sample = b.samples.items[0].bytes;
  assert_true(pk_sample_run(&teacher, sample, error));
  assert_true(pk_sample_run(&tape, sample, error));
  pk_refine_loss_see_range(&loss, &teacher);
  assert_true(pk_refine_loss_add(&sum, &loss, &tape, &teacher, 1.0f, error));
  assert_true(pk_diff_backward(&tape, error));
  const int32_t bias = b.student.graph.ops[2].inputs[PK_INPUT_BIAS];
  for (size_t i = 0; i < OUT; i++) {
    const float kept = b.net.constants[bias][i], h = 0.01f;
    b.net.constants[bias][i] = kept + h;
    const double above = loss_of(&b, &loss, &teacher);
    b.net.constants[bias][i] = kept - h;
    const double below = loss_of(&b, &loss, &teacher);
    b.net.constants[bias][i] = kept;
    const double wanted = (above - below) / (2.0 * (double)h);
    assert_true(fabs((double)tape.grads[bias][i] - wanted) < 1e-3 * fmax(1.0, fabs(wanted)));
  }
  pk_diff_tape_deinit(&tape);
  pk_diff_tape_deinit(&teacher);
  pk_refine_loss_deinit(&loss);
  close_bench(&b);
}

static void test_gradients(void **state) {
  (void)state;
  check_gradient(true);
  check_gradient(false);
}

static void test_divergence(void **state) {
  (void)state;
  const float same[3] = {1.0f, -2.0f, 0.5f}, other[3] = {0.0f, 1.0f, 0.0f};
  float gradient[3] = {0};
  assert_true(fabsf(pk_class_divergence_row(gradient, same, same, 3, 2.0f, 1.0f)) < 1e-6f);
  for (size_t i = 0; i < 3; i++) assert_true(fabsf(gradient[i]) < 1e-6f);
  assert_true(pk_class_divergence_row(NULL, other, same, 3, 2.0f, 1.0f) > 0.1f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_classes),         cmocka_unit_test(test_values),
      cmocka_unit_test(test_shared_values),   cmocka_unit_test(test_nothing_to_gain),
      cmocka_unit_test(test_too_few_samples), cmocka_unit_test(test_gradients),
      cmocka_unit_test(test_divergence),
  };
  return cmocka_run_group_tests_name("train_refine", tests, NULL, NULL);
}
