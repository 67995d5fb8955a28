// The parts of a training: batch normalisation and dropout through a tape, losses, optimisers.
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

#include "../../packer/pk_random.h"
#include "../../packer/train/class_loss.h"
#include "../../packer/train/fold_norms.h"
#include "../../packer/train/gradual_prune.h"
#include "../../packer/train/optimizer.h"
#include "train_bench.h"

static const char input[] = "[5, 4, 2]";

// swish has no kink that differences could step over.
static void test_gradients_through_norms(void **state) {
  (void)state;
  train_bench_check_gradients(input,
                              "{\"conv\": 4, \"kernel\": 3, \"activation\": \"swish\"},"
                              "{\"pool\": \"mean\"}, {\"dense\": 3}");
  train_bench_check_gradients(input,
                              "{\"conv\": 4, \"activation\": \"swish\"},"
                              "{\"depthwise\": 1, \"kernel\": 3, \"activation\": \"swish\"},"
                              "{\"residual\": [{\"conv\": 4, \"activation\": \"tanh\"}]},"
                              "{\"pool\": \"average\"}, {\"dense\": 3, \"norm\": true}");
}

static void test_gradients_through_dropout(void **state) {
  (void)state;
  train_bench_check_gradients(input,
                              "{\"conv\": 6, \"activation\": \"tanh\", \"dropout\": 0.3},"
                              "{\"pool\": \"mean\", \"dropout\": 0.4}, {\"dense\": 3}");
}

static void test_gradients_of_shared_weights(void **state) {
  (void)state;
  train_bench_check_gradients(
      input,
      "{\"conv\": 2, \"name\": \"a\", \"norm\": false, \"activation\": \"tanh\"},"
      "{\"conv\": 2, \"like\": \"a\", \"activation\": \"tanh\"},"
      "{\"pool\": \"mean\"}, {\"dense\": 3}");
}

static void test_dropout_share(void **state) {
  (void)state;
  train_bench b;
  pk_error error = {0};
  train_bench_open(&b, input,
                   "{\"conv\": 64, \"norm\": false, \"dropout\": 0.25}, {\"pool\": \"mean\"},"
                   "{\"dense\": 3}");
  const size_t count = b.net.elements[b.graph.ops[0].output];
  size_t zeros[2] = {0};
  float first[2];
  for (int run = 0; run < 2; run++) {
    b.hooks.dropout_seed = (uint64_t)run;
    pk_constants_raw(&b.net, &b.parameters, b.values);
    assert_true(pk_diff_forward(&b.tape, &error));
    const float *y = pk_diff_value(&b.tape, b.graph.ops[0].output);
    for (size_t i = 0; i < count; i++) zeros[run] += y[i] == 0.0f;
    first[run] = y[0];
    assert_true(fabs((double)zeros[run] / (double)count - 0.25) < 0.02);
  }
  assert_true(zeros[0] != zeros[1] || first[0] != first[1]);
  train_bench_close(&b);
}

// With the batch's own statistics, the folded network computes what the normalising one did.
static void test_folding(void **state) {
  (void)state;
  train_bench b;
  pk_error error = {0};
  float expected[TRAIN_BENCH_BATCH * TRAIN_BENCH_CLASSES];
  train_bench_open(&b, input,
                   "{\"conv\": 5, \"kernel\": 3, \"activation\": \"relu\"},"
                   "{\"depthwise\": 2, \"kernel\": [3, 1], \"activation\": \"relu6\"},"
                   "{\"pool\": \"mean\"}, {\"dense\": 3, \"norm\": true}");
  train_bench_loss(&b);
  memcpy(expected, pk_diff_value(&b.tape, b.graph.outputs[0]), sizeof expected);
  pk_constants_folded(&b.net, &b.parameters, b.values, b.hooks.statistics);
  b.tape.hooks = NULL;
  assert_true(pk_diff_forward(&b.tape, &error));
  const float *got = pk_diff_value(&b.tape, b.graph.outputs[0]);
  for (size_t i = 0; i < TRAIN_BENCH_BATCH * TRAIN_BENCH_CLASSES; i++) {
    assert_true(fabsf(got[i] - expected[i]) < 1e-4f * (1.0f + fabsf(expected[i])));
  }
  train_bench_close(&b);
}

static void test_loss_gradients(void **state) {
  (void)state;
  pk_random random = {4};
  for (int i = 0; i < 200; i++) {
    const size_t classes = 2 + pk_random_below(&random, 6);
    const pk_class_loss loss = {.smoothing = (float)pk_random_unit(&random) * 0.3f,
                                .temperature = 1.0f + (float)pk_random_unit(&random) * 5.0f,
                                .teacher_share = (float)pk_random_unit(&random)};
    const int32_t label = (int32_t)pk_random_below(&random, classes + 1) - 1;
    float logits[8], teacher[8], gradient[8] = {0}, unused[8];
    for (size_t j = 0; j < classes; j++) {
      logits[j] = (float)(2.0 * pk_random_normal(&random));
      teacher[j] = (float)(2.0 * pk_random_normal(&random));
    }
    const float *of = i % 3 ? teacher : NULL;
    pk_class_loss_row(gradient, logits, of, label, classes, &loss, 1.0f);
    for (size_t j = 0; j < classes; j++) {
      const float here = logits[j], step = 1e-2f;
      logits[j] = here + step;
      const float above = pk_class_loss_row(unused, logits, of, label, classes, &loss, 0.0f);
      logits[j] = here - step;
      const float below = pk_class_loss_row(unused, logits, of, label, classes, &loss, 0.0f);
      logits[j] = here;
      const float slope = (above - below) / (2.0f * step);
      assert_true(fabsf(slope - gradient[j]) < 5e-3f + 0.02f * fabsf(slope));
    }
  }
}

static void test_loss_of_no_label_and_no_teacher(void **state) {
  (void)state;
  const pk_class_loss loss = {.temperature = 1.0f};
  const float logits[] = {1.0f, 2.0f};
  float gradient[2] = {0};
  assert_true(pk_class_loss_row(gradient, logits, NULL, -1, 2, &loss, 1.0f) == 0.0f);
  assert_true(gradient[0] == 0.0f && gradient[1] == 0.0f);
}

// A quadratic bowl of very different slopes.
static void check_descent(pk_optimizer_kind kind, float rate) {
  pk_parameter item = {.name = "bowl", .kind = PK_PARAMETER_WEIGHTS, .count = 4};
  const pk_parameters parameters = {.items = &item, .count = 1, .total = 4};
  const pk_optimizer_options options = {.kind = kind,
                                        .rate = rate,
                                        .final_rate = 0.01f,
                                        .momentum = 0.9f,
                                        .beta2 = 0.99f,
                                        .average = 0.9f,
                                        .steps = 400,
                                        .warmup_steps = 10};
  const float slopes[] = {0.1f, 1.0f, 3.0f, 10.0f}, goal[] = {1.0f, -2.0f, 0.5f, 3.0f};
  pk_optimizer optimizer;
  pk_error error = {0};
  float highest = 0.0f;
  assert_true(pk_optimizer_init(&optimizer, &options, &parameters, &error));
  for (size_t step = 0; step < options.steps; step++) {
    float gradient[4];
    const float now = pk_optimizer_rate(&optimizer);
    if (now > highest) highest = now;
    if (step == 0) assert_true(fabsf(now - rate / 10.0f) < 1e-6f);
    for (size_t i = 0; i < 4; i++) gradient[i] = slopes[i] * (optimizer.values[i] - goal[i]);
    pk_optimizer_step(&optimizer, gradient);
  }
  assert_true(fabsf(highest - rate) < 1e-6f);
  assert_true(pk_optimizer_rate(&optimizer) < 0.011f * rate);
  for (size_t i = 0; i < 4; i++) {
    assert_true(fabsf(optimizer.values[i] - goal[i]) < 0.03f);
    assert_true(fabsf(pk_optimizer_result(&optimizer)[i] - goal[i]) < 0.03f);
  }
  pk_optimizer_deinit(&optimizer);
}

static void test_optimizers(void **state) {
  (void)state;
  check_descent(PK_OPTIMIZER_SGD, 0.05f);
  check_descent(PK_OPTIMIZER_ADAMW, 0.1f);
}

// The share rises along the cubic, zeros stay zeros, first and last layers keep all weights.
static void test_gradual_pruning(void **state) {
  (void)state;
  enum { COUNT = 200, STEPS = 320 };
  pk_parameter items[4];
  for (size_t i = 0; i < 4; i++) {
    items[i] = (pk_parameter){.name = "w",
                              .kind = i == 2 ? PK_PARAMETER_BIAS : PK_PARAMETER_WEIGHTS,
                              .offset = i * COUNT,
                              .count = COUNT};
  }
  const pk_parameters parameters = {.items = items, .count = 4, .total = 4 * COUNT};
  const pk_optimizer_options options = {
      .rate = 0.01f, .momentum = 0.9f, .beta2 = 0.99f, .average = 0.9f, .steps = STEPS};
  const pk_gradual_prune prune = {.share = 0.8f, .from = 0.25f, .to = 0.75f};
  pk_optimizer optimizer;
  pk_error error = {0};
  pk_random random = {3};
  bool masked[4 * COUNT] = {false}, found[4 * COUNT] = {false};
  float gradient[4 * COUNT];
  size_t zeros = 0;
  assert_true(pk_optimizer_init(&optimizer, &options, &parameters, &error));
  for (size_t i = 0; i < parameters.total; i++) {
    optimizer.values[i] = (float)pk_random_normal(&random);
  }
  for (size_t step = 1; step <= STEPS; step++) {
    for (size_t i = 0; i < parameters.total; i++) gradient[i] = (float)pk_random_normal(&random);
    pk_optimizer_step(&optimizer, gradient);
    assert_true(pk_prune_gradually(&optimizer, masked, NULL, &prune, &error));
    const size_t before = zeros;
    zeros = 0;
    for (size_t i = COUNT; i < 2 * COUNT; i++) {
      if (masked[i]) assert_true(optimizer.values[i] == 0.0f && optimizer.averages[i] == 0.0f);
      zeros += masked[i];
    }
    assert_true(zeros >= before);
    assert_true((float)zeros <= COUNT * pk_prune_share_at(&prune, step, STEPS) + 0.5f);
    if (step <= STEPS / 4) assert_int_equal(zeros, 0);
  }
  assert_int_equal(zeros, 160);
  for (size_t i = 0; i < parameters.total; i++) {
    if (i < COUNT || i >= 2 * COUNT) assert_false(masked[i]);
  }
  pk_prune_find_mask(found, &optimizer);
  assert_memory_equal(found, masked, sizeof found);
  // Half way the cubic has done seven eighths.
  assert_true(fabsf(pk_prune_share_at(&prune, STEPS / 2, STEPS) - 0.7f) < 1e-5f);
  pk_optimizer_deinit(&optimizer);
}

// Weights of outputs that have a bias alone stay 0 whatever the gradient is; all else learns.
static void test_bias_only_outputs(void **state) {
  (void)state;
  enum { INPUTS = 4, WEIGHTS = TRAIN_BENCH_CLASSES * INPUTS, FREE = WEIGHTS - INPUTS };
  const pk_optimizer_kind kinds[] = {PK_OPTIMIZER_ADAMW, PK_OPTIMIZER_SGD};
  for (size_t k = 0; k < 2; k++) {
    const pk_optimizer_options options = {.kind = kinds[k],
                                          .rate = 0.01f,
                                          .momentum = 0.9f,
                                          .beta2 = 0.99f,
                                          .weight_decay = 0.1f,
                                          .clip = 1.0f,
                                          .average = 0.9f,
                                          .steps = 5};
    train_bench b;
    pk_optimizer optimizer;
    pk_error error = {0};
    float gradient[WEIGHTS + TRAIN_BENCH_CLASSES];
    train_bench_open(&b, "[4]", "{\"dense\": 3, \"biasOnly\": 1, \"biasLead\": 0.5}");
    assert_int_equal(b.parameters.total, WEIGHTS + TRAIN_BENCH_CLASSES);
    assert_true(pk_optimizer_init(&optimizer, &options, &b.parameters, &error));
    pk_parameters_start(optimizer.values, &b.parameters, &b.graph, 5);
    for (size_t step = 0; step < options.steps; step++) {
      for (size_t i = 0; i < b.parameters.total; i++) gradient[i] = 1.0f + (float)(i % 3);
      pk_optimizer_step(&optimizer, gradient);
    }
    for (size_t i = 0; i < b.parameters.total; i++) {
      const bool is_fixed = i >= FREE && i < WEIGHTS;
      assert_int_equal(optimizer.values[i] == 0.0f, is_fixed);
      assert_int_equal(pk_optimizer_result(&optimizer)[i] == 0.0f, is_fixed);
    }
    pk_constants_folded(&b.net, &b.parameters, optimizer.values, b.hooks.statistics);
    const float *bias = b.net.constants[b.graph.ops[0].inputs[PK_INPUT_BIAS]];
    for (size_t i = 0; i < TRAIN_BENCH_CLASSES; i++) {
      const float lead = i + 1 < TRAIN_BENCH_CLASSES ? 0.0f : 0.5f;
      assert_true(bias[i] == optimizer.values[WEIGHTS + i] + lead);
    }
    pk_optimizer_deinit(&optimizer);
    train_bench_close(&b);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_gradients_through_norms),
                                     cmocka_unit_test(test_gradients_through_dropout),
                                     cmocka_unit_test(test_gradients_of_shared_weights),
                                     cmocka_unit_test(test_dropout_share),
                                     cmocka_unit_test(test_folding),
                                     cmocka_unit_test(test_loss_gradients),
                                     cmocka_unit_test(test_loss_of_no_label_and_no_teacher),
                                     cmocka_unit_test(test_gradual_pruning),
                                     cmocka_unit_test(test_optimizers),
                                     cmocka_unit_test(test_bias_only_outputs)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
