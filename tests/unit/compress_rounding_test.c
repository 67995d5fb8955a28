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
#include "test_random.h"

enum { ROWS = 12, K = 70, SAMPLES = 200 };

static double unit(uint32_t *seed) {
  return (double)random_between(seed, -(1 << 20), 1 << 20) / (double)(1 << 20);
}

// A layer whose inputs are strongly correlated.
static pk_layer make_layer(uint32_t seed) {
  pk_layer layer = {.groups = 1, .rows = ROWS, .k = K};
  layer.weights = calloc(ROWS * K, sizeof(float));
  layer.mean = calloc(K, sizeof(float));
  layer.covariance = calloc(K * K, sizeof(float));
  layer.sensitivity = calloc(ROWS, sizeof(float));
  for (size_t i = 0; i < ROWS * K; i++) layer.weights[i] = (float)unit(&seed);
  for (size_t o = 0; o < ROWS; o++) layer.sensitivity[o] = 0.5f + (float)o;
  for (size_t s = 0; s < SAMPLES; s++) {
    double x[K];
    const double common = unit(&seed);
    for (size_t j = 0; j < K; j++) x[j] = 2.0 * common + unit(&seed);
    for (size_t i = 0; i < K * K; i++) {
      layer.covariance[i] += (float)(x[i / K] * x[i % K] / (double)SAMPLES);
    }
  }
  return layer;
}

static void free_layer(pk_layer *layer) {
  free(layer->weights);
  free(layer->mean);
  free(layer->covariance);
  free(layer->sensitivity);
}

static double cost_of(const pk_layer *layer, const int8_t *levels, float step) {
  double cost = 0.0;
  for (size_t o = 0; o < ROWS; o++) {
    double error[K];
    const float scale = pk_output_step(layer, o, step);
    for (size_t j = 0; j < K; j++) {
      error[j] = (double)(scale * (float)levels[o * K + j] - layer->weights[o * K + j]);
    }
    for (size_t i = 0; i < K * K; i++) {
      cost += (double)layer->sensitivity[o] * error[i / K] * error[i % K] *
              (double)layer->covariance[i];
    }
  }
  return cost;
}

static void test_feedback(void **state) {
  (void)state;
  pk_layer layer = make_layer(3);
  pk_feedback feedback = {0};
  pk_error error = {0};
  int8_t levels[ROWS * K], nearest[ROWS * K];
  const float step = 0.11f;
  assert_true(pk_feedback_init(&feedback, &layer, &error));
  const double told = pk_feedback_round(levels, &layer, &feedback, (pk_grid){.step = step});
  for (size_t i = 0; i < ROWS * K; i++) {
    nearest[i] = (int8_t)rintf(layer.weights[i] / pk_output_step(&layer, i / K, step));
  }
  const double measured = cost_of(&layer, levels, step);
  // The told cost is the quadratic form itself but for the damping of its diagonal.
  assert_true(fabs(told - measured) < 0.02 * measured);
  assert_true(measured < 0.5 * cost_of(&layer, nearest, step));
  pk_feedback_deinit(&feedback);
  free_layer(&layer);
}

static void test_wide_channels(void **state) {
  (void)state;
  pk_layer layer = make_layer(4);
  layer.weights[5] = 100.0f;
  assert_true(pk_output_step(&layer, 0, 0.1f) * (float)PK_LEVEL_MAX >= 100.0f);
  assert_true(pk_output_step(&layer, 1, 0.1f) == 0.1f);
  free_layer(&layer);
}

static void test_steps_follow_lambda(void **state) {
  (void)state;
  pk_layer layers[2] = {make_layer(5), make_layer(6)};
  const pk_layer_list list = {.items = layers, .count = 2};
  pk_step_table table;
  pk_error error = {0};
  size_t coarse[2], fine[2];
  for (size_t o = 0; o < ROWS; o++) layers[1].sensitivity[o] *= 1000.0f;
  assert_true(pk_step_table_init(&table, &list, NULL, NULL, &error));
  const double budget = 3.0 * 2 * ROWS * K + 2000.0;
  const double lambda = pk_lambda_for_bits(&table, budget);
  assert_true(pk_choose_rungs(coarse, &table, lambda) <= budget);
  assert_true(pk_choose_rungs(fine, &table, lambda / 100.0) > budget);
  assert_true(coarse[1] < coarse[0]);  // what matters more gets the smaller step
  assert_true(fine[0] < coarse[0] && fine[1] <= coarse[1]);
  pk_step_table_deinit(&table);
  for (int i = 0; i < 2; i++) free_layer(&layers[i]);
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
      cmocka_unit_test(test_classes_of_files),
  };
  return cmocka_run_group_tests_name("compress_rounding", tests, NULL, NULL);
}
