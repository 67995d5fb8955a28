// Channels that go while a network trains: which ones, how many, that they stay away, and that the
// trained file really is without them.
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

#include "../../packer/compress/quality.h"
#include "../../packer/import/graph_passes.h"
#include "../../packer/import/network/trained_model.h"
#include "../../packer/pk_random.h"
#include "../../packer/train/checkpoint.h"
#include "../../packer/train/data_samples.h"
#include "../../packer/train/fold_norms.h"
#include "../../packer/train/trained_file.h"
#include "test_folder.h"
#include "train_bench.h"
#include "train_case.h"

enum { SIDE = 8, CLASSES = 3, PICTURES = 160, EPOCHS = 12 };
static const size_t limit_bytes = 64 << 20;

// --- importance ---

static const char bench_layers[] =
    "{\"conv\": 4, \"activation\": \"swish\"},"
    "{\"residual\": [{\"depthwise\": 1, \"kernel\": 3, \"activation\": \"tanh\"},"
    "{\"conv\": 5, \"norm\": false, \"activation\": \"sigmoid\"}, {\"conv\": 4}]},"
    "{\"pool\": \"mean\"}, {\"dense\": 3}";

// The loss where everything that reads a channel reads it `factor` times as large.
static double gated_loss(train_bench *b, const pk_gradual_channels *channels, size_t group,
                         size_t channel, float factor) {
  float *kept = malloc(b->parameters.total * sizeof *kept);
  assert_non_null(kept);
  memcpy(kept, b->values, b->parameters.total * sizeof *kept);
  for (size_t i = 0; i < channels->part_count; i++) {
    const pk_channel_part *part = &channels->parts[i];
    for (size_t j = 0; part->group == group && part->is_read && j < part->count; j++) {
      b->values[part->first + channel * part->channel_step + j * part->step] *= factor;
    }
  }
  const double loss = train_bench_loss(b);
  memcpy(b->values, kept, b->parameters.total * sizeof *kept);
  free(kept);
  return loss;
}

// A channel's importance is the squared slope of the loss by a factor on all that reads it.
static void test_importance(void **state) {
  (void)state;
  const double step = 1e-2;
  train_bench b;
  pk_gradual_channels channels;
  pk_error error = {0};
  size_t place = 0;
  train_bench_open(&b, "[5, 4, 2]", bench_layers);
  assert_true(pk_gradual_channels_init(&channels, &b.parameters, &b.graph, &error));
  assert_int_equal(channels.groups.count, 2);
  assert_int_equal(channels.total, 4 + 5);
  float *gradient = calloc(b.parameters.total, sizeof *gradient);
  assert_non_null(gradient);
  train_bench_gradient(&b, gradient);
  for (int i = 0; i < 1000; i++) pk_gradual_channels_measure(&channels, b.values, gradient);
  for (size_t g = 0; g < channels.groups.count; g++) {
    for (size_t c = 0; c < channels.groups.channels[g]; c++, place++) {
      const double slope = (gated_loss(&b, &channels, g, c, (float)(1.0 + step)) -
                            gated_loss(&b, &channels, g, c, (float)(1.0 - step))) /
                           (2.0 * step);
      const double got = sqrt((double)channels.importance[place]);
      if (fabs(got - fabs(slope)) > 2e-3 + 0.03 * fabs(slope)) {
        fail_msg("group %zu, channel %zu: %g by differences, %g", g, c, fabs(slope), got);
      }
    }
  }
  free(gradient);
  pk_gradual_channels_deinit(&channels);
  train_bench_close(&b);
}

// --- a training ---

// Stripes across, stripes down, a chequer; of random brightness, with noise.
static void draw(uint8_t *pixels, uint32_t side, int32_t label, uint32_t index) {
  pk_random random = pk_random_of((uint64_t)label, index);
  const uint32_t bright = 100 + (uint32_t)pk_random_below(&random, 100);
  const uint32_t phase = (uint32_t)pk_random_below(&random, 4);
  for (uint32_t y = 0; y < side; y++) {
    for (uint32_t x = 0; x < side; x++) {
      const uint32_t across = (y + phase) / 2 % 2, down = (x + phase) / 2 % 2;
      const uint32_t on = label == 0 ? across : label == 1 ? down : across ^ down;
      pixels[y * side + x] = (uint8_t)(on * bright + pk_random_below(&random, 50));
    }
  }
}

static const char network[] =
    "{'input': [8, 8, 1], 'layers': ["
    "{'conv': 16, 'kernel': 3, 'activation': 'relu'},"
    "{'residual': [{'depthwise': 1, 'kernel': 3, 'activation': 'hard-swish'},"
    "{'conv': 24, 'activation': 'sigmoid'}, {'conv': 16, 'name': 'back'}], 'activation': 'relu'},"
    "{'repeat': 2, 'of': [{'residual': [{'conv': 16, 'kernel': 3, 'activation': 'relu'}]}]},"
    "{'conv': 20, 'kernel': 3, 'stride': 2, 'activation': 'relu'},"
    "{'pool': 'mean'}, {'dense': 3}]}";
enum { CHANNELS = 16 + 24 + 20 };

static void write_recipe(const char *prunes) {
  char training[512];
  snprintf(training, sizeof training,
           "{'epochs': %d, 'batch': 32, 'rate': 0.01, 'average': 0.95%s}", EPOCHS, prunes);
  train_case_write_data(SIDE, CLASSES, PICTURES, draw);
  train_case_write_recipe(network, training);
}

static void read_trained(pk_graph *graph, train_case *c, int32_t batch, bool has_scores) {
  const pk_trained_options options = {.batch = batch, .has_scores = has_scores};
  pk_error error = {0};
  size_t size_bytes = 0;
  uint8_t *bytes = pk_trained_bytes(&c->session, &size_bytes, &error);
  assert_non_null(bytes);
  pk_graph_init(graph, limit_bytes);
  if (!pk_trained_to_graph(graph, bytes, size_bytes, &options, &error)) {
    fail_msg("%s", error.message);
  }
  free(bytes);
}

// Multiplications of a run, and bytes of the constants.
static void measure(size_t *products, size_t *bytes, const pk_graph *graph) {
  *products = *bytes = 0;
  for (size_t i = 0; i < graph->op_count; i++) {
    const pk_op *op = &graph->ops[i];
    if (!pk_diff_has_weights(op)) continue;
    const pk_tensor *w = pk_op_input(graph, op, PK_INPUT_WEIGHTS), *y = pk_op_output(graph, op);
    const int64_t channels = w->dims[op->kind == PK_OP_DEPTHWISE_CONV_2D ? 3 : 0];
    assert_int_equal(channels, y->dims[y->rank - 1]);
    *products += (size_t)(pk_tensor_elements(y) * pk_tensor_elements(w) / channels);
    *bytes += w->data_bytes + pk_op_input(graph, op, PK_INPUT_BIAS)->data_bytes;
  }
}

// The file's network computes what the session's, with its zeros, does.
static void expect_same_logits(train_case *c) {
  pk_train_session *s = &c->session;
  pk_diff_tape *masked = &s->workers[0].folded_tape, tape;
  pk_graph graph;
  pk_diff_net net;
  pk_error error = {0};
  read_trained(&graph, c, (int32_t)s->half, false);
  assert_true(pk_diff_net_init(&net, &graph, &error));
  assert_true(pk_diff_tape_init(&tape, &net, &error));
  assert_true(pk_diff_set_input(masked, 0, s->workers[0].inputs, &error));
  assert_true(pk_diff_set_input(&tape, 0, s->workers[0].inputs, &error));
  assert_true(pk_diff_forward(masked, &error) && pk_diff_forward(&tape, &error));
  const float *expected = pk_diff_value(masked, s->graph.outputs[0]);
  const float *got = pk_diff_value(&tape, graph.outputs[0]);
  for (size_t i = 0; i < s->half * s->classes; i++) {
    assert_true(fabsf(got[i] - expected[i]) <= 1e-5f * (1.0f + fabsf(expected[i])));
  }
  pk_diff_tape_deinit(&tape);
  pk_diff_net_deinit(&net);
  pk_graph_deinit(&graph);
}

// So does the runtime, by class scores of the test part.
static void expect_runtime_agrees(train_case *c) {
  pk_graph graph;
  pk_sample_set set = {0};
  pk_answers answers = {0};
  pk_error error = {0};
  size_t right = 0;
  read_trained(&graph, c, 1, true);
  assert_true(
      pk_data_samples(&set, c->session.data, PK_DATA_TEST, SIZE_MAX, &c->session.manifest, &error));
  if (!pk_graph_prepare(&graph, NULL, &error) ||
      !pk_answers_make(&answers, &graph, &set, 1 << 20, &error)) {
    fail_msg("%s", error.message);
  }
  for (size_t i = 0; i < set.count; i++) {
    right += (int32_t)pk_best_class(&answers, i) == set.items[i].label;
  }
  const double accuracy = (double)right / (double)set.count;
  assert_true(fabs(accuracy - train_case_accuracy(c, PK_DATA_TEST)) < 1e-9);
  pk_answers_free(&answers);
  pk_sample_set_free(&set);
  pk_graph_deinit(&graph);
}

// What has gone is zeros everywhere, nothing of it comes back, and the number follows the schedule.
static void check_batch(const train_case *c, bool *was_absent, size_t *gone) {
  const pk_train_session *s = &c->session;
  const pk_optimizer *o = &s->optimizer;
  const size_t now = pk_gradual_channels_gone(&s->channels);
  const float share =
      pk_prune_share_at(&c->recipe.prune_channels.schedule, o->step, o->options.steps);
  for (size_t i = 0; i < s->parameters.total; i++) {
    assert_true(!was_absent[i] || s->channels.absent[i]);
    was_absent[i] = s->channels.absent[i];
    if (was_absent[i]) assert_true(o->values[i] == 0.0f && o->averages[i] == 0.0f);
  }
  assert_true(now >= *gone);
  assert_true((float)now <= share * CHANNELS + 0.5f);
  *gone = now;
}

static void train_watched(train_case *c) {
  bool *was_absent = calloc(c->session.parameters.total, sizeof *was_absent);
  size_t gone = 0;
  pk_error error = {0};
  assert_non_null(was_absent);
  for (size_t epoch = 0; epoch < EPOCHS; epoch++) {
    pk_train_score score = {0};
    pk_train_shuffle(&c->session, epoch);
    for (size_t batch = 0; batch < c->session.batches; batch++) {
      assert_true(pk_train_batch(&c->session, epoch, batch, &score, &error));
      check_batch(c, was_absent, &gone);
    }
  }
  free(was_absent);
}

static void test_training(void **state) {
  (void)state;
  static train_case whole, narrow;
  pk_graph before, after;
  size_t products[2], bytes[2];
  write_recipe("");
  train_case_open(&whole, NULL);
  write_recipe(", 'pruneChannels': {'share': 0.5, 'from': 0.1, 'to': 0.6}");
  train_case_open(&narrow, NULL);
  assert_int_equal(narrow.session.channels.total, CHANNELS);
  train_watched(&narrow);
  assert_int_equal(pk_gradual_channels_gone(&narrow.session.channels), CHANNELS / 2);
  assert_true(train_case_accuracy(&narrow, PK_DATA_TEST) >= 0.95);
  read_trained(&before, &whole, 1, false);
  read_trained(&after, &narrow, 1, false);
  measure(&products[0], &bytes[0], &before);
  measure(&products[1], &bytes[1], &after);
  print_message("%zu products of %zu, %zu bytes of %zu\n", products[1], products[0], bytes[1],
                bytes[0]);
  assert_true(products[1] < products[0] * 7 / 10);
  assert_true(bytes[1] < bytes[0] * 7 / 10);
  size_t left = 0;
  for (size_t g = 0; g < narrow.session.channels.groups.count; g++) {
    const size_t width = narrow.session.channels.groups.channels[g];
    size_t stays = 0;
    for (size_t c = 0; c < width; c++) stays += !narrow.session.channels.groups.is_gone[g][c];
    assert_true(8 * stays >= width);
    left += stays;
  }
  assert_int_equal(left, CHANNELS - CHANNELS / 2);
  expect_same_logits(&narrow);
  expect_runtime_agrees(&narrow);
  pk_graph_deinit(&before);
  pk_graph_deinit(&after);
  train_case_close(&whole);
  train_case_close(&narrow);
}

// Channels go several at a time, so that what is left of each group is a multiple.
static void test_multiples(void **state) {
  (void)state;
  static train_case c;
  write_recipe(", 'pruneChannels': {'share': 0.5, 'from': 0.1, 'to': 0.6, 'multiple': 8}");
  train_case_open(&c, NULL);
  train_watched(&c);
  const pk_channel_groups *groups = &c.session.channels.groups;
  size_t changed = 0;
  for (size_t g = 0; g < groups->count; g++) {
    size_t stays = 0;
    for (size_t i = 0; i < groups->channels[g]; i++) stays += !groups->is_gone[g][i];
    if (stays < groups->channels[g]) assert_int_equal(stays % 8, 0);
    changed += stays < groups->channels[g];
  }
  const size_t gone = pk_gradual_channels_gone(&c.session.channels);
  assert_true(changed > 0 && gone <= CHANNELS / 2 && gone > CHANNELS / 2 - 8);
  expect_runtime_agrees(&c);
  train_case_close(&c);
}

// Both kinds of pruning at once: the share of zeros is one of what is left.
static void test_with_zeros(void **state) {
  (void)state;
  static train_case c;
  pk_graph graph;
  write_recipe(", 'pruneChannels': {'share': 0.3}, 'prune': {'share': 0.6}");
  train_case_open(&c, NULL);
  train_case_train(&c, 0, EPOCHS);
  read_trained(&graph, &c, 1, false);
  for (size_t i = 0; i < graph.tensor_count; i++) {
    const pk_tensor *tensor = &graph.tensors[i];
    if (!tensor->data || strcmp(tensor->name, "back.weights") != 0) continue;
    const size_t count = tensor->data_bytes / sizeof(float);
    size_t zeros = 0;
    for (size_t j = 0; j < count; j++) zeros += ((const float *)(const void *)tensor->data)[j] == 0;
    assert_true(count < 24 * 16);
    assert_true(fabs((double)zeros / (double)count - 0.6) < 0.02);
  }
  pk_graph_deinit(&graph);
  train_case_close(&c);
}

// A training that goes on from a checkpoint ends with the same bytes.
static void test_going_on(void **state) {
  (void)state;
  static train_case whole, first, second;
  pk_error error = {0};
  char path[TEST_PATH_BYTES];
  size_t sizes[2], epochs = 0;
  write_recipe(", 'pruneChannels': {'share': 0.4}, 'prune': {'share': 0.3}");
  train_case_open(&whole, NULL);
  train_case_train(&whole, 0, EPOCHS);
  uint8_t *expected = pk_trained_bytes(&whole.session, &sizes[0], &error);
  for (size_t stop = 2; stop < EPOCHS; stop += 3) {
    test_folder_path(path, "checkpoint");
    train_case_open(&first, NULL);
    train_case_train(&first, 0, stop);
    assert_true(pk_checkpoint_write(&first.session, stop, path, &error));
    train_case_open(&second, NULL);
    assert_true(pk_checkpoint_read(&second.session, &epochs, path, &error));
    assert_int_equal(epochs, stop);
    assert_int_equal(pk_gradual_channels_gone(&second.session.channels),
                     pk_gradual_channels_gone(&first.session.channels));
    train_case_train(&second, stop, EPOCHS);
    uint8_t *got = pk_trained_bytes(&second.session, &sizes[1], &error);
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(got, expected, sizes[0]);
    free(got);
    train_case_close(&first);
    train_case_close(&second);
  }
  free(expected);
  train_case_close(&whole);
}

// A trained file's description is a network to train from, whose widths are those of the file.
static void test_training_what_is_left(void **state) {
  (void)state;
  static train_case c;
  train_case_write_data(SIDE, CLASSES, PICTURES, draw);
  train_case_write_recipe(
      "{'input': [8, 8, 1], 'channels': {'0': 5, 'b': 7}, 'layers': [{'conv': 16, 'kernel': 3},"
      "{'residual': [{'conv': 24, 'name': 'b'}, {'conv': 5}]}, {'pool': 'mean'}, {'dense': 3}]}",
      "{'epochs': 1, 'batch': 32}");
  train_case_open(&c, NULL);
  assert_int_equal(pk_op_output(&c.session.graph, &c.session.graph.ops[0])->dims[3], 5);
  assert_int_equal(pk_op_output(&c.session.graph, &c.session.graph.ops[1])->dims[3], 7);
  train_case_close(&c);
}

static void test_refusals(void **state) {
  static const struct {
    const char *prunes, *message;
  } cases[] = {
      {", 'pruneChannels': {'share': 0.9}", "training.pruneChannels.share must be a number from 0"},
      {", 'pruneChannels': {'share': 'half'}", "training.pruneChannels.share"},
      {", 'pruneChannels': {'from': 0.2}", "training.pruneChannels.share"},
      {", 'pruneChannels': {'share': 0.3, 'until': 1}", "training.pruneChannels.until"},
      {", 'pruneChannels': {'share': 0.3, 'from': 0.7}", "training.pruneChannels.from"},
      {", 'pruneChannels': {'share': 0.3, 'multiple': 0}", "training.pruneChannels.multiple"},
      {", 'pruneChannels': 0.3", "training.pruneChannels must be an object"},
      {", 'prune': {'share': 0.3, 'from': 0.9}", "training.prune.from"}};
  static train_case c;
  pk_error error;
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    write_recipe(cases[i].prunes);
    assert_false(train_case_try_open(&c, NULL, &error));
    assert_int_equal(error.code, PK_USAGE);
    if (!strstr(error.message, cases[i].message)) fail_msg("%s", error.message);
    train_case_close(&c);
  }
  train_case_write_recipe("{'input': [8, 8, 1], 'layers': [{'dense': 3}]}",
                          "{'epochs': 1, 'batch': 32, 'pruneChannels': {'share': 0.2}}");
  assert_false(train_case_try_open(&c, NULL, &error));
  assert_int_equal(error.code, PK_USAGE);
  assert_non_null(strstr(error.message, "no channels of this network can go"));
  train_case_close(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_importance), cmocka_unit_test(test_training),
      cmocka_unit_test(test_multiples),  cmocka_unit_test(test_with_zeros),
      cmocka_unit_test(test_going_on),   cmocka_unit_test(test_training_what_is_left),
      cmocka_unit_test(test_refusals)};
  return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
