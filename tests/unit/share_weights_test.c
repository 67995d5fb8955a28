// Weight sharing: the clusters against all others, rounding to shared values, and the choice.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
// cmocka needs those above
#include <cmocka.h>

#include "../../packer/compress/share_weights.h"
#include "../../packer/compress/step_choice.h"
#include "layer_sample.h"

enum { ELEMENTS = LAYER_ROWS * LAYER_K };

static double cost_of(const pk_layer *layer, size_t at) {
  const size_t o = at / LAYER_K, j = at % LAYER_K;
  return (double)layer->sensitivity[o] * (double)layer->covariance[j * LAYER_K + j];
}

static double sharing_cost(const pk_layer *layer, float step, const double *values, size_t count) {
  double sum = 0.0;
  for (size_t i = 0; i < ELEMENTS; i++) {
    double least = INFINITY;
    for (size_t v = 0; v < count; v++) {
      least = fmin(least, pow((double)(layer->weights[i] / step) - values[v], 2.0));
    }
    sum += cost_of(layer, i) * least;
  }
  return sum;
}

// Lloyd's descent from many starts: none may find better clusters than were found.
static double best_of_descents(const pk_layer *layer, float step, size_t count) {
  double best = INFINITY;
  for (uint32_t start = 0; start < 40; start++) {
    double values[16];
    uint32_t random = 77 * start + 1;
    for (size_t v = 0; v < count; v++) {
      random = random * 1664525u + 1013904223u;
      values[v] = (double)(layer->weights[random % ELEMENTS] / step);
    }
    for (int round = 0; round < 60; round++) {
      double mass[16] = {0}, moment[16] = {0};
      for (size_t i = 0; i < ELEMENTS; i++) {
        const double value = (double)(layer->weights[i] / step);
        size_t nearest = 0;
        for (size_t v = 1; v < count; v++) {
          if (fabs(value - values[v]) < fabs(value - values[nearest])) nearest = v;
        }
        mass[nearest] += cost_of(layer, i);
        moment[nearest] += cost_of(layer, i) * value;
      }
      for (size_t v = 0; v < count; v++) {
        if (mass[v] > 0.0) values[v] = moment[v] / mass[v];
      }
    }
    best = fmin(best, sharing_cost(layer, step, values, count));
  }
  return best;
}

static void test_best_clusters(void **state) {
  (void)state;
  const size_t sizes[] = {2, 3, 5, 8, 16};
  enum { SIZES = sizeof sizes / sizeof *sizes };
  pk_shared_levels shared[SIZES];
  pk_error error = {0};
  pk_layer layer = layer_sample(8);
  const float step = pk_sharing_step(&layer);
  assert_true(pk_share_weights(shared, sizes, SIZES, &layer, step, &error));
  double before = INFINITY;
  for (size_t i = 0; i < SIZES; i++) {
    double values[16];
    assert_int_equal(shared[i].count, sizes[i]);
    for (size_t v = 0; v < sizes[i]; v++) values[v] = shared[i].items[v];
    for (size_t v = 1; v < sizes[i]; v++) assert_true(values[v] > values[v - 1]);
    const double cost = sharing_cost(&layer, step, values, sizes[i]);
    // Means are rounded to levels, and weights were sorted into parts of a step.
    assert_true(cost < 1.02 * best_of_descents(&layer, step, sizes[i]));
    assert_true(cost < before);
    before = cost;
  }
  layer_sample_free(&layer);
}

static void test_few_values(void **state) {
  (void)state;
  const size_t sizes[] = {2, PK_SHARED_MAX};
  pk_shared_levels shared[2];
  pk_error error = {0};
  pk_layer layer = layer_sample(9);
  for (size_t i = 0; i < ELEMENTS; i++) layer.weights[i] = (float)(i % 3) - 1.0f;
  const float step = pk_sharing_step(&layer);
  assert_true(pk_share_weights(shared, sizes, 2, &layer, step, &error));
  assert_int_equal(shared[0].count, 2);
  assert_int_equal(shared[1].count, 3);  // no more than there are
  assert_int_equal(shared[1].items[0], -PK_LEVEL_MAX);
  assert_int_equal(shared[1].items[1], 0);
  assert_int_equal(shared[1].items[2], PK_LEVEL_MAX);
  // Nothing matters, nothing there, and everything pruned.
  for (size_t o = 0; o < LAYER_ROWS; o++) layer.sensitivity[o] = 0.0f;
  assert_true(pk_share_weights(shared, sizes, 2, &layer, step, &error));
  assert_int_equal(shared[1].count, 3);
  memset(layer.weights, 0, ELEMENTS * sizeof *layer.weights);
  assert_true(pk_share_weights(shared, sizes, 2, &layer, pk_sharing_step(&layer), &error));
  assert_int_equal(shared[1].count, 1);
  assert_int_equal(shared[1].items[0], 0);
  layer.is_pruned = malloc(ELEMENTS * sizeof *layer.is_pruned);
  assert_non_null(layer.is_pruned);
  for (size_t i = 0; i < ELEMENTS; i++) layer.is_pruned[i] = true;
  assert_true(pk_share_weights(shared, sizes, 2, &layer, 1.0f, &error));
  assert_int_equal(shared[1].count, 1);
  assert_int_equal(shared[1].items[0], 0);
  layer_sample_free(&layer);
}

static void test_nearest(void **state) {
  (void)state;
  const pk_shared_levels shared = {.count = 4, .items = {-100, -3, 4, 127}};
  for (float value = -140.0f; value < 140.0f; value += 0.375f) {
    size_t nearest = 0;
    for (size_t v = 1; v < shared.count; v++) {
      if (fabsf(value - (float)shared.items[v]) < fabsf(value - (float)shared.items[nearest])) {
        nearest = v;
      }
    }
    assert_int_equal(pk_nearest_shared(&shared, value), nearest);
  }
}

// Weights are shared values alone, zeros where they are pruned, and products make up for errors.
static void test_rounding(void **state) {
  (void)state;
  const size_t sizes[] = {6};
  int8_t levels[ELEMENTS], nearest[ELEMENTS];
  pk_feedback feedback = {0};
  pk_error error = {0};
  pk_layer layer = layer_sample(10);
  pk_grid grid = {.step = pk_sharing_step(&layer)};
  assert_true(pk_share_weights(&grid.shared, sizes, 1, &layer, grid.step, &error));
  assert_true(pk_feedback_init(&feedback, &layer, &error));
  const double told = pk_feedback_round(levels, &layer, &feedback, &grid);
  for (size_t i = 0; i < ELEMENTS; i++) {
    const size_t place = pk_nearest_shared(&grid.shared, (float)levels[i]);
    assert_int_equal(levels[i], grid.shared.items[place]);
    nearest[i] = (int8_t)pk_grid_level(&grid, layer.weights[i] / grid.step);
  }
  const double cost = layer_sample_cost(&layer, levels, grid.step);
  assert_true(fabs(told - cost) < 0.02 * cost);
  assert_true(cost < 0.6 * layer_sample_cost(&layer, nearest, grid.step));
  layer.is_pruned = calloc(ELEMENTS, sizeof *layer.is_pruned);
  assert_non_null(layer.is_pruned);
  for (size_t i = 0; i < ELEMENTS; i += 3) layer.is_pruned[i] = true;
  pk_feedback_round(levels, &layer, &feedback, &grid);
  for (size_t i = 0; i < ELEMENTS; i += 3) assert_int_equal(levels[i], 0);
  pk_feedback_deinit(&feedback);
  layer_sample_free(&layer);
}

static void test_choice(void **state) {
  (void)state;
  static const pk_weight_values all[] = {PK_WEIGHTS_STEPS, PK_WEIGHTS_SHARED, PK_WEIGHTS_EITHER};
  pk_layer layer = layer_sample(11);
  const pk_layer_list list = {.items = &layer, .count = 1};
  double values[3][3];
  for (size_t v = 0; v < 3; v++) {
    pk_step_table table;
    pk_error error = {0};
    assert_true(pk_step_table_init(&table, &list, all[v], NULL, NULL, &error));
    for (size_t i = 0; i < 3; i++) {
      static const double lambdas[] = {1e-30, 1e-3, 1e30};
      size_t chosen;
      const double bits = pk_choose_rungs(&chosen, &table, lambdas[i]);
      const pk_rung *rung = &table.rungs[0][chosen];
      if (v == 0) assert_int_equal(rung->grid.shared.count, 0);
      if (v == 1) assert_true(rung->grid.shared.count > 0);
      if (v == 1 && i == 0) assert_true(rung->grid.shared.count > 150);
      values[v][i] = rung->cost + lambdas[i] * bits;
    }
    pk_step_table_deinit(&table);
  }
  for (size_t i = 0; i < 3; i++) assert_true(values[2][i] == fmin(values[0][i], values[1][i]));
  layer_sample_free(&layer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_best_clusters), cmocka_unit_test(test_few_values),
      cmocka_unit_test(test_nearest),       cmocka_unit_test(test_rounding),
      cmocka_unit_test(test_choice),
  };
  return cmocka_run_group_tests_name("share_weights", tests, NULL, NULL);
}
