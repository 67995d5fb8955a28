// Channels taken out of residual groups: the graph says what it says without them.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
// cmocka needs those above
#include <cmocka.h>

#include "../../packer/compress/channel_damage.h"
#include "../../packer/compress/latency_target.h"
#include "../../packer/compress/prune_channels.h"
#include "../../packer/import/graph_check.h"
#include "float_graph.h"

enum { IN = 3, MIDDLE = 9, OUT = 2, VALUES = FLOAT_GRAPH_SIDE * FLOAT_GRAPH_SIDE * OUT };

typedef struct residual_case {
  float_graph base;
  int32_t w1, b1, w2, b2, w3;
} residual_case;

// t1 = relu(conv 1x1 x); t3 = relu(t1 + conv KxK t1) -> depthwise 1x1 -> conv 1x1 -> softmax
static void start(residual_case *r, int32_t kernel) {
  float_graph *c = &r->base;
  const int32_t side = FLOAT_GRAPH_SIDE;
  float_graph_start(c, 17);
  const int32_t x = float_graph_tensor(c, "x", false, 4, 1, side, side, IN);
  r->w1 = float_graph_tensor(c, "w1", true, 4, MIDDLE, 1, 1, IN);
  r->b1 = float_graph_tensor(c, "b1", true, 1, MIDDLE, 1, 1, 1);
  const int32_t t1 = float_graph_tensor(c, "t1", false, 4, 1, side, side, MIDDLE);
  r->w2 = float_graph_tensor(c, "w2", true, 4, MIDDLE, kernel, kernel, MIDDLE);
  r->b2 = float_graph_tensor(c, "b2", true, 1, MIDDLE, 1, 1, 1);
  const int32_t t2 = float_graph_tensor(c, "t2", false, 4, 1, side, side, MIDDLE);
  const int32_t t3 = float_graph_tensor(c, "t3", false, 4, 1, side, side, MIDDLE);
  const int32_t wd = float_graph_tensor(c, "wd", true, 4, 1, 1, 1, MIDDLE);
  const int32_t bd = float_graph_tensor(c, "bd", true, 1, MIDDLE, 1, 1, 1);
  const int32_t t4 = float_graph_tensor(c, "t4", false, 4, 1, side, side, MIDDLE);
  r->w3 = float_graph_tensor(c, "w3", true, 4, OUT, 1, 1, MIDDLE);
  const int32_t b3 = float_graph_tensor(c, "b3", true, 1, OUT, 1, 1, 1);
  const int32_t t5 = float_graph_tensor(c, "t5", false, 4, 1, side, side, OUT);
  const int32_t y = float_graph_tensor(c, "y", false, 4, 1, side, side, OUT);
  float_graph_op(c, float_graph_conv(PK_OP_CONV_2D, PK_ACTIVATION_RELU, 0), x, r->w1, r->b1, t1);
  float_graph_op(c, float_graph_conv(PK_OP_CONV_2D, PK_ACTIVATION_NONE, kernel / 2), t1, r->w2,
                 r->b2, t2);
  const pk_op add = {.kind = PK_OP_ADD, .activation = PK_ACTIVATION_RELU};
  float_graph_op(c, add, t1, t2, PK_NO_TENSOR, t3);
  float_graph_op(c, float_graph_conv(PK_OP_DEPTHWISE_CONV_2D, PK_ACTIVATION_NONE, 0), t3, wd, bd,
                 t4);
  float_graph_op(c, float_graph_conv(PK_OP_CONV_2D, PK_ACTIVATION_NONE, 0), t4, r->w3, b3, t5);
  pk_op softmax = {.kind = PK_OP_SOFTMAX};
  softmax.attributes.softmax.beta = 1.0f;
  float_graph_op(c, softmax, t5, PK_NO_TENSOR, PK_NO_TENSOR, y);
  float_graph_finish(c, x, y);
}

// Both producers of the group write the constant alone into channel `channel`.
static void make_constant(residual_case *r, size_t channel, float first, float second) {
  const pk_graph *graph = &r->base.graph;
  const size_t k = graph->tensors[r->w2].data_bytes / sizeof(float) / MIDDLE;
  memset(float_graph_values(graph, r->w1) + channel * IN, 0, IN * sizeof(float));
  memset(float_graph_values(graph, r->w2) + channel * k, 0, k * sizeof(float));
  float_graph_values(graph, r->b1)[channel] = first;
  float_graph_values(graph, r->b2)[channel] = second;
}

static void expect_middle(const residual_case *r, int32_t channels) {
  const pk_graph *graph = &r->base.graph;
  const int32_t w2_channels = graph->tensors[r->w2].dims[3];
  assert_int_equal(graph->tensors[r->w1].dims[0], channels);
  assert_int_equal(graph->tensors[r->w2].dims[0], channels);
  assert_int_equal(w2_channels, channels);
  assert_int_equal(graph->tensors[r->w3].dims[3], channels);
  for (size_t i = 0; i < 4; i++) {
    const pk_tensor *y = pk_op_output(graph, &graph->ops[i]);
    assert_int_equal(y->dims[3], channels);
  }
}

static void expect_alike(const float *before, const float *after, float most) {
  for (size_t i = 0; i < VALUES; i++) assert_true(fabsf(before[i] - after[i]) <= most);
}

// Taken out as they are, channels count as zeros behind their producers, and what the depthwise
// operator makes of a zero is lost: that bias is 0 here.
static void test_cut_is_zeroing(void **state) {
  (void)state;
  residual_case zeroed, cut;
  pk_channel_groups groups;
  float before[VALUES], after[VALUES];
  size_t removed = 0;
  start(&zeroed, 3);
  start(&cut, 3);
  make_constant(&zeroed, 2, 0.0f, 0.0f);
  make_constant(&zeroed, 7, 0.0f, 0.0f);
  for (int i = 0; i < 2; i++) {
    const pk_graph *graph = i == 0 ? &zeroed.base.graph : &cut.base.graph;
    memset(float_graph_values(graph, graph->ops[3].inputs[PK_INPUT_BIAS]), 0,
           MIDDLE * sizeof(float));
  }
  assert_true(pk_channel_groups_init(&groups, &cut.base.graph, &cut.base.error));
  assert_int_equal(groups.count, 1);
  assert_int_equal(groups.channels[0], MIDDLE);
  groups.is_gone[0][2] = groups.is_gone[0][7] = true;
  assert_true(pk_channel_groups_cut(&cut.base.graph, &groups, &removed, &cut.base.error));
  assert_int_equal(removed, 2);
  expect_middle(&cut, MIDDLE - 2);
  assert_true(pk_graph_check(&cut.base.graph, &cut.base.error));
  float_graph_run(before, &zeroed.base, 0, false);
  float_graph_run(after, &cut.base, 0, false);
  expect_alike(before, after, 1e-5f);
  pk_channel_groups_deinit(&groups);
  float_graph_end(&zeroed.base);
  float_graph_end(&cut.base);
}

// Constants other than 0 move into the biases of both readers; one that pads keeps them.
static void test_constants(void **state) {
  (void)state;
  for (int32_t kernel = 1; kernel <= 3; kernel += 2) {
    residual_case r;
    float before[VALUES], after[VALUES];
    size_t removed = 0;
    start(&r, kernel);
    make_constant(&r, 2, 0.4f, 0.3f);
    float_graph_run(before, &r.base, 0, false);
    assert_true(pk_prune_constant_channels(&r.base.graph, &removed, &r.base.set, &r.base.error));
    assert_int_equal(removed, kernel == 1);
    expect_middle(&r, kernel == 1 ? MIDDLE - 1 : MIDDLE);
    float_graph_run(after, &r.base, 0, false);
    expect_alike(before, after, 1e-5f);
    float_graph_end(&r.base);
  }
}

// Channels 1 and 5 hardly count for the readers: they are the quarter that goes.
static void test_least_damage(void **state) {
  (void)state;
  residual_case r;
  pk_channel_pruning pruning;
  float before[VALUES], after[VALUES], marks[2];
  const pk_statistics_options options = {.seed = 1};
  start(&r, 3);
  const pk_graph *graph = &r.base.graph;
  float *w2 = float_graph_values(graph, r.w2), *w3 = float_graph_values(graph, r.w3);
  for (size_t i = 0; i < (size_t)MIDDLE * 9 * MIDDLE; i++) {
    if (i % MIDDLE == 1 || i % MIDDLE == 5) w2[i] *= 1e-3f;
  }
  for (size_t i = 0; i < (size_t)OUT * MIDDLE; i++) {
    if (i % MIDDLE == 1 || i % MIDDLE == 5) w3[i] *= 1e-3f;
  }
  marks[0] = float_graph_values(graph, r.b1)[0];
  marks[1] = float_graph_values(graph, r.b1)[2];
  float_graph_run(before, &r.base, 0, false);
  assert_true(
      pk_prune_channel_share(&r.base.graph, &pruning, &r.base.set, 0.25, &options, &r.base.error));
  assert_int_equal(pruning.total, MIDDLE);
  assert_int_equal(pruning.removed, 2);
  expect_middle(&r, MIDDLE - 2);
  assert_true(float_graph_values(graph, r.b1)[0] == marks[0]);
  assert_true(float_graph_values(graph, r.b1)[1] == marks[1]);
  assert_true(pk_graph_check(&r.base.graph, &r.base.error));
  float_graph_run(after, &r.base, 0, false);
  expect_alike(before, after, 0.01f);
  float_graph_end(&r.base);
}

// One channel of a group stays whatever is asked for.
static void test_one_stays(void **state) {
  (void)state;
  residual_case r;
  pk_channel_pruning pruning;
  const pk_statistics_options options = {.seed = 1};
  start(&r, 1);
  assert_true(
      pk_prune_channel_share(&r.base.graph, &pruning, &r.base.set, 0.99, &options, &r.base.error));
  assert_int_equal(pruning.removed, MIDDLE - 1);
  expect_middle(&r, 1);
  float_graph_end(&r.base);
}

// Enough once so many channels have gone.
typedef struct enough_after {
  int32_t channels, asked;
} enough_after;

static bool is_enough(void *user, const pk_graph *graph, bool *enough, pk_error *error) {
  enough_after *e = user;
  (void)error;
  e->asked++;
  *enough = pk_op_input(graph, &graph->ops[0], PK_INPUT_WEIGHTS)->dims[0] <= MIDDLE - e->channels;
  return true;
}

static void test_until_enough(void **state) {
  (void)state;
  const pk_statistics_options options = {.seed = 1};
  for (int32_t channels = 0; channels <= MIDDLE; channels++) {
    const int32_t expected = channels < MIDDLE ? channels : MIDDLE - 1;
    residual_case r;
    pk_channel_pruning pruning;
    enough_after e = {.channels = channels};
    start(&r, 1);
    assert_true(pk_prune_channels_until(&r.base.graph, &pruning, &r.base.set, is_enough, &e,
                                        &options, &r.base.error));
    assert_int_equal(pruning.removed, expected);
    expect_middle(&r, MIDDLE - expected);
    // One at a time; where nothing is left to remove that is noticed by a round in vain.
    assert_int_equal(e.asked, channels < MIDDLE ? channels + 1 : MIDDLE + 1);
    float_graph_end(&r.base);
  }
}

// Timing leaves the graph as it is, with int8 activations and without.
static void test_latency(void **state) {
  (void)state;
  const pk_statistics_options options = {.seed = 1};
  for (int keeps_float = 0; keeps_float < 2; keeps_float++) {
    residual_case r;
    pk_channel_pruning pruning;
    pk_latency latency;
    double ms = 0.0;
    float before[VALUES], after[VALUES];
    start(&r, 3);
    pk_graph *graph = &r.base.graph;
    const size_t tensors = graph->tensor_count, ops = graph->op_count;
    float_graph_run(before, &r.base, 0, false);
    assert_true(pk_measure_latency(&ms, graph, keeps_float, &r.base.error));
    assert_true(ms > 0.0 && ms < 10e3);
    pk_latency_target target = {.ms = 10e3, .keeps_float = keeps_float};
    assert_true(pk_prune_to_latency(graph, &pruning, &latency, &r.base.set, &target, &options,
                                    &r.base.error));
    assert_int_equal(pruning.removed, 0);
    assert_true(latency.before > 0.0 && latency.after == latency.before);
    assert_int_equal(graph->tensor_count, tensors);
    assert_int_equal(graph->op_count, ops);
    assert_true(pk_graph_check(graph, &r.base.error));
    float_graph_run(after, &r.base, 0, false);
    assert_memory_equal(before, after, sizeof before);

    target.ms = 1e-9;
    assert_false(pk_prune_to_latency(graph, &pruning, &latency, &r.base.set, &target, &options,
                                     &r.base.error));
    assert_int_equal(r.base.error.code, PK_USAGE);
    assert_non_null(strstr(r.base.error.message, "8 of 9 channels removed, and no more can go"));
    float_graph_end(&r.base);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cut_is_zeroing), cmocka_unit_test(test_constants),
      cmocka_unit_test(test_least_damage),   cmocka_unit_test(test_one_stays),
      cmocka_unit_test(test_until_enough),   cmocka_unit_test(test_latency),
  };
  return cmocka_run_group_tests_name("compress_channels", tests, NULL, NULL);
}
