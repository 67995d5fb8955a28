// What a compression does about a refinement: kept, tried again with more room, or left.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
// cmocka needs those above
#include <cmocka.h>

#include "../../packer/compress/compress_model.h"
#include "../../packer/compress/share_weights.h"
#include "float_graph.h"

enum { IN = 3, MIDDLE = 8, OUT = 12, SAMPLES = 24, TARGET = 2000 };

// A refinement that brings the weights nearer to the original ones, for more bits.
typedef struct fake {
  size_t calls;
  size_t greedy_calls;  // the first so many take all the levels there are, later ones none
} fake;

static bool fake_refine(void *user, const pk_refine_subject *subject, pk_refinement *told,
                        pk_error *error) {
  static const size_t all = PK_SHARED_MAX;
  fake *f = user;
  pk_coded_weights *weights = subject->weights;
  const bool is_greedy = f->calls++ < f->greedy_calls;
  for (size_t i = 0; is_greedy && i < weights->layers->count; i++) {
    const pk_layer *layer = &weights->layers->items[i];
    pk_grid *grid = &weights->grids[i];
    assert_true(pk_share_weights(&grid->shared, &all, 1, layer, grid->step, error));
    for (size_t at = 0; at < pk_layer_elements(layer); at++) {
      weights->levels[i][at] = (int8_t)pk_grid_level(grid, layer->weights[at] / grid->step);
    }
  }
  pk_coded_weights_to_net(subject->net, weights);
  told->steps = 1;
  return true;
}

// conv 1x1 + relu -> conv of all that is left: a row of classes.
static void build_graph(float_graph *c) {
  float_graph_start(c, 11);
  const pk_op relu = float_graph_conv(PK_OP_CONV_2D, PK_ACTIVATION_RELU, 0);
  const pk_op linear = float_graph_conv(PK_OP_CONV_2D, PK_ACTIVATION_NONE, 0);
  const int32_t side = FLOAT_GRAPH_SIDE;
  const int32_t x = float_graph_tensor(c, "x", false, 4, 1, side, side, IN);
  const int32_t middle = float_graph_layer(c, relu, x, 1, MIDDLE);
  float_graph_finish(c, x, float_graph_layer(c, linear, middle, side, OUT));
}

static bool read_samples(void *user, pk_sample_set *samples, const pk_manifest *manifest,
                         pk_error *error) {
  (void)user, (void)manifest, (void)error;
  float_graph_samples(samples, SAMPLES, IN, 5);
  return true;
}

typedef struct outcome {
  int8_t levels[OUT * FLOAT_GRAPH_SIDE * FLOAT_GRAPH_SIDE * MIDDLE];  // of the last layer
  size_t bytes;
  pk_refinement told;
} outcome;

static outcome compress(size_t target, fake *refinement) {
  float_graph c;
  pk_compress_report report;
  outcome out = {.bytes = 0};
  const pk_pack_options pack = {.name = "refined"};
  const pk_compress_options options = {.read_samples = read_samples,
                                       .refine = refinement ? fake_refine : NULL,
                                       .refine_user = refinement,
                                       .target_bytes = target,
                                       .seed = 1,
                                       .activations = PK_ACTIVATIONS_FLOAT32,
                                       .weight_values = PK_WEIGHTS_SHARED,
                                       .pack = &pack};
  build_graph(&c);
  if (!pk_compress_graph(&c.graph, &options, &report, &c.error)) fail_msg("%s", c.error.message);
  const pk_tensor *weights = pk_op_input(&c.graph, &c.graph.ops[1], PK_INPUT_WEIGHTS);
  assert_int_equal(weights->data_bytes, sizeof out.levels);
  memcpy(out.levels, weights->data, sizeof out.levels);
  out.bytes = report.trials.items[report.trials.chosen].package_bytes;
  out.told = report.refinement;
  pk_compress_report_free(&report);
  float_graph_end(&c);
  return out;
}

static void test_kept_at_once(void **state) {
  (void)state;
  fake f = {.greedy_calls = 0};
  const outcome refined = compress(TARGET, &f);
  assert_int_equal(f.calls, 1);
  assert_int_equal(refined.told.rounds, 1);
  assert_true(refined.told.is_kept && refined.bytes <= TARGET);
}

// What takes too many bytes is refined again from fewer.
static void test_more_room(void **state) {
  (void)state;
  fake modest = {.greedy_calls = 0}, f = {.greedy_calls = 1};
  const outcome once = compress(TARGET, &modest), refined = compress(TARGET, &f);
  assert_int_equal(f.calls, 2);
  assert_int_equal(refined.told.rounds, 2);
  assert_true(refined.told.is_kept);
  assert_true(refined.bytes < once.bytes);
}

// And where that does not help either, the weights are those of the search, as if nothing had been.
static void test_in_vain(void **state) {
  (void)state;
  fake modest = {.greedy_calls = 0}, f = {.greedy_calls = 100};
  const outcome plain = compress(TARGET, &modest), refined = compress(TARGET, &f);
  assert_in_range(f.calls, 2, 3);
  assert_false(refined.told.is_kept);
  assert_int_equal(refined.bytes, plain.bytes);
  assert_memory_equal(refined.levels, plain.levels, sizeof plain.levels);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_kept_at_once),
      cmocka_unit_test(test_more_room),
      cmocka_unit_test(test_in_vain),
  };
  return cmocka_run_group_tests_name("compress_refine", tests, NULL, NULL);
}
