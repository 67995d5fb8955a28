// Float graphs on their way to int8: the best ranges, dead channels, and which operators change.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
// cmocka needs those above
#include <cmocka.h>

#include "../../core/ops/op_params.h"
#include "../../packer/compress/layer_statistics.h"
#include "../../packer/compress/prune_channels.h"
#include "../../packer/compress/quality.h"
#include "../../packer/compress/quantize_graph.h"
#include "../../packer/compress/slope_round.h"
#include "../../packer/compress/weight_rewrite.h"
#include "../../packer/encode/shard_encode.h"
#include "../../packer/import/graph_check.h"
#include "float_graph.h"

enum { IN = 3, MIDDLE = 5, OUT = 2 };

// conv 1x1 + relu (channel 1 dead, channel 3 constant) -> depthwise 3x3 -> conv 1x1 -> softmax
static void start_wide(float_graph *c, int32_t middle) {
  float_graph_start(c, 11);
  const int32_t x = float_graph_tensor(c, "x", false, 4, 1, FLOAT_GRAPH_SIDE, FLOAT_GRAPH_SIDE, IN);
  const int32_t w1 = float_graph_tensor(c, "w1", true, 4, middle, 1, 1, IN);
  const int32_t b1 = float_graph_tensor(c, "b1", true, 1, middle, 1, 1, 1);
  const int32_t t1 =
      float_graph_tensor(c, "t1", false, 4, 1, FLOAT_GRAPH_SIDE, FLOAT_GRAPH_SIDE, middle);
  const int32_t w2 = float_graph_tensor(c, "w2", true, 4, 1, 3, 3, middle);
  const int32_t b2 = float_graph_tensor(c, "b2", true, 1, middle, 1, 1, 1);
  const int32_t t2 =
      float_graph_tensor(c, "t2", false, 4, 1, FLOAT_GRAPH_SIDE, FLOAT_GRAPH_SIDE, middle);
  const int32_t w3 = float_graph_tensor(c, "w3", true, 4, OUT, 1, 1, middle);
  const int32_t b3 = float_graph_tensor(c, "b3", true, 1, OUT, 1, 1, 1);
  const int32_t t3 =
      float_graph_tensor(c, "t3", false, 4, 1, FLOAT_GRAPH_SIDE, FLOAT_GRAPH_SIDE, OUT);
  const int32_t y =
      float_graph_tensor(c, "y", false, 4, 1, FLOAT_GRAPH_SIDE, FLOAT_GRAPH_SIDE, OUT);
  pk_op conv = {.kind = PK_OP_CONV_2D, .activation = PK_ACTIVATION_RELU};
  conv.attributes.conv = (pk_conv_attributes){1, 1, 1, 1, 1, {PK_PADDING_EXPLICIT, 0, 0, 0, 0}};
  float_graph_op(c, conv, x, w1, b1, t1);
  pk_op depthwise = {.kind = PK_OP_DEPTHWISE_CONV_2D};
  depthwise.attributes.conv =
      (pk_conv_attributes){1, 1, 1, 1, 1, {PK_PADDING_EXPLICIT, 1, 1, 1, 1}};
  float_graph_op(c, depthwise, t1, w2, b2, t2);
  conv.activation = PK_ACTIVATION_NONE;
  float_graph_op(c, conv, t2, w3, b3, t3);
  pk_op softmax = {.kind = PK_OP_SOFTMAX};
  softmax.attributes.softmax.beta = 1.0f;
  float_graph_op(c, softmax, t3, -1, -1, y);
  for (int i = 0; i < IN; i++) float_graph_values(&c->graph, w1)[1 * IN + i] = 0.0f;
  float_graph_values(&c->graph, b1)[1] = -0.5f;
  for (int i = 0; i < 9; i++) float_graph_values(&c->graph, w2)[i * middle + 3] = 0.0f;
  float_graph_finish(c, x, y);
}

static void start(float_graph *c) {
  start_wide(c, MIDDLE);
}

// As far as the channels of the depthwise operator fill tiles of eight: of `middle` so many go.
static void expect_removed(int32_t middle, int32_t expected) {
  float_graph c;
  float before[FLOAT_GRAPH_SIDE * FLOAT_GRAPH_SIDE * OUT],
      after[FLOAT_GRAPH_SIDE * FLOAT_GRAPH_SIDE * OUT];
  size_t removed = 0;
  start_wide(&c, middle);
  float_graph_run(before, &c, 0, false);
  assert_true(pk_prune_constant_channels(&c.graph, &removed, &c.set, &c.error));
  const int32_t left = middle - expected;
  assert_int_equal(removed, expected);
  assert_int_equal(pk_op_input(&c.graph, &c.graph.ops[0], PK_INPUT_WEIGHTS)->dims[0], left);
  assert_int_equal(pk_op_input(&c.graph, &c.graph.ops[1], PK_INPUT_WEIGHTS)->dims[3], left);
  assert_int_equal(pk_op_input(&c.graph, &c.graph.ops[2], PK_INPUT_WEIGHTS)->dims[3], left);
  float_graph_run(after, &c, 0, false);
  for (size_t i = 0; i < FLOAT_GRAPH_SIDE * FLOAT_GRAPH_SIDE * OUT; i++) {
    assert_true(fabsf(before[i] - after[i]) < 1e-5f);
  }
  float_graph_end(&c);
}

static void test_dead_channels(void **state) {
  (void)state;
  expect_removed(10, 2);
  expect_removed(9, 1);
  expect_removed(8, 0);
  expect_removed(5, 0);
}

static void test_int8_in_front_of_weights_only(void **state) {
  (void)state;
  float_graph c;
  pk_range ranges[16];
  float before[FLOAT_GRAPH_SIDE * FLOAT_GRAPH_SIDE * OUT],
      after[FLOAT_GRAPH_SIDE * FLOAT_GRAPH_SIDE * OUT];
  pk_diff_net net;
  start(&c);
  float_graph_run(before, &c, 1, false);
  assert_true(pk_graph_is_float(&c.graph));
  assert_true(pk_diff_net_init(&net, &c.graph, &c.error));
  assert_true(
      pk_activation_ranges(ranges, NULL, &net, &c.set, &(pk_range_options){.seed = 1}, &c.error));
  pk_diff_net_deinit(&net);
  assert_true(pk_quantize_graph(&c.graph, ranges, NULL, &c.error));
  assert_false(pk_graph_is_float(&c.graph));
  const pk_op_kind kinds[] = {PK_OP_QUANTIZE, PK_OP_CONV_2D,    PK_OP_DEPTHWISE_CONV_2D,
                              PK_OP_CONV_2D,  PK_OP_DEQUANTIZE, PK_OP_SOFTMAX};
  assert_int_equal(c.graph.op_count, 6);
  for (size_t i = 0; i < 6; i++) {
    assert_int_equal(c.graph.ops[i].kind, kinds[i]);
    assert_int_equal(pk_op_output(&c.graph, &c.graph.ops[i])->dtype,
                     i < 4 ? PK_DTYPE_S8 : PK_DTYPE_F32);
  }
  float_graph_run(after, &c, 1, true);
  for (size_t i = 0; i < FLOAT_GRAPH_SIDE * FLOAT_GRAPH_SIDE * OUT; i++) {
    assert_true(fabsf(before[i] - after[i]) < 0.03f);
  }
  float_graph_end(&c);
}

// The step at which the channel with the largest weights (or the smallest) has eight bits.
static float eight_bit_step(const pk_layer *layer, bool is_largest) {
  float chosen = is_largest ? 0.0f : INFINITY;
  for (size_t o = 0; o < pk_layer_outputs(layer); o++) {
    const float step = pk_output_step(layer, o, 0.0f);
    if (step > 0.0f) chosen = is_largest ? fmaxf(chosen, step) : fminf(chosen, step);
  }
  return chosen;
}

// Biases in float32 end where the noise of rounded weights begins: they are multiples of powers of
// two, and move by a 64th of it at most. Returns how many moved. The inputs' variances are 1.
static size_t check_biases(const pk_layer *layer, const float *before, const float *after,
                           float step) {
  size_t moved = 0;
  for (size_t o = 0; o < pk_layer_outputs(layer); o++) {
    const double noise = (double)pk_output_step(layer, o, step) * sqrt((double)layer->k);
    const double unit = exp2(floor(log2(noise / 32.0)));
    assert_true(fabs((double)after[o] - (double)before[o]) <= noise / 64.0);
    assert_true(fmod((double)after[o], unit) == 0.0);
    moved += after[o] != before[o];
  }
  return moved;
}

// Levels in float32 operators: the runtime answers as the float graph does, but for the rounding.
// Channels have steps of their own, in operators of all kinds, where one step would be too coarse.
static void check_weights_only(bool has_one_step) {
  float_graph c;
  pk_diff_net net;
  pk_layer_list layers;
  pk_answers before, after;
  start(&c);
  for (size_t op = 0; op < 3; op++) {  // the first channel's weights are much larger
    const int32_t number = c.graph.ops[op].inputs[PK_INPUT_WEIGHTS];
    float *w = float_graph_values(&c.graph, number);
    const bool is_depthwise = c.graph.ops[op].kind == PK_OP_DEPTHWISE_CONV_2D;
    const size_t k = is_depthwise ? 9 : (size_t)c.graph.tensors[number].dims[3];
    for (size_t j = 0; j < k; j++) w[is_depthwise ? j * MIDDLE : j] *= 20.0f;
  }
  assert_true(pk_answers_make(&before, &c.graph, &c.set, PK_SHARD_BYTES_DEFAULT, &c.error));
  assert_true(pk_diff_net_init(&net, &c.graph, &c.error));
  assert_true(pk_layer_list_init(&layers, &net, true, &c.error));
  assert_int_equal(layers.count, 3);
  size_t moved = 0;
  for (size_t i = 0; i < layers.count; i++) {
    const pk_layer *layer = &layers.items[i];
    for (size_t j = 0; j < layer->groups * layer->k; j++) {
      layer->covariance[j * layer->k + j % layer->k] = 1.0f;
    }
    int8_t levels[64];
    const float step = eight_bit_step(layer, has_one_step);
    for (size_t j = 0; j < pk_layer_elements(layer); j++) {
      levels[j] = (int8_t)rintf(layer->weights[j] / pk_output_step(layer, j / layer->k, step));
    }
    const int32_t number = c.graph.ops[layer->op].inputs[PK_INPUT_BIAS];
    const float *bias = float_graph_values(&c.graph, number);
    assert_true(pk_rewrite_layer(&c.graph, layer, levels, step, bias, &c.error));
    moved += check_biases(layer, bias, float_graph_values(&c.graph, number), step);
    assert_int_equal(c.graph.tensors[layer->weights_tensor].quantization.count,
                     has_one_step ? 1 : pk_layer_outputs(layer));
  }
  assert_true(moved > 0);
  assert_true(pk_graph_check(&c.graph, &c.error));
  assert_true(pk_answers_make(&after, &c.graph, &c.set, PK_SHARD_BYTES_DEFAULT, &c.error));
  const pk_quality quality = pk_quality_compare(&after, &before, &c.set);
  assert_true(quality.range_error < 1.0 && quality.range_error > 0.0);
  pk_answers_free(&before);
  pk_answers_free(&after);
  pk_layer_list_deinit(&layers);
  pk_diff_net_deinit(&net);
  float_graph_end(&c);
}

static void test_weights_only(void **state) {
  (void)state;
  check_weights_only(true);
  check_weights_only(false);
}

static int32_t add_binary(float_graph *c, int32_t function, int32_t a, int32_t b) {
  pk_op op = {.kind = PK_OP_BINARY};
  op.attributes.words.words[MNW_BINARY_FUNCTION] = function;
  const int32_t y = float_graph_tensor(c, "y", false, 4, 1, 2, 2, 64);
  float_graph_op(c, op, a, b, PK_NO_TENSOR, y);
  return y;
}

static int32_t add_pointwise(float_graph *c, int32_t function, int32_t a, int32_t b) {
  pk_op op = {.kind = PK_OP_BINARY};
  op.attributes.words.words[MNW_BINARY_FUNCTION] = function;
  const int32_t side = FLOAT_GRAPH_SIDE;
  const int32_t y = float_graph_tensor(c, "pointwise", false, 4, 1, side, side, MIDDLE);
  float_graph_op(c, op, a, b, PK_NO_TENSOR, y);
  return y;
}

// Sums of equal shapes become the addition that has a kernel of its own, other functions do not.
static void test_sums(void **state) {
  (void)state;
  enum { VALUES = FLOAT_GRAPH_SIDE * FLOAT_GRAPH_SIDE * OUT };
  float_graph c;
  pk_range ranges[32];
  pk_diff_net net;
  float before[VALUES], after[VALUES];
  size_t sums = 0, products = 0;
  float_graph_start(&c, 23);
  const pk_op conv = float_graph_conv(PK_OP_CONV_2D, PK_ACTIVATION_NONE, 0);
  const int32_t x =
      float_graph_tensor(&c, "x", false, 4, 1, FLOAT_GRAPH_SIDE, FLOAT_GRAPH_SIDE, IN);
  const int32_t a = float_graph_layer(&c, conv, x, 1, MIDDLE);
  const int32_t b = float_graph_layer(&c, conv, x, 1, MIDDLE);
  const int32_t sum = add_pointwise(&c, MNW_BINARY_ADD, a, b);
  const int32_t product = add_pointwise(&c, MNW_BINARY_MUL, sum, a);
  float_graph_finish(&c, x, float_graph_layer(&c, conv, product, 1, OUT));
  float_graph_run(before, &c, 1, false);
  assert_true(pk_diff_net_init(&net, &c.graph, &c.error));
  assert_true(
      pk_activation_ranges(ranges, NULL, &net, &c.set, &(pk_range_options){.seed = 1}, &c.error));
  pk_diff_net_deinit(&net);
  assert_true(pk_quantize_graph(&c.graph, ranges, NULL, &c.error));
  for (size_t i = 0; i < c.graph.op_count; i++) {
    sums += c.graph.ops[i].kind == PK_OP_ADD;
    products += c.graph.ops[i].kind == PK_OP_BINARY;
  }
  assert_int_equal(sums, 1);
  assert_int_equal(products, 1);
  float_graph_run(after, &c, 1, true);
  float most = 0.0f;
  for (size_t i = 0; i < VALUES; i++) most = fmaxf(most, fabsf(before[i]));
  for (size_t i = 0; i < VALUES; i++) assert_true(fabsf(before[i] - after[i]) < 0.05f * most);
  float_graph_end(&c);
}

// Slopes keep eight bits, whatever their size and sign; factors are none, and keep all.
static void test_slopes(void **state) {
  (void)state;
  float_graph c;
  float_graph_start(&c, 11);
  const int32_t x = float_graph_tensor(&c, "x", false, 4, 1, 2, 2, 64);
  const int32_t slopes = float_graph_tensor(&c, "slopes", true, 4, 1, 1, 1, 64);
  const int32_t factors = float_graph_tensor(&c, "factors", true, 4, 1, 1, 1, 64);
  float *slope = float_graph_values(&c.graph, slopes);
  const float *factor = float_graph_values(&c.graph, factors);
  const float odd[] = {0.0f, 1e-20f, -3.14159f, 0.99999f, 1e30f};
  memcpy(slope, odd, sizeof odd);
  const int32_t y = add_binary(&c, MNW_BINARY_PRELU, x, slopes);
  add_binary(&c, MNW_BINARY_MUL, y, factors);
  assert_true(pk_round_slopes(&c.graph, &c.error));
  assert_ptr_equal(float_graph_values(&c.graph, factors), factor);
  const float *rounded = float_graph_values(&c.graph, slopes);
  size_t moved = 0;
  for (size_t i = 0; i < 64; i++) {
    uint32_t bits;
    memcpy(&bits, &rounded[i], sizeof bits);
    assert_int_equal(bits & 0xffff, 0);
    assert_true(fabsf(rounded[i] - slope[i]) <= fabsf(slope[i]) / 256.0f);
    moved += rounded[i] != slope[i];
  }
  assert_true(moved > 50);
  assert_true(rounded[3] == 1.0f);
  float_graph_end(&c);
}

static void test_best_range(void **state) {
  (void)state;
  uint32_t even[256], tailed[256] = {0};
  for (size_t i = 0; i < 256; i++) even[i] = 10;
  for (size_t i = 120; i < 136; i++) tailed[i] = 1000000;
  tailed[0] = tailed[255] = 1;
  const pk_range seen = {-2.0f, 2.0f};
  const pk_range whole = pk_range_by_rule(PK_RANGE_SQUARED_ERROR, even, 256, seen);
  const pk_range cut = pk_range_by_rule(PK_RANGE_SQUARED_ERROR, tailed, 256, seen);
  assert_true(whole.low == -2.0f && whole.high == 2.0f);
  assert_true(cut.high < 1.0f && cut.high > 0.1f && cut.low > -1.0f && cut.low < -0.1f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_dead_channels), cmocka_unit_test(test_int8_in_front_of_weights_only),
      cmocka_unit_test(test_weights_only),  cmocka_unit_test(test_sums),
      cmocka_unit_test(test_slopes),        cmocka_unit_test(test_best_range),
  };
  return cmocka_run_group_tests_name("compress_graph", tests, NULL, NULL);
}
