// Rounding with error feedback, the choice of steps, and file names as classes.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
// cmocka needs those above
#include <cmocka.h>

#include "../../packer/compress/error_feedback.h"
#include "../../packer/compress/sample_set.h"
#include "../../packer/compress/step_choice.h"
#include "layer_sample.h"

static void test_feedback(void **state) {
  (void)state;
  pk_layer layer = layer_sample(3);
  pk_feedback feedback = {0};
  pk_error error = {0};
  int8_t levels[LAYER_ROWS * LAYER_K], nearest[LAYER_ROWS * LAYER_K];
  const float step = 0.11f;
  assert_true(pk_feedback_init(&feedback, &layer, &error));
  const double told = pk_feedback_round(levels, &layer, &feedback, &(pk_grid){.step = step});
  for (size_t i = 0; i < LAYER_ROWS * LAYER_K; i++) {
    nearest[i] = (int8_t)rintf(layer.weights[i] / pk_output_step(&layer, i / LAYER_K, step));
  }
  const double measured = layer_sample_cost(&layer, levels, step);
  // The told cost is the quadratic form itself but for the damping of its diagonal.
  assert_true(fabs(told - measured) < 0.02 * measured);
  assert_true(measured < 0.5 * layer_sample_cost(&layer, nearest, step));
  pk_feedback_deinit(&feedback);
  layer_sample_free(&layer);
}

static void test_wide_channels(void **state) {
  (void)state;
  pk_layer layer = layer_sample(4);
  layer.weights[5] = 100.0f;
  assert_true(pk_output_step(&layer, 0, 0.1f) * (float)PK_LEVEL_MAX >= 100.0f);
  assert_true(pk_output_step(&layer, 1, 0.1f) == 0.1f);
  layer_sample_free(&layer);
}

static void test_steps_follow_lambda(void **state) {
  (void)state;
  pk_layer layers[2] = {layer_sample(5), layer_sample(6)};
  const pk_layer_list list = {.items = layers, .count = 2};
  pk_step_table table;
  pk_error error = {0};
  size_t coarse[2], fine[2];
  for (size_t o = 0; o < LAYER_ROWS; o++) layers[1].sensitivity[o] *= 1000.0f;
  assert_true(pk_step_table_init(&table, &list, PK_WEIGHTS_STEPS, NULL, NULL, &error));
  const double budget = 3.0 * 2 * LAYER_ROWS * LAYER_K + 2000.0;
  const double lambda = pk_lambda_for_bits(&table, budget);
  assert_true(pk_choose_rungs(coarse, &table, lambda) <= budget);
  assert_true(pk_choose_rungs(fine, &table, lambda / 100.0) > budget);
  assert_true(coarse[1] < coarse[0]);  // what matters more gets the smaller step
  assert_true(fine[0] < coarse[0] && fine[1] <= coarse[1]);
  pk_step_table_deinit(&table);
  for (int i = 0; i < 2; i++) layer_sample_free(&layers[i]);
}

static double weight_squares(const pk_layer *layer, const int8_t *levels, float step) {
  double squares = 0.0;
  for (size_t o = 0; o < LAYER_ROWS; o++) {
    for (size_t j = o * LAYER_K; j < (o + 1) * LAYER_K; j++) {
      const double scale = levels ? (double)pk_output_step(layer, o, step) : 0.0;
      squares += pow((double)layer->weights[j] - (levels ? scale * levels[j] : 0.0), 2.0);
    }
  }
  return squares;
}

// Even where bits are worth everything a layer keeps most of what it does, or where its damage is
// not seen its weights.
static void test_no_layer_vanishes(void **state) {
  (void)state;
  pk_layer layers[2] = {layer_sample(5), layer_sample(5)};
  const pk_layer_list list = {.items = layers, .count = 2};
  int8_t levels[LAYER_ROWS * LAYER_K] = {0};
  size_t chosen[2];
  pk_step_table table;
  pk_error error = {0};
  for (size_t o = 0; o < LAYER_ROWS; o++) layers[1].sensitivity[o] = 0.0f;
  assert_true(pk_step_table_init(&table, &list, PK_WEIGHTS_STEPS, NULL, NULL, &error));
  pk_choose_rungs(chosen, &table, 1e30);
  const double everything = layer_sample_cost(&layers[0], levels, 1.0f);
  const pk_grid seen = table.rungs[0][chosen[0]].grid, unseen = table.rungs[1][chosen[1]].grid;
  pk_feedback_round(levels, &layers[0], &table.feedbacks[0], &seen);
  assert_true(layer_sample_cost(&layers[0], levels, seen.step) < 0.26 * everything);
  pk_feedback_round(levels, &layers[1], &table.feedbacks[1], &unseen);
  assert_true(weight_squares(&layers[1], levels, unseen.step) <
              1.01e-3 * weight_squares(&layers[1], NULL, 0.0f));
  // Neither at more bits than that takes.
  assert_true(table.rungs[0][chosen[0]].bits < 3.0 * LAYER_ROWS * LAYER_K);
  assert_true(table.rungs[1][chosen[1]].bits < 7.0 * LAYER_ROWS * LAYER_K);
  pk_step_table_deinit(&table);
  for (int i = 0; i < 2; i++) layer_sample_free(&layers[i]);
}

static void test_classes_of_files(void **state) {
  (void)state;
  char text[] = "background\ntench, Tinca tinca\ngreat white shark, man-eater\ncrane\ncrane\n";
  const pk_bytes labels = {.data = (uint8_t *)text, .size = sizeof text - 1};
  assert_int_equal(pk_class_of_file("n01440764_tench.JPEG", &labels), 1);
  assert_int_equal(pk_class_of_file("photos/n01_great_white_shark.jpg", &labels), 2);
  assert_int_equal(pk_class_of_file("Tench.png", &labels), 1);
  assert_int_equal(pk_class_of_file("n2_crane.jpg", &labels), PK_NO_CLASS);  // two of that name
  assert_int_equal(pk_class_of_file("IMG_1234.jpg", &labels), PK_NO_CLASS);
  assert_int_equal(pk_class_of_file("n01_tench.jpg", NULL), PK_NO_CLASS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_feedback),
      cmocka_unit_test(test_wide_channels),
      cmocka_unit_test(test_steps_follow_lambda),
      cmocka_unit_test(test_no_layer_vanishes),
      cmocka_unit_test(test_classes_of_files),
  };
  return cmocka_run_group_tests_name("compress_rounding", tests, NULL, NULL);
}
