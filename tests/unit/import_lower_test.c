// Packing, folding and the parameters of lowered operators, against formulas written anew from
// docs/FORMAT.md.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/format/package_format.h"
#include "../../core/ops/op_params.h"
#include "import/activation_range.h"
#include "import/import.h"
#include "import/weight_packing.h"
#include "import_samples.h"
#include "test_random.h"

static tflite_builder builder;

static void import_ok(pk_lowered_graph *graph) {
  size_t size;
  pk_error error = {.code = PK_OK};
  uint8_t *bytes = tflite_build(&builder, &size);
  if (!pk_import_tflite(graph, bytes, size, "m.tflite", &error)) fail_msg("%s", error.message);
  free(bytes);
}

static void assert_refused(pk_code code, const char *message) {
  size_t size;
  pk_lowered_graph graph;
  pk_error error = {.code = PK_OK};
  uint8_t *bytes = tflite_build(&builder, &size);
  assert_false(pk_import_tflite(&graph, bytes, size, "m.tflite", &error));
  free(bytes);
  assert_int_equal(error.code, code);
  if (!strstr(error.message, message)) fail_msg("\"%s\" lacks \"%s\"", error.message, message);
}

// Walks the layout in the order of its bytes: [ceil(o/8)][ceil(k/4)][8][4].
static void test_tile_order(void **state) {
  (void)state;
  static const size_t shapes[][2] = {{1, 1}, {8, 4}, {9, 5}, {16, 27}, {3, 130}, {17, 8}};
  uint32_t seed = 1;
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
    const size_t o_count = shapes[s][0], k_count = shapes[s][1];
    int8_t weights[17 * 130], packed[24 * 132];
    random_bytes(&seed, weights, sizeof weights);
    const pk_weight_matrix matrix = {.weights = weights,
                                     .o_count = o_count,
                                     .k_count = k_count,
                                     .o_stride = k_count,
                                     .k_stride = 1,
                                     .zero_point = -5};
    pk_pack_tile_8x4(packed, &matrix);
    const int8_t *next = packed;
    for (size_t o8 = 0; o8 < o_count; o8 += 8) {
      for (size_t k4 = 0; k4 < k_count; k4 += 4) {
        for (size_t o = o8; o < o8 + 8; o++) {
          for (size_t k = k4; k < k4 + 4; k++) {
            const bool present = o < o_count && k < k_count;
            assert_int_equal(*next++, present ? weights[o * k_count + k] : -5);
          }
        }
      }
    }
  }
}

// [ceil(c/8)][ceil(t/2)][8][2] from weights [t][c].
static void test_depthwise_order(void **state) {
  (void)state;
  static const size_t shapes[][2] = {{1, 1}, {8, 2}, {9, 9}, {24, 25}, {3, 4}};
  uint32_t seed = 2;
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
    const size_t channels = shapes[s][0], taps = shapes[s][1];
    int8_t weights[24 * 25], packed[24 * 26];
    random_bytes(&seed, weights, sizeof weights);
    const pk_weight_matrix matrix = {.weights = weights,
                                     .o_count = channels,
                                     .k_count = taps,
                                     .o_stride = 1,
                                     .k_stride = channels,
                                     .zero_point = 7};
    pk_pack_depthwise_8x2(packed, &matrix);
    const int8_t *next = packed;
    for (size_t c8 = 0; c8 < channels; c8 += 8) {
      for (size_t t2 = 0; t2 < taps; t2 += 2) {
        for (size_t c = c8; c < c8 + 8; c++) {
          for (size_t t = t2; t < t2 + 2; t++) {
            const bool present = c < channels && t < taps;
            assert_int_equal(*next++, present ? weights[t * channels + c] : 7);
          }
        }
      }
    }
  }
}

static void test_weight_bits(void **state) {
  (void)state;
  static const struct {
    int8_t low, high;
    int zero_point, bits;
  } rows[] = {{-64, 63, 0, 7}, {-65, 0, 0, 8},     {0, 64, 0, 8}, {0, 127, 64, 7},
              {-1, 0, 64, 8},  {-128, -1, -64, 7}, {0, 0, 0, 1},  {-1, 1, 0, 2},
              {-8, 7, 0, 4},   {-9, 0, 0, 5},      {0, 8, 0, 5},  {-128, 127, 127, 8},
              {-32, 31, 0, 6}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const int8_t weights[] = {rows[i].low, rows[i].high};
    const pk_weight_matrix matrix = {.weights = weights,
                                     .o_count = 1,
                                     .k_count = 2,
                                     .k_stride = 1,
                                     .zero_point = rows[i].zero_point};
    assert_int_equal(pk_weight_bits(&matrix), rows[i].bits);
  }
}

// The folded form equals bias + sum (x - zx)(w - zw) for every x, and no x leaves [min, max].
static void test_folding(void **state) {
  (void)state;
  enum { K = 19 };
  uint32_t seed = 3;
  for (int round = 0; round < 200; round++) {
    int8_t weights[K];
    random_bytes(&seed, weights, K);
    const int32_t zero_w = random_between(&seed, -128, 127);
    const int32_t zero_x = random_between(&seed, -128, 127);
    const int32_t bias = random_between(&seed, -1000000, 1000000);
    const pk_weight_matrix matrix = {
        .weights = weights, .o_count = 1, .k_count = K, .k_stride = 1, .zero_point = zero_w};
    const pk_accumulator accumulator = pk_accumulate(&matrix, 0, bias, zero_x);
    int64_t highest = INT64_MIN, lowest = INT64_MAX;
    for (int trial = 0; trial < 6; trial++) {
      int64_t plain = bias, folded = accumulator.folded_bias;
      for (int k = 0; k < K; k++) {
        const int64_t w = weights[k] - zero_w;
        // Trials 0 and 1 aim at the ends; the rest is chance.
        const int32_t extreme = (w > 0) == (trial == 0) ? 127 : -128;
        const int32_t x = trial < 2 ? extreme : random_between(&seed, -128, 127);
        plain += (x - zero_x) * w;
        folded += x * w;
      }
      assert_int_equal(plain, folded);
      highest = plain > highest ? plain : highest;
      lowest = plain < lowest ? plain : lowest;
    }
    assert_int_equal(accumulator.max, highest);
    assert_int_equal(accumulator.min, lowest);
  }
}

static void test_clamps(void **state) {
  (void)state;
  uint32_t seed = 4;
  for (int i = 0; i < 2000; i++) {
    const float scale = (float)random_between(&seed, 1, 4000) / 8000.0f;
    const int32_t zero_point = random_between(&seed, -128, 127);
    const double six = zero_point + floor(6.0 / (double)scale + 0.5);
    const double one = floor(1.0 / (double)scale + 0.5);
    const pk_clamp relu6 = pk_activation_clamp(PK_ACTIVATION_RELU6, scale, zero_point);
    const pk_clamp relu = pk_activation_clamp(PK_ACTIVATION_RELU, scale, zero_point);
    const pk_clamp both = pk_activation_clamp(PK_ACTIVATION_RELU_N1_TO_1, scale, zero_point);
    assert_int_equal(relu.min, zero_point);
    assert_int_equal(relu.max, 127);
    assert_int_equal(relu6.min, zero_point);
    // The float32 quotient may fall on the other side of a half than the exact one.
    assert_true(fabs(relu6.max - fmin(six, 127)) <= (fabs(fmod(6.0 / scale, 1) - 0.5) < 1e-3));
    assert_true(fabs(both.max - fmin(zero_point + one, 127)) <=
                (fabs(fmod(1.0 / scale, 1) - 0.5) < 1e-3));
    assert_int_equal(both.min,
                     zero_point - one < -128
                         ? -128
                         : 2 * zero_point - (both.max == 127 ? zero_point + (int)one : both.max));
  }
  const pk_clamp tiny = pk_activation_clamp(PK_ACTIVATION_RELU6, 1e-38f, -128);
  assert_int_equal(tiny.max, 127);
  assert_int_equal(pk_activation_clamp(PK_ACTIVATION_NONE, 1, 5).min, -128);
}

static const pk_lowered_tensor *input_of(const pk_lowered_graph *graph, size_t op, int input) {
  return &graph->tensors[graph->ops[op].inputs[input]];
}

static int32_t s32_at(const pk_lowered_tensor *t, size_t i) {
  int32_t value;
  memcpy(&value, t->data + 4 * i, 4);
  return value;
}

static float f32_at(const pk_lowered_tensor *t, size_t i) {
  float value;
  memcpy(&value, t->data + 4 * i, 4);
  return value;
}

static void test_lowers_a_convolution(void **state) {
  (void)state;
  pk_lowered_graph graph;
  import_sample_conv(&builder);
  import_ok(&graph);
  assert_int_equal(graph.op_count, 1);
  const int32_t expected[] = {3, 3, 2, 2, 1, 1, 1, 0, 0, 8, -128, -68};
  assert_int_equal(graph.ops[0].code, MNW_OP_CONV_2D);
  assert_memory_equal(graph.ops[0].params, expected, sizeof expected);
  const pk_lowered_tensor *w = input_of(&graph, 0, 1), *bias = input_of(&graph, 0, 2);
  const pk_lowered_tensor *multiplier = input_of(&graph, 0, 3);
  assert_int_equal(w->layout, MNW_LAYOUT_TILE_8X4);
  assert_int_equal(w->data_bytes, 8 * 28);
  assert_int_equal(bias->data_bytes, 32);
  assert_int_equal(multiplier->data_bytes, 32);
  const int8_t *source = builder.tensors[1].data;
  const int32_t *source_bias = builder.tensors[2].data;
  for (size_t o = 0; o < 8; o++) {
    int32_t folded = 0;
    float scale = 0;
    if (o < 5) {
      folded = source_bias[o];
      for (size_t k = 0; k < 27; k++) folded -= 3 * source[27 * o + k];
      volatile float product = 0.5f * builder.tensors[1].scales[o];  // two roundings
      scale = product / 0.1f;
    }
    assert_int_equal(s32_at(bias, o), folded);
    assert_true(f32_at(multiplier, o) == scale);
  }
  pk_lowered_graph_free(&graph);
}

// TensorFlow's rule: output ceil(in / stride), the odd row of padding at the bottom.
static void test_same_padding(void **state) {
  (void)state;
  for (int32_t stride = 1; stride <= 3; stride++) {
    for (int32_t dilation = 1; dilation <= 2; dilation++) {
      for (int32_t size = 3; size <= 9; size++) {
        pk_lowered_graph graph;
        import_sample_conv(&builder);
        const int32_t output = (size + stride - 1) / stride, reach = 2 * dilation + 1;
        int32_t total = (output - 1) * stride + reach - size;
        if (total < 0) total = 0;
        builder.tensors[0].dims[1] = builder.tensors[0].dims[2] = size;
        builder.tensors[3].dims[1] = builder.tensors[3].dims[2] = output;
        builder.operators[0].options[1].bits = builder.operators[0].options[2].bits =
            (uint32_t)stride;
        builder.operators[0].options[4].bits = builder.operators[0].options[5].bits =
            (uint32_t)dilation;
        import_ok(&graph);
        assert_int_equal(graph.ops[0].params[MNW_CONV_PAD_TOP], total / 2);
        assert_int_equal(graph.ops[0].params[MNW_CONV_PAD_LEFT], total / 2);
        assert_int_equal(graph.ops[0].params[MNW_CONV_DILATION_W], dilation);
        pk_lowered_graph_free(&graph);
      }
    }
  }
}

static void test_missing_bias_is_zero(void **state) {
  (void)state;
  pk_lowered_graph graph;
  for (int absent = 0; absent < 2; absent++) {
    import_sample_conv(&builder);
    builder.tensors[0].zero_point = 0;
    builder.operators[0].input_count = absent ? 2 : 3;
    builder.operators[0].inputs[2] = -1;
    import_ok(&graph);
    for (size_t o = 0; o < 8; o++) assert_int_equal(s32_at(input_of(&graph, 0, 2), o), 0);
    assert_string_equal(input_of(&graph, 0, 2)->name, "y/bias");
    pk_lowered_graph_free(&graph);
  }
}

static void test_accumulators_must_fit(void **state) {
  (void)state;
  static int32_t bias[5] = {0, 0, INT32_MAX, 0, 0};
  import_sample_conv(&builder);
  builder.tensors[2].data = bias;
  assert_refused(PK_UNSUPPORTED,
                 "operator 0 (CONV_2D \"y\"): the sum of output channel 2 can reach");
  // The same bias on a channel without weights is no danger.
  static int8_t weights[135];
  pk_lowered_graph graph;
  memset(weights + 27, 1, 27);
  builder.tensors[1].data = weights;
  import_ok(&graph);
  assert_int_equal(s32_at(input_of(&graph, 0, 2), 2), INT32_MAX);
  assert_int_equal(s32_at(input_of(&graph, 0, 2), 1), -3 * 27);
  assert_int_equal(graph.ops[0].params[MNW_CONV_WEIGHT_BITS], 2);
  pk_lowered_graph_free(&graph);
}

static void describe(const char *name) {
  for (int i = 0; i < IMPORT_SAMPLE_COUNT; i++) {
    if (strcmp(import_samples[i].name, name) == 0) import_samples[i].describe(&builder);
  }
}

// ONNX's quantisers measure the range of a softmax; TFLite's always take 1/256.
static void test_softmax_takes_any_scale(void **state) {
  (void)state;
  pk_lowered_graph graph;
  describe("int8");
  builder.tensors[7].scale = 1.0f / 255;
  import_ok(&graph);
  const pk_lowered_op *softmax = &graph.ops[graph.op_count - 2];  // before the QUANTIZE
  assert_int_equal(softmax->code, MNW_OP_SOFTMAX);
  assert_float_equal(graph.tensors[softmax->outputs[0]].scale, 1.0f / 255, 0.0f);
  pk_lowered_graph_free(&graph);
}

// The int8 operator knows height and width only; other axes are averaged in float32.
static void test_mean_over_other_axes(void **state) {
  (void)state;
  static const int32_t axes[] = {1, -1};
  pk_lowered_graph graph;
  describe("int8");
  builder.tensors[2].data = axes;
  builder.tensors[3].dims[1] = 4;
  builder.tensors[4].dims[1] = 4;
  builder.tensors[4].data_bytes = 16;
  import_ok(&graph);
  int at = 0;
  while (graph.ops[at].code != MNW_OP_DEQUANTIZE) at++;
  assert_int_equal(graph.ops[at + 1].code, MNW_OP_REDUCE);
  assert_int_equal(graph.ops[at + 1].params[MNW_REDUCE_FUNCTION], MNW_REDUCE_MEAN);
  assert_int_equal(graph.ops[at + 1].params[MNW_REDUCE_AXES], 1 << 1 | 1 << 3);
  assert_int_equal(graph.ops[at + 2].code, MNW_OP_QUANTIZE);
  pk_lowered_graph_free(&graph);
}

static void test_pools_do_not_rescale(void **state) {
  (void)state;
  describe("uint8");
  builder.tensors[4].scale = 0.06f;
  assert_refused(PK_UNSUPPORTED, "are quantised differently, but it cannot rescale");
}

static void test_adds_need_shapes_that_fit(void **state) {
  (void)state;
  describe("residual");
  builder.operators[2].inputs[1] = 0;
  builder.operators[2].inputs[0] = 2;  // the padded tensor
  assert_refused(PK_BAD_MODEL, "of its inputs do not fit");
}

static void test_padding_values(void **state) {
  (void)state;
  pk_lowered_graph graph;
  describe("pad_value");
  import_ok(&graph);
  assert_int_equal(graph.ops[1].code, MNW_OP_PAD);
  assert_int_equal(graph.ops[1].params[MNW_PAD_BEFORE + 1], 2);
  assert_int_equal(graph.ops[1].params[MNW_PAD_BEFORE + 2], 0);
  assert_int_equal(graph.ops[1].params[MNW_PAD_BEFORE + 3], 1);
  assert_int_equal(graph.ops[1].params[MNW_PAD_VALUE], 77 - 128);
  pk_lowered_graph_free(&graph);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tile_order),
      cmocka_unit_test(test_depthwise_order),
      cmocka_unit_test(test_weight_bits),
      cmocka_unit_test(test_folding),
      cmocka_unit_test(test_clamps),
      cmocka_unit_test(test_lowers_a_convolution),
      cmocka_unit_test(test_same_padding),
      cmocka_unit_test(test_missing_bias_is_zero),
      cmocka_unit_test(test_accumulators_must_fit),
      cmocka_unit_test(test_softmax_takes_any_scale),
      cmocka_unit_test(test_mean_over_other_axes),
      cmocka_unit_test(test_pools_do_not_rescale),
      cmocka_unit_test(test_adds_need_shapes_that_fit),
      cmocka_unit_test(test_padding_values),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
