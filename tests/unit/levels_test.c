// float32 constants from int8 levels: made real in place, block by block, and back where a shard
// comes again; packages whose shards cut them anywhere.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
// cmocka needs those above
#include <cmocka.h>

#include "../../packer/compress/channel_levels.h"
#include "../../packer/encode/shard_encode.h"
#include "../../packer/encode/tensor_order.h"
#include "../../packer/import/lower.h"
#include "../../packer/package/core_model.h"
#include "core/format/levels.h"
#include "core/format/weight_reader.h"
#include "core/kernels/packed_layout.h"
#include "core/runtime/model_internal.h"
#include "float_graph.h"
#include "test_random.h"

enum { ROUNDS = 400 };

// A constant with its steps, levels and expected values.
typedef struct sample {
  mnw_tensor tensors[2];  // steps, constant
  float *steps;
  int8_t *levels;
  float *expected;
  size_t count;  // of levels
} sample;

static mnw_tensor constant_of(int rank, const int32_t *dims, uint8_t layout) {
  mnw_tensor tensor = {.dtype = MNW_DTYPE_F32,
                       .rank = (uint8_t)rank,
                       .kind = MNW_KIND_CONSTANT,
                       .layout = layout,
                       .value_min = INT8_MIN,
                       .value_max = INT8_MAX};
  memcpy(tensor.dims, dims, (size_t)rank * sizeof *dims);
  return tensor;
}

// Memory of just the constant's size: the sanitizers watch its ends.
static void finish(sample *s, size_t elements, int steps_rank, int32_t steps, uint32_t *seed) {
  const int32_t dims[2] = {steps, 1};
  s->tensors[0] = constant_of(steps_rank, dims, MNW_LAYOUT_ROW_MAJOR);
  s->tensors[0].size_bytes = (uint32_t)steps * 4;
  s->steps = calloc((size_t)steps, sizeof *s->steps);
  s->tensors[0].data = (uint8_t *)s->steps;
  for (int32_t i = 0; i < steps; i++) s->steps[i] = (float)random_between(seed, 1, 9999) / 4096.0f;
  s->count = mnw_tensor_elements(&s->tensors[1]);
  s->tensors[1].size_bytes = (uint32_t)elements * 4;
  s->tensors[1].data = malloc(elements * 4);
  s->levels = malloc(s->count);
  s->expected = calloc(elements, sizeof *s->expected);
  for (size_t i = 0; i < s->count; i++) s->levels[i] = (int8_t)random_between(seed, -128, 127);
}

static sample tiled(uint32_t *seed) {
  const int32_t groups = random_between(seed, 1, 3), o_count = random_between(seed, 1, 20);
  const int32_t side = random_between(seed, 1, 3), channels = random_between(seed, 1, 5);
  const int32_t dims[5] = {groups, o_count, side, side, channels};
  const bool is_grouped = groups > 1;
  const size_t k_count = (size_t)(side * side * channels);
  const size_t padded = mnw_round_up((size_t)o_count, MNW_TILE_CHANNELS);
  sample s = {.count = 0};
  s.tensors[1] =
      constant_of(is_grouped ? 5 : 4, is_grouped ? dims : dims + 1, MNW_LAYOUT_TILE_8_F32);
  finish(&s, (size_t)groups * padded * k_count, random_between(seed, 1, 2), groups * o_count, seed);
  for (size_t i = 0; i < s.count; i++) {
    const size_t channel = i / k_count, g = channel / (size_t)o_count;
    const size_t o = channel % (size_t)o_count;
    const size_t place = g * padded * k_count + mnw_tile_8_f32_index(o, i % k_count, k_count);
    s.expected[place] = (float)s.levels[i] * s.steps[channel];
  }
  return s;
}

static sample row_major(uint32_t *seed) {
  const int32_t dims[3] = {random_between(seed, 1, 6), random_between(seed, 1, 5),
                           random_between(seed, 1, 40)};
  const int32_t ways[3][2] = {{1, 1}, {1, dims[2]}, {2, dims[0] * dims[1]}};
  const int32_t *way = ways[random_between(seed, 0, 2)];
  sample s = {.count = 0};
  s.tensors[1] = constant_of(3, dims, MNW_LAYOUT_ROW_MAJOR);
  finish(&s, mnw_tensor_elements(&s.tensors[1]), way[0], way[1], seed);
  const size_t run = s.count / (size_t)way[1];
  for (size_t i = 0; i < s.count; i++) {
    s.expected[i] = (float)s.levels[i] * s.steps[way[0] == 1 ? i % (size_t)way[1] : i / run];
  }
  return s;
}

static sample any_sample(uint32_t *seed) {
  return random_between(seed, 0, 1) ? tiled(seed) : row_major(seed);
}

static void free_sample(sample *s) {
  free(s->tensors[1].data);
  free(s->steps);
  free(s->levels);
  free(s->expected);
}

static void test_there_and_back(void **state) {
  (void)state;
  uint32_t seed = 7;
  for (int round = 0; round < ROUNDS; round++) {
    sample s = any_sample(&seed);
    const mnw_tensor *steps = &s.tensors[0], *constant = &s.tensors[1];
    const mnw_tensor levels = mnw_levels_of(constant);
    assert_true(mnw_levels_have_steps(constant, steps));
    assert_int_equal(levels.size_bytes, s.count);
    memset(constant->data, 0xa5, constant->size_bytes);
    memcpy(levels.data, s.levels, s.count);
    assert_true(mnw_levels_expand(constant, steps));
    assert_memory_equal(constant->data, s.expected, constant->size_bytes);
    mnw_levels_collapse(constant, steps);
    assert_memory_equal(levels.data, s.levels, s.count);
    free_sample(&s);
  }
}

static void test_steps(void **state) {
  (void)state;
  uint32_t seed = 3;
  static const float wrong[] = {0.0f, -1.0f, 0x1p-97f, 0x1p97f, INFINITY, NAN};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    sample s = any_sample(&seed);
    s.steps[mnw_tensor_elements(&s.tensors[0]) - 1] = wrong[i];
    assert_false(mnw_levels_expand(&s.tensors[1], &s.tensors[0]));
    free_sample(&s);
  }
  sample s = tiled(&seed);
  mnw_tensor steps = s.tensors[0];
  steps.dims[0]++;
  assert_false(mnw_levels_have_steps(&s.tensors[1], &steps));
  free_sample(&s);
  s = row_major(&seed);
  steps.dims[0] = (int32_t)s.count + 1;
  assert_false(mnw_levels_have_steps(&s.tensors[1], &steps));
  s.tensors[1].dtype = MNW_DTYPE_S32;
  assert_false(mnw_levels_have_steps(&s.tensors[1], &s.tensors[0]));
  free_sample(&s);
}

// --- blocks ---

// A raw block of levels.
static mnw_status read_block(mnw_weight_cursor *cursor, const sample *s, size_t offset, size_t size,
                             uint32_t coding) {
  uint8_t block[MNW_BLOCK_HEADER_BYTES + 4096];
  const uint32_t head[4] = {1, (uint32_t)offset, (uint32_t)size, coding};
  const size_t there = offset < s->count ? s->count - offset : 0;
  mnw_weight_tables tables;
  mnw_error error;
  const mnw_graph graph = {.tensors = (mnw_tensor *)s->tensors, .tensor_count = 2};
  assert_true(size <= 4096);
  memset(block, 0, sizeof block);
  memcpy(block, head, sizeof head);
  memcpy(block + sizeof head, s->levels + offset, size < there ? size : there);
  mnw_weight_tables_clear(&tables);
  return mnw_weight_block_read(cursor, &graph, &tables, block, sizeof head + size, &error);
}

static void test_blocks(void **state) {
  (void)state;
  uint32_t seed = 11;
  for (int round = 0; round < ROUNDS; round++) {
    sample s = any_sample(&seed);
    const mnw_graph graph = {.tensors = s.tensors, .tensor_count = 2};
    const size_t cut = (size_t)random_between(&seed, 0, (int32_t)s.count - 1);
    mnw_weight_cursor cursor = {.tensor = 1};
    if (cut > 0) {
      assert_int_equal(read_block(&cursor, &s, 0, cut, MNW_CODING_LEVELS), MNW_STATUS_OK);
    }
    mnw_weight_cursor at_cut = cursor;
    assert_int_equal(read_block(&cursor, &s, cut, s.count - cut, MNW_CODING_LEVELS), MNW_STATUS_OK);
    assert_memory_equal(s.tensors[1].data, s.expected, s.tensors[1].size_bytes);
    assert_int_equal(cursor.tensor, 2);

    mnw_weight_cursor_rewind(&cursor, at_cut, &graph);
    assert_int_equal(read_block(&cursor, &s, cut, s.count - cut, MNW_CODING_LEVELS), MNW_STATUS_OK);
    assert_memory_equal(s.tensors[1].data, s.expected, s.tensors[1].size_bytes);
    free_sample(&s);
  }
}

static void test_bad_blocks(void **state) {
  (void)state;
  uint32_t seed = 5;
  sample s = tiled(&seed);
  while (s.count < 8) {
    free_sample(&s);
    s = tiled(&seed);
  }
  mnw_weight_cursor cursor = {.tensor = 1};
  assert_int_equal(read_block(&cursor, &s, 0, s.count + 1, MNW_CODING_LEVELS), MNW_STATUS_CORRUPT);
  assert_int_equal(read_block(&cursor, &s, 0, 4, MNW_CODING_LEVELS), MNW_STATUS_OK);
  // Of one constant all blocks are of levels, or none.
  assert_int_equal(read_block(&cursor, &s, 4, 4, MNW_CODING_RAW), MNW_STATUS_UNSUPPORTED_VERSION);
  cursor = (mnw_weight_cursor){.tensor = 1};
  assert_int_equal(read_block(&cursor, &s, 0, 4, MNW_CODING_RAW), MNW_STATUS_OK);
  assert_int_equal(read_block(&cursor, &s, 4, 4, MNW_CODING_LEVELS),
                   MNW_STATUS_UNSUPPORTED_VERSION);
  s.steps[0] = 0.0f;
  cursor = (mnw_weight_cursor){.tensor = 1};
  assert_int_equal(read_block(&cursor, &s, 0, s.count, MNW_CODING_LEVELS), MNW_STATUS_CORRUPT);
  s.tensors[0].kind = MNW_KIND_ACTIVATION;
  cursor = (mnw_weight_cursor){.tensor = 1};
  assert_int_equal(read_block(&cursor, &s, 0, 4, MNW_CODING_LEVELS), MNW_STATUS_CORRUPT);
  free_sample(&s);
}

// --- packages ---

// Convolutions, one of them depthwise, whose levels several shards hold.
static void lower_graph(pk_lowered_graph *lowered) {
  float_graph c;
  float_graph_start(&c, 17);
  const pk_op conv = float_graph_conv(PK_OP_CONV_2D, PK_ACTIVATION_RELU, 1);
  const pk_op depthwise = float_graph_conv(PK_OP_DEPTHWISE_CONV_2D, PK_ACTIVATION_NONE, 1);
  const int32_t side = FLOAT_GRAPH_SIDE;
  const int32_t x = float_graph_tensor(&c, "x", false, 4, 1, side, side, 5);
  const int32_t wide = float_graph_layer(&c, conv, x, 3, 61);
  const int32_t middle = float_graph_layer(&c, depthwise, wide, 3, 61);
  float_graph_finish(&c, x, float_graph_layer(&c, conv, middle, 3, 43));
  for (size_t i = 0; i < c.graph.op_count; i++) {
    const pk_op *op = &c.graph.ops[i];
    const int axis = op->kind == PK_OP_DEPTHWISE_CONV_2D ? 3 : 0;
    assert_true(
        pk_channel_levels(&c.graph, op->inputs[PK_INPUT_WEIGHTS], axis, PK_LEVEL_MAX, &c.error));
  }
  if (!pk_lower(lowered, &c.graph, &c.error) || !pk_order_tensors(lowered, &c.error)) {
    fail_msg("%s", c.error.message);
  }
  lowered->source_file = calloc(1, 1);
  lowered->name = calloc(1, 1);
  float_graph_end(&c);
}

static void check_constants(const pk_core_model *core, const pk_lowered_graph *lowered) {
  for (size_t i = 0; i < lowered->tensor_count; i++) {
    const pk_lowered_tensor *tensor = &lowered->tensors[i];
    if (!tensor->data) continue;
    const mnw_tensor *read = &core->model->graph.tensors[i];
    assert_int_equal(read->size_bytes, tensor->data_bytes);
    assert_memory_equal(read->data, tensor->data, tensor->data_bytes);
  }
}

static void test_shards_again(void **state) {
  (void)state;
  pk_lowered_graph lowered;
  pk_shards shards;
  pk_core_model core;
  pk_error error = {0};
  mnw_error core_error;
  size_t of_levels = 0;
  lower_graph(&lowered);
  for (size_t i = 0; i < lowered.tensor_count; i++) of_levels += lowered.tensors[i].levels != NULL;
  assert_int_equal(of_levels, 3);
  assert_int_equal(lowered.op_count, 3);
  if (!pk_encode_shards(&shards, &lowered, PK_SHARD_BYTES_MIN, &error) ||
      !pk_core_model_open(&core, shards.items, shards.count, mnw_kernels_get(0), "levels",
                          &error)) {
    fail_msg("%s", error.message);
  }
  assert_true(shards.count > 3);
  check_constants(&core, &lowered);
  for (size_t from = shards.count; from-- > 0;) {
    assert_int_equal(mnw_model_rewind(core.model, (uint32_t)from, &core_error), MNW_STATUS_OK);
    for (size_t i = from; i < shards.count; i++) {
      // Each arrives in two halves, the first of them twice.
      const pk_bytes *shard = &shards.items[i];
      const size_t half = shard->size / 2;
      assert_int_equal(mnw_model_push(core.model, shard->data, half, &core_error), MNW_STATUS_OK);
      assert_int_equal(mnw_model_rewind(core.model, (uint32_t)i, &core_error), MNW_STATUS_OK);
      assert_int_equal(mnw_model_push(core.model, shard->data, shard->size, &core_error),
                       MNW_STATUS_OK);
    }
    assert_true(mnw_model_is_ready(core.model));
    check_constants(&core, &lowered);
  }
  pk_core_model_close(&core);
  pk_shards_free(&shards);
  pk_lowered_graph_free(&lowered);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_steps),
      cmocka_unit_test(test_blocks),         cmocka_unit_test(test_bad_blocks),
      cmocka_unit_test(test_shards_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
