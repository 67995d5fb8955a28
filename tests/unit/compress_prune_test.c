// Pruning: shares and blocks of weights, and what the others make up for.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
// cmocka needs those above
#include <cmocka.h>

#include "../../packer/compress/channel_damage.h"
#include "../../packer/compress/error_feedback.h"
#include "../../packer/compress/prune_weights.h"
#include "layer_sample.h"

enum { LAYERS = 4 };

// A first layer, one to prune, a depthwise one, another to prune.
static void make_layers(pk_layer layers[LAYERS], pk_layer_list *list) {
  for (uint32_t i = 0; i < LAYERS; i++) layers[i] = layer_sample(20 + i);
  layers[2].is_depthwise = true;
  *list = (pk_layer_list){.items = layers, .count = LAYERS};
}

static void free_layers(pk_layer layers[LAYERS]) {
  for (size_t i = 0; i < LAYERS; i++) layer_sample_free(&layers[i]);
}

static size_t pruned_in(const pk_layer *layer) {
  size_t pruned = 0;
  for (size_t i = 0; layer->is_pruned && i < pk_layer_elements(layer); i++) {
    pruned += layer->is_pruned[i];
  }
  return pruned;
}

static void test_share_is_exact(void **state) {
  (void)state;
  const pk_prune_rule rules[] = {PK_PRUNE_OBS, PK_PRUNE_SENSITIVITY, PK_PRUNE_MAGNITUDE};
  for (size_t i = 0; i < 3; i++) {
    pk_layer layers[LAYERS];
    pk_layer_list list;
    pk_weight_pruning pruning;
    pk_error error = {0};
    make_layers(layers, &list);
    const pk_prune_options options = {.share = 0.37, .rule = rules[i]};
    assert_true(pk_prune_weights(&list, &pruning, &options, &error));
    const size_t total = 2 * pk_layer_elements(&layers[1]);
    assert_int_equal(pruning.total, total);
    assert_int_equal(pruning.pruned, lrint(0.37 * (double)total));
    assert_int_equal(pruned_in(&layers[1]) + pruned_in(&layers[3]), pruning.pruned);
    assert_null(layers[0].is_pruned);
    assert_null(layers[2].is_pruned);
    free_layers(layers);
  }
}

// By magnitude no pruned weight is larger than one that stays; a layer ten times as large is told
// to be equally important.
static void test_magnitudes(void **state) {
  (void)state;
  pk_layer layers[LAYERS];
  pk_layer_list list;
  pk_weight_pruning pruning;
  pk_error error = {0};
  make_layers(layers, &list);
  memcpy(layers[3].weights, layers[1].weights, pk_layer_elements(&layers[1]) * sizeof(float));
  for (size_t i = 0; i < pk_layer_elements(&layers[3]); i++) layers[3].weights[i] *= 16.0f;
  const pk_prune_options options = {.share = 0.5, .rule = PK_PRUNE_MAGNITUDE};
  assert_true(pk_prune_weights(&list, &pruning, &options, &error));
  float pruned = 0.0f, kept = INFINITY;
  for (size_t i = 0; i < pk_layer_elements(&layers[1]); i++) {
    const float size = fabsf(layers[1].weights[i]);
    if (layers[1].is_pruned[i]) pruned = fmaxf(pruned, size);
    if (!layers[1].is_pruned[i]) kept = fminf(kept, size);
  }
  assert_true(pruned <= kept);
  assert_true(pruned_in(&layers[1]) + 1 >= pruned_in(&layers[3]));
  assert_true(pruned_in(&layers[3]) + 1 >= pruned_in(&layers[1]));
  free_layers(layers);
}

// A layer that came with many zeros keeps them; a few are nobody's doing.
static void test_zeros_that_came_stay(void **state) {
  (void)state;
  pk_layer layers[LAYERS];
  pk_layer_list list;
  pk_error error = {0};
  make_layers(layers, &list);
  const size_t elements = pk_layer_elements(&layers[1]);
  for (size_t i = 0; i < elements; i++) {
    if (i % 2 == 0) layers[1].weights[i] = 0.0f;
    if (i % 10 == 0) layers[3].weights[i] = 0.0f;
  }
  assert_true(pk_prune_keep_zeros(&list, &error));
  assert_null(layers[3].is_pruned);
  assert_non_null(layers[1].is_pruned);
  for (size_t i = 0; i < elements; i++) assert_int_equal(layers[1].is_pruned[i], i % 2 == 0);
  free_layers(layers);
}

static void test_blocks_are_whole(void **state) {
  (void)state;
  enum { BLOCK = 5 };  // the last block of LAYER_ROWS is smaller
  pk_layer layers[LAYERS];
  pk_layer_list list;
  pk_weight_pruning pruning;
  pk_error error = {0};
  make_layers(layers, &list);
  const pk_prune_options options = {.share = 0.4, .block = BLOCK};
  assert_true(pk_prune_weights(&list, &pruning, &options, &error));
  assert_true((double)pruning.pruned <= 0.4 * (double)pruning.total + 0.5);
  assert_true((double)(pruning.pruned + BLOCK) > 0.4 * (double)pruning.total);
  for (size_t l = 1; l < LAYERS; l += 2) {
    const size_t k = layers[l].k;
    assert_true(pruned_in(&layers[l]) > 0);
    for (size_t i = 0; i < pk_layer_elements(&layers[l]); i++) {
      const size_t first = i / k / BLOCK * BLOCK;
      assert_int_equal(layers[l].is_pruned[i], layers[l].is_pruned[first * k + i % k]);
    }
  }
  free_layers(layers);
}

// Masked places are 0 in the levels, and the others make up for them.
static void test_compensation(void **state) {
  (void)state;
  enum { ELEMENTS = LAYER_ROWS * LAYER_K };
  pk_layer layers[LAYERS];
  pk_layer_list list;
  pk_weight_pruning pruning;
  pk_error error = {0};
  pk_feedback feedback;
  int8_t levels[ELEMENTS], masked[ELEMENTS];
  const float step = 0.02f;
  make_layers(layers, &list);
  const pk_layer *layer = &layers[1];
  assert_true(pk_layer_suits_trellis(layer));
  assert_true(pk_prune_weights(&list, &pruning, &(pk_prune_options){.share = 0.5}, &error));
  assert_false(pk_layer_suits_trellis(layer));
  assert_true(pk_feedback_init(&feedback, layer, &error));
  const double told = pk_feedback_round(levels, layer, &feedback, &(pk_grid){.step = step});
  for (size_t i = 0; i < ELEMENTS; i++) {
    const float nearest = rintf(layer->weights[i] / pk_output_step(layer, i / LAYER_K, step));
    masked[i] = (int8_t)(layer->is_pruned[i] ? 0.0f : nearest);
    if (layer->is_pruned[i]) assert_int_equal(levels[i], 0);
  }
  const double measured = layer_sample_cost(layer, levels, step);
  assert_true(fabs(told - measured) < 0.02 * measured);
  assert_true(measured < 0.5 * layer_sample_cost(layer, masked, step));
  pk_feedback_deinit(&feedback);
  free_layers(layers);
}

// Weights on the products that stay make up best: less cost than without, the mean output stays,
// and no small change of them is better.
static void test_refit(void **state) {
  (void)state;
  pk_layer layer = layer_sample(31);
  float weights[LAYER_ROWS * LAYER_K], bias[LAYER_ROWS] = {0};
  bool is_gone[LAYER_K];
  pk_error error = {0};
  double before = 0.0, after = 0.0;
  for (size_t j = 0; j < LAYER_K; j++) {
    is_gone[j] = j % 3 == 0;
    layer.mean[j] = (float)j / LAYER_K;
  }
  memcpy(weights, layer.weights, sizeof weights);
  assert_true(pk_refit_rows(weights, bias, &layer, is_gone, &error));
  for (size_t o = 0; o < LAYER_ROWS; o++) {
    double moved[LAYER_K], masked[LAYER_K], mean = (double)bias[o], gradient = 0.0;
    for (size_t j = 0; j < LAYER_K; j++) {
      const double weight = (double)layer.weights[o * LAYER_K + j];
      if (is_gone[j]) assert_true(weights[o * LAYER_K + j] == 0.0f);
      moved[j] = (double)weights[o * LAYER_K + j] - weight;
      masked[j] = is_gone[j] ? -weight : 0.0;
      mean += moved[j] * (double)layer.mean[j];
    }
    assert_true(fabs(mean) < 1e-4);
    after += layer_sample_form(&layer, moved);
    before += layer_sample_form(&layer, masked);
    for (size_t j = 0; j < LAYER_K; j++) {
      gradient += moved[j] * (double)layer.covariance[j * LAYER_K + 1];
    }
    assert_true(fabs(gradient) < 0.02);  // 0 but for the damping: product 1 stays
  }
  assert_true(after < 0.3 * before);
  layer_sample_free(&layer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_share_is_exact),       cmocka_unit_test(test_magnitudes),
      cmocka_unit_test(test_zeros_that_came_stay), cmocka_unit_test(test_blocks_are_whole),
      cmocka_unit_test(test_compensation),         cmocka_unit_test(test_refit),
  };
  return cmocka_run_group_tests_name("compress_prune", tests, NULL, NULL);
}
