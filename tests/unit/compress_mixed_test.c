// Activations that int8 would break stay float32, and the others become int8.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka needs those above
#include <cmocka.h>

#include "../../packer/compress/min_cut.h"
#include "../../packer/compress/mixed_precision.h"
#include "../../packer/compress/simulated_answers.h"
#include "float_graph.h"

enum { IN = 3, MIDDLE = 16, OUT = 2, LAYERS = 4, KERNEL = 3 };
static const double max_error = 3.0;

// Four convolutions 3x3. Where it is broken, channel 0 of the second one's output is a thousand
// times as large as the others, and the third one does not read it: steps that reach so far leave
// nothing of the others.
static void start(float_graph *c, bool is_broken) {
  const int32_t channels[LAYERS + 1] = {IN, MIDDLE, MIDDLE, MIDDLE, OUT};
  const int32_t side = FLOAT_GRAPH_SIDE;
  int32_t weights[LAYERS];
  float_graph_start(c, 23);
  const int32_t x = float_graph_tensor(c, "x", false, 4, 1, side, side, IN);
  int32_t last = x;
  for (int i = 0; i < LAYERS; i++) {
    const pk_activation activation = i + 1 < LAYERS ? PK_ACTIVATION_RELU : PK_ACTIVATION_NONE;
    const pk_op conv = float_graph_conv(PK_OP_CONV_2D, activation, 1);
    last = float_graph_layer(c, conv, last, KERNEL, channels[i + 1]);
    weights[i] = c->graph.ops[i].inputs[PK_INPUT_WEIGHTS];
  }
  float *second = float_graph_values(&c->graph, weights[1]);
  float *third = float_graph_values(&c->graph, weights[2]);
  const int32_t k = KERNEL * KERNEL * MIDDLE;
  for (int32_t i = 0; is_broken && i < k; i++) second[i] = 1000.0f * fabsf(second[i]);
  for (int32_t i = 0; is_broken && i < MIDDLE * k; i += MIDDLE) third[i] = 0.0f;
  float_graph_finish(c, x, last);
}

static pk_mixed_report mix(float_graph *c) {
  pk_mixed_report report;
  const pk_range_options options = {.seed = 1};
  assert_true(pk_mix_activations(&c->graph, &report, &c->set, max_error, &options, &c->error));
  return report;
}

static void test_broken_layer_stays_float(void **state) {
  (void)state;
  float_graph c;
  start(&c, true);
  const pk_mixed_report report = mix(&c);
  assert_true(report.int8_error > 10.0);
  assert_true(report.error <= max_error);
  assert_int_equal(report.weighted_ops, LAYERS);
  assert_int_equal(report.float_ops, 2);
  assert_true(report.int8_products > 13.0 && report.int8_products < 14.0);
  const pk_op_kind kinds[] = {PK_OP_QUANTIZE, PK_OP_CONV_2D,  PK_OP_DEQUANTIZE, PK_OP_CONV_2D,
                              PK_OP_CONV_2D,  PK_OP_QUANTIZE, PK_OP_CONV_2D,    PK_OP_DEQUANTIZE};
  const pk_dtype dtypes[] = {PK_DTYPE_S8,  PK_DTYPE_S8, PK_DTYPE_F32, PK_DTYPE_F32,
                             PK_DTYPE_F32, PK_DTYPE_S8, PK_DTYPE_S8,  PK_DTYPE_F32};
  assert_int_equal(c.graph.op_count, 8);
  for (size_t i = 0; i < 8; i++) {
    assert_int_equal(c.graph.ops[i].kind, kinds[i]);
    assert_int_equal(pk_op_output(&c.graph, &c.graph.ops[i])->dtype, dtypes[i]);
  }
  float_graph_end(&c);
}

static void test_sound_net_is_int8(void **state) {
  (void)state;
  float_graph c;
  start(&c, false);
  const pk_mixed_report report = mix(&c);
  assert_int_equal(report.float_ops, 0);
  assert_true(report.int8_products == 100.0 && report.error == report.int8_error);
  float_graph_end(&c);
}

// Within nothing at all everything stays float32, and the graph as it was.
static void test_no_error_is_float(void **state) {
  (void)state;
  float_graph c;
  pk_mixed_report report;
  const pk_range_options options = {.seed = 1};
  start(&c, true);
  assert_true(pk_mix_activations(&c.graph, &report, &c.set, 0.0, &options, &c.error));
  assert_int_equal(report.float_ops, LAYERS);
  assert_true(report.error == 0.0);
  assert_int_equal(c.graph.op_count, LAYERS);
  float_graph_end(&c);
}

// Small damage in one element of an output that hardly moves counts as much as large damage in one
// that moves a lot.
static void test_error_by_elements(void **state) {
  (void)state;
  float expected[] = {0.0f, 0.0f, 1.0f, 4.0f}, found[] = {0.0f, 0.0f, 1.1f, 4.0f};
  pk_answers reference = {.values = expected, .sample_count = 2, .values_each = 2};
  pk_error error = {0};
  reference.output_count = 1;
  reference.output_values[0] = 2;
  pk_answers answers = reference;
  double percent, other;
  answers.values = found;
  assert_true(pk_answers_relative_error(&percent, &answers, &reference, &error));
  assert_true(fabs(percent - 100.0 * 0.1 / sqrt(4.0)) < 1e-3);
  found[2] = 1.0f;
  found[3] = 4.4f;
  assert_true(pk_answers_relative_error(&other, &answers, &reference, &error));
  assert_true(fabs(percent - other) < 1e-3);
}

// Two things beside each other: the second leans to the sink, the first to the source, and it
// depends on what standing apart costs whether they do.
static void check_cut(double apart, bool first, bool second) {
  enum { A = PK_CUT_FIRST, B, NODES };
  pk_cut cut;
  pk_error error = {0};
  bool is_source[NODES];
  assert_true(pk_cut_init(&cut, NODES, &error));
  assert_true(pk_cut_add(&cut, PK_CUT_SOURCE, A, 3.0, &error) &&
              pk_cut_add(&cut, A, PK_CUT_SINK, 1.0, &error) &&
              pk_cut_add(&cut, PK_CUT_SOURCE, B, 1.0, &error) &&
              pk_cut_add(&cut, B, PK_CUT_SINK, 5.0, &error) &&
              pk_cut_add(&cut, A, B, apart, &error) && pk_cut_add(&cut, B, A, apart, &error));
  assert_true(pk_cut_solve(is_source, &cut, &error));
  assert_true(is_source[PK_CUT_SOURCE] && !is_source[PK_CUT_SINK]);
  assert_true(is_source[A] == first && is_source[B] == second);
  pk_cut_deinit(&cut);
}

static void test_cut(void **state) {
  (void)state;
  check_cut(1.0, true, false);
  check_cut(3.0, false, false);
  check_cut((double)INFINITY, false, false);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_broken_layer_stays_float),
      cmocka_unit_test(test_sound_net_is_int8),
      cmocka_unit_test(test_no_error_is_float),
      cmocka_unit_test(test_error_by_elements),
      cmocka_unit_test(test_cut),
  };
  return cmocka_run_group_tests_name("compress_mixed", tests, NULL, NULL);
}
