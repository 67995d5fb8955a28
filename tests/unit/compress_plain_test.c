// Weights rounded without samples: what each type holds, what stays as it is, and that the runtime
// computes with what is left.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
// cmocka needs those above
#include <cmocka.h>

#include "../../core/base/bytes.h"
#include "../../core/ops/op_params.h"
#include "../../packer/compress/plain_weights.h"
#include "../../packer/compress/quality.h"
#include "../../packer/encode/shard_encode.h"
#include "float_graph.h"

enum { IN = 3, MIDDLE = 20, OUT = 4, VALUES = 1 << 12 };

// conv 1x1 -> depthwise 3x3 -> conv 1x1, whose weights and biases are tensors of these numbers.
typedef struct plain_net {
  float_graph c;
  int32_t y, weights[3], biases[3];
} plain_net;

static void net_start(plain_net *net) {
  float_graph *c = &net->c;
  float_graph_start(c, 5);
  const int32_t x = float_graph_tensor(c, "x", false, 4, 1, FLOAT_GRAPH_SIDE, FLOAT_GRAPH_SIDE, IN);
  const int32_t first =
      float_graph_layer(c, float_graph_conv(PK_OP_CONV_2D, PK_ACTIVATION_RELU, 0), x, 1, MIDDLE);
  const int32_t second = float_graph_layer(
      c, float_graph_conv(PK_OP_DEPTHWISE_CONV_2D, PK_ACTIVATION_NONE, 1), first, 3, MIDDLE);
  net->y =
      float_graph_layer(c, float_graph_conv(PK_OP_CONV_2D, PK_ACTIVATION_NONE, 0), second, 1, OUT);
  float_graph_finish(c, x, net->y);
  for (size_t i = 0; i < 3; i++) {
    net->weights[i] = c->graph.ops[i].inputs[PK_INPUT_WEIGHTS];
    net->biases[i] = c->graph.ops[i].inputs[PK_INPUT_BIAS];
  }
}

// The range's share that the answers of the runtime move by, in %.
static double rounded_error(plain_net *net, pk_plain_weights type, pk_plain_report *report) {
  pk_answers before = {0}, after = {0};
  float_graph *c = &net->c;
  assert_true(pk_answers_make(&before, &c->graph, &c->set, PK_SHARD_BYTES_DEFAULT, &c->error));
  assert_true(pk_round_plain(&c->graph, report, type, &c->error));
  assert_true(pk_answers_make(&after, &c->graph, &c->set, PK_SHARD_BYTES_DEFAULT, &c->error));
  const double error = pk_quality_compare(&after, &before, &c->set).range_error;
  pk_answers_free(&before);
  pk_answers_free(&after);
  return error;
}

static void check_half(float value, float rounded) {
  assert_int_equal(mnw_float_bits(rounded) & ((1u << 13) - 1), 0);
  if (fabsf(value) <= 0x1p-25f) {
    assert_true(rounded == 0.0f);
  } else {
    assert_true(fabsf(rounded - value) <= fabsf(value) * 0x1p-11f);
  }
}

static void test_float16(void **state) {
  (void)state;
  plain_net net;
  pk_plain_report report;
  float odd[] = {0.0f, 1e-30f, -0x1p-24f, 65519.0f, -1e38f, 0x1.002p0f, 0x1.006p0f, 3.0f};
  float before[IN * MIDDLE], bias[MIDDLE];
  net_start(&net);
  const double error = rounded_error(&net, PK_PLAIN_FLOAT16, &report);
  assert_true(error > 0.0 && error < 0.1);
  assert_int_equal(report.constants, 3);
  assert_int_equal(report.numbers, IN * MIDDLE + 9 * MIDDLE + MIDDLE * OUT);
  float_graph_end(&net.c);

  net_start(&net);
  float *weights = float_graph_values(&net.c.graph, net.weights[0]);
  memcpy(weights, odd, sizeof odd);
  memcpy(before, weights, sizeof before);
  memcpy(bias, float_graph_values(&net.c.graph, net.biases[0]), sizeof bias);
  assert_true(pk_round_plain(&net.c.graph, &report, PK_PLAIN_FLOAT16, &net.c.error));
  const float *rounded = float_graph_values(&net.c.graph, net.weights[0]);
  for (size_t i = 0; i < IN * MIDDLE; i++) check_half(before[i], rounded[i]);
  assert_true(rounded[5] == 1.0f && rounded[6] == 0x1.008p0f);  // ties to even
  assert_memory_equal(float_graph_values(&net.c.graph, net.biases[0]), bias, sizeof bias);
  float_graph_end(&net.c);
}

// The squared error of a channel's weights at their steps, at most that of the widest step.
static void check_channel(const pk_tensor *tensor, const float *before, size_t channel,
                          size_t channels, size_t stride, int most) {
  const size_t each = tensor->data_bytes / channels;
  const float step = tensor->quantization.scales[channel];
  double error = 0.0, widest_error = 0.0;
  float largest = 0.0f;
  for (size_t i = 0; i < each; i++) {
    largest = fmaxf(largest, fabsf(before[(stride == 1 ? channel * each : channel) + i * stride]));
  }
  for (size_t i = 0; i < each; i++) {
    const size_t at = (stride == 1 ? channel * each : channel) + i * stride;
    const int level = (int8_t)tensor->data[at];
    const float widest = largest / (float)most;
    const double off = (double)(before[at] - step * (float)level);
    const double widest_off = (double)(before[at] - widest * rintf(before[at] / widest));
    assert_true(level >= -most && level <= most);
    error += off * off;
    widest_error += widest_off * widest_off;
  }
  assert_true(error <= widest_error * 1.0001);
  if (most == 127) assert_true(fabsf(step * 127.0f - largest) <= 1e-5f * largest);
}

static void check_levels(pk_plain_weights type, int most, double limit) {
  plain_net net;
  pk_plain_report report;
  static float before[3][VALUES];
  net_start(&net);
  for (size_t i = 0; i < 3; i++) {
    const pk_tensor *tensor = &net.c.graph.tensors[net.weights[i]];
    assert_true(tensor->data_bytes <= sizeof before[i]);
    memcpy(before[i], tensor->data, tensor->data_bytes);
  }
  const double error = rounded_error(&net, type, &report);
  assert_true(error > 0.0 && error < limit);
  assert_int_equal(report.constants, 3);
  for (size_t i = 0; i < 3; i++) {
    const pk_tensor *tensor = &net.c.graph.tensors[net.weights[i]];
    const bool is_depthwise = i == 1;
    const size_t channels = (size_t)tensor->dims[is_depthwise ? 3 : 0];
    assert_int_equal(tensor->dtype, PK_DTYPE_S8);
    assert_int_equal(tensor->quantization.count, channels);
    for (size_t channel = 0; channel < channels; channel++) {
      check_channel(tensor, before[i], channel, channels, is_depthwise ? channels : 1, most);
    }
  }
  float_graph_end(&net.c);
}

static void test_levels(void **state) {
  (void)state;
  check_levels(PK_PLAIN_INT8, 127, 1.0);
  check_levels(PK_PLAIN_INT4, 7, 15.0);
}

// Weights that two operators share get 255 values and stay float32; a model without any is told so.
static void test_without_steps(void **state) {
  (void)state;
  plain_net net;
  pk_plain_report report;
  net_start(&net);
  int32_t *inputs = (int32_t *)net.c.graph.ops[2].inputs;
  float_graph_op(
      &net.c, float_graph_conv(PK_OP_CONV_2D, PK_ACTIVATION_NONE, 0), net.c.graph.ops[1].output,
      inputs[PK_INPUT_WEIGHTS], inputs[PK_INPUT_BIAS],
      float_graph_tensor(&net.c, "z", false, 4, 1, FLOAT_GRAPH_SIDE, FLOAT_GRAPH_SIDE, OUT));
  assert_true(pk_round_plain(&net.c.graph, &report, PK_PLAIN_INT4, &net.c.error));
  assert_int_equal(report.constants, 3);
  const pk_tensor *shared = &net.c.graph.tensors[net.weights[2]];
  assert_int_equal(shared->dtype, PK_DTYPE_F32);
  const float *values = float_graph_values(&net.c.graph, net.weights[2]);
  float step = 0.0f;
  for (size_t i = 0; i < MIDDLE * OUT; i++) step = fmaxf(step, fabsf(values[i]) / 127.0f);
  for (size_t i = 0; i < MIDDLE * OUT; i++) {
    assert_true(fabsf(values[i] / step - rintf(values[i] / step)) < 1e-3f);
  }
  for (size_t i = 0; i < 3; i++) net.c.graph.tensors[net.weights[i]].dtype = PK_DTYPE_S8;
  assert_false(pk_round_plain(&net.c.graph, &report, PK_PLAIN_INT8, &net.c.error));
  assert_int_equal(net.c.error.code, PK_UNSUPPORTED);
  assert_non_null(strstr(net.c.error.message, "--weights int8 would change nothing"));
  float_graph_end(&net.c);
}

// A bidirectional LSTM whose states and outputs are two operators with the same weights.
static void test_recurrent(void **state) {
  (void)state;
  enum { HIDDEN = 6, STEPS = FLOAT_GRAPH_SIDE * FLOAT_GRAPH_SIDE, LSTM = 2, BOTH = 2, LAST_H = 1 };
  const pk_plain_weights types[] = {PK_PLAIN_FLOAT16, PK_PLAIN_INT8, PK_PLAIN_INT4};
  const double limits[] = {0.1, 1.5, 25.0};
  for (int i = 0; i < 3; i++) {
    plain_net net = {0};
    pk_plain_report report;
    float_graph *c = &net.c;
    float_graph_start(c, 7);
    const int32_t x =
        float_graph_tensor(c, "x", false, 4, 1, FLOAT_GRAPH_SIDE, FLOAT_GRAPH_SIDE, IN);
    const int32_t rows = float_graph_tensor(c, "rows", false, 3, STEPS, 1, IN, 1);
    const int32_t w = float_graph_tensor(c, "w", true, 3, 2, 4 * HIDDEN, IN, 1);
    const int32_t r = float_graph_tensor(c, "r", true, 3, 2, 4 * HIDDEN, HIDDEN, 1);
    const int32_t every = float_graph_tensor(c, "every", false, 4, STEPS, 2, 1, HIDDEN);
    const int32_t last = float_graph_tensor(c, "last", false, 3, 2, 1, HIDDEN, 1);
    const int32_t first = float_graph_tensor(c, "first", false, 4, 1, 2, 1, HIDDEN);
    const int32_t ends = float_graph_tensor(c, "ends", false, 4, 1, 2, 1, HIDDEN);
    const int32_t y = float_graph_tensor(c, "y", false, 4, 1, 2, 1, HIDDEN);
    pk_op lstm = {.kind = PK_OP_RECURRENT};
    pk_op slice = {.kind = PK_OP_SLICE};
    float_graph_op(c, (pk_op){.kind = PK_OP_RESHAPE}, x, PK_NO_TENSOR, PK_NO_TENSOR, rows);
    lstm.attributes.words = (pk_word_attributes){.words = {LSTM, BOTH, 0}};
    float_graph_op(c, lstm, rows, w, r, every);
    lstm.attributes.words = (pk_word_attributes){.words = {LSTM, BOTH, LAST_H}};
    float_graph_op(c, lstm, rows, w, r, last);
    for (int axis = 0; axis < 4; axis++) slice.attributes.words.words[MNW_SLICE_STEP + axis] = 1;
    float_graph_op(c, slice, every, PK_NO_TENSOR, PK_NO_TENSOR, first);
    float_graph_op(c, (pk_op){.kind = PK_OP_RESHAPE}, last, PK_NO_TENSOR, PK_NO_TENSOR, ends);
    float_graph_op(c, (pk_op){.kind = PK_OP_ADD}, first, ends, PK_NO_TENSOR, y);
    float_graph_finish(c, x, y);
    const double error = rounded_error(&net, types[i], &report);
    assert_true(error > 0.0 && error < limits[i]);
    assert_int_equal(report.constants, 2);
    assert_int_equal(report.numbers, 2 * 4 * HIDDEN * (IN + HIDDEN));
    size_t real = 0;
    for (size_t j = 0; j < c->graph.op_count; j++) {
      real += c->graph.ops[j].kind == PK_OP_DEQUANTIZE;
    }
    assert_int_equal(real, types[i] == PK_PLAIN_FLOAT16 ? 0 : 2);
    assert_int_equal(c->graph.tensors[w].quantization.count, real > 0 ? 2 * 4 * HIDDEN : 0);
    float_graph_end(c);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_float16),
      cmocka_unit_test(test_levels),
      cmocka_unit_test(test_without_steps),
      cmocka_unit_test(test_recurrent),
  };
  return cmocka_run_group_tests_name("compress_plain", tests, NULL, NULL);
}
