// Statistics of normalisations: those of the values that are used, over all examples.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
// cmocka needs those above
#include <cmocka.h>

#include "../../packer/pk_random.h"
#include "test_folder.h"
#include "train_case.h"

// A tenth validates, a fifth tests: 70 of each class make 7 batches of 20, all of them.
enum { SIDE = 8, CLASSES = 2, PICTURES = 100, CHANNELS = 4, TRAINED = 140 };

// Noise, brighter on one side, which says the class.
static void draw(uint8_t *pixels, uint32_t side, int32_t label, uint32_t index) {
  pk_random random = pk_random_of(17, (uint64_t)index * CLASSES + (uint64_t)label);
  for (uint32_t i = 0; i < side * side; i++) {
    const bool is_bright = (i % side < side / 2) == (label == 0);
    pixels[i] = (uint8_t)(pk_random_below(&random, 120) + (is_bright ? 60 : 0));
  }
}

static void write_case(const char *average) {
  char training[256];
  snprintf(training, sizeof training, "{'epochs': 3, 'batch': 20, 'rate': 0.05, 'average': %s}",
           average);
  train_case_write_data(SIDE, CLASSES, PICTURES, draw);
  train_case_write_recipe(
      "{'input': [8, 8, 1], 'layers': [{'conv': 4, 'kernel': 3, 'activation': 'none'},"
      "{'conv': 4, 'kernel': 3, 'stride': 2, 'activation': 'relu'}, {'pool': 'mean'}, {'dense': "
      "2}]}",
      training);
}

// Sums of what the first layer gives for all examples of the training part, as it would be used.
static void sum_first_layer(double *sums, double *squares, train_case *c) {
  pk_train_session *s = &c->session;
  pk_train_worker *w = &s->workers[0];
  pk_error error = {0};
  for (size_t first = 0; first < TRAINED; first += s->half) {
    for (size_t i = 0; i < s->half; i++) {
      assert_true(pk_data_reader_fill(w->plain_reader, PK_DATA_TRAIN, first + i, 0,
                                      w->inputs + i * s->input_elements, &error));
    }
    assert_true(pk_diff_set_input(&w->folded_tape, 0, w->inputs, &error));
    assert_true(pk_diff_forward(&w->folded_tape, &error));
    const int32_t output = s->graph.ops[0].output;
    const float *values = pk_diff_value(&w->folded_tape, output);
    for (size_t i = 0; i < s->folded.elements[output]; i++) {
      sums[i % CHANNELS] += (double)values[i];
      squares[i % CHANNELS] += (double)values[i] * (double)values[i];
    }
  }
}

// Folded into the weights, mean and deviation of the training part are what the normalisation's
// shift and scale say, for the averaged values as for the latest.
static void check_moments(const char *average) {
  double sums[CHANNELS] = {0}, squares[CHANNELS] = {0};
  train_case c;
  write_case(average);
  train_case_open(&c, NULL);
  train_case_train(&c, 0, 3);
  train_case_accuracy(&c, PK_DATA_VALIDATION);
  sum_first_layer(sums, squares, &c);
  const pk_norm_statistic *norm = &c.session.parameters.norms[0];
  const float *values = pk_optimizer_result(&c.session.optimizer);
  for (size_t i = 0; i < CHANNELS; i++) {
    const double count = (double)TRAINED * SIDE * SIDE, mean = sums[i] / count;
    const double deviation = sqrt(squares[i] / count - mean * mean);
    assert_true(fabs(mean - (double)values[norm->shift + i]) < 1e-3);
    assert_true(fabs(deviation - fabs((double)values[norm->scale + i])) < 3e-2);
  }
  train_case_close(&c);
}

static void test_statistics_are_those_of_the_training_part(void **state) {
  (void)state;
  check_moments("0");
  check_moments("0.98");
}

// Seven steps of a slow average leave values that no batch was computed with.
static void test_a_short_training_is_of_use(void **state) {
  (void)state;
  train_case c;
  write_case("0.9");
  train_case_open(&c, NULL);
  train_case_train(&c, 0, 3);
  assert_true(train_case_accuracy(&c, PK_DATA_TEST) > 0.95);
  train_case_close(&c);
}

// What is measured at one step is not measured again, and is at the next.
static void test_once_a_step(void **state) {
  (void)state;
  train_case c;
  pk_error error = {0};
  write_case("0");
  train_case_open(&c, NULL);
  train_case_train(&c, 0, 1);
  pk_train_session *s = &c.session;
  assert_true(pk_train_settle(s, &error));
  const float kept = s->statistics[0];
  s->statistics[0] = 123.0f;
  assert_true(pk_train_settle(s, &error));
  assert_true(s->statistics[0] == 123.0f);
  train_case_train(&c, 1, 2);
  assert_true(pk_train_settle(s, &error));
  assert_true(s->statistics[0] != 123.0f && s->statistics[0] != kept);
  train_case_close(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_statistics_are_those_of_the_training_part),
      cmocka_unit_test(test_a_short_training_is_of_use),
      cmocka_unit_test(test_once_a_step),
  };
  return cmocka_run_group_tests_name("train_settle", tests, test_folder_make, test_folder_remove);
}
