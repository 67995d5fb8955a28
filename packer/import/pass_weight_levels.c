// float32 weights that were integers with a scale for each output channel are as many different
// numbers as integers times channels, and take nearly four bytes each in a package. They become
// int8 levels again, which are made real when they are read (lower_levels.c).
//
// Runs last, and not where the weights are compressed anyway. Left alone: weights of hardly more
// values than levels, and channels of so few weights that the scales would weigh more.
#include <math.h>
#include <string.h>

#include "graph_passes.h"

enum { MOST_VALUES = 256, TABLE_SLOTS = 1024, LEAST_WEIGHTS = 16, LEAST_RATIO = 4 };

static float float_at(const pk_tensor *tensor, size_t i) {
  float value;
  memcpy(&value, tensor->data + i * sizeof value, sizeof value);
  return value;
}

// How many different ones there are among `count` floats; MOST_VALUES + 1: more than that.
static int count_values(const uint8_t *data, size_t count) {
  uint32_t table[TABLE_SLOTS];
  bool is_taken[TABLE_SLOTS] = {false};
  int found = 0;
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, data + i * sizeof bits, sizeof bits);
    uint32_t slot = bits * 2654435761u >> 22;
    while (is_taken[slot] && table[slot] != bits) slot = (slot + 1) % TABLE_SLOTS;
    if (is_taken[slot]) continue;
    is_taken[slot] = true;
    table[slot] = bits;
    if (++found > MOST_VALUES) break;
  }
  return found;
}

static int count_levels(const int8_t *levels, size_t count) {
  bool is_there[MOST_VALUES] = {false};
  int found = 0;
  for (size_t i = 0; i < count; i++) {
    bool *const there = &is_there[(uint8_t)levels[i]];
    found += !*there;
    *there = true;
  }
  return found;
}

static bool is_worth_it(const uint8_t *values, const int8_t *levels, size_t count) {
  const int value_count = count_values(values, count);
  return value_count > MOST_VALUES || value_count > LEAST_RATIO * count_levels(levels, count);
}

// Axis of the output channels in the weights of `op`; negative for operators that are left alone.
static int channel_axis(const pk_graph *graph, const pk_op *op) {
  const bool is_depthwise = op->kind == PK_OP_DEPTHWISE_CONV_2D;
  if (!is_depthwise && op->kind != PK_OP_CONV_2D && op->kind != PK_OP_FULLY_CONNECTED) return -1;
  const pk_tensor *weights = pk_op_input(graph, op, PK_INPUT_WEIGHTS);
  const pk_tensor *bias = pk_op_input(graph, op, PK_INPUT_BIAS);
  const pk_quantization *grid = &weights->grid;
  const int axis = is_depthwise ? 3 : 0;
  if (!weights->data || weights->dtype != PK_DTYPE_F32 || grid->count < 2 || grid->axis != axis ||
      grid->count != (size_t)weights->dims[axis] || (bias && bias->dtype != PK_DTYPE_F32)) {
    return -1;
  }
  return axis;
}

// The levels of the weights, or NULL: they are no whole numbers of their scales, or error filled.
static int8_t *find_levels(pk_graph *graph, const pk_tensor *weights, int axis, pk_error *error) {
  const size_t count = weights->data_bytes / sizeof(float), channels = weights->grid.count;
  const size_t each = count / channels;
  if (each < LEAST_WEIGHTS) return NULL;
  int8_t *levels = pk_arena_alloc(&graph->arena, count, sizeof *levels, error);
  for (size_t i = 0; levels && i < count; i++) {
    const float scale = weights->grid.scales[axis == 0 ? i / each : i % channels];
    const float steps = float_at(weights, i) / scale, level = roundf(steps);
    // NaN and infinity too.
    if (!(scale > 0.0f) || !(level >= INT8_MIN && level <= INT8_MAX) ||
        !(fabsf(steps - level) < 1e-3f)) {
      return NULL;
    }
    levels[i] = (int8_t)level;
  }
  return levels && is_worth_it(weights->data, levels, count) ? levels : NULL;
}

// Gives the operator its weights as levels. False: error filled.
static bool take_levels(pk_graph *graph, size_t number, int axis, pk_error *error) {
  const pk_op *op = &graph->ops[number];
  pk_tensor tensor = *pk_op_input(graph, op, PK_INPUT_WEIGHTS);
  const int8_t *levels = find_levels(graph, &tensor, axis, error);
  if (!levels) return error->code == PK_OK;
  int32_t *inputs =
      pk_arena_copy(&graph->arena, op->inputs, (size_t)op->input_count, sizeof *inputs, error);
  if (!inputs || !pk_tensor_take_levels(graph, &tensor, levels, tensor.grid.scales,
                                        tensor.grid.count, axis, error)) {
    return false;
  }
  tensor.grid = (pk_quantization){.count = 0};
  inputs[PK_INPUT_WEIGHTS] = pk_graph_add_tensor(graph, &tensor, error);
  graph->ops[number].inputs = inputs;
  return inputs[PK_INPUT_WEIGHTS] >= 0;
}

bool pk_pass_weight_levels(pk_graph *graph, pk_error *error) {
  for (size_t i = 0; i < graph->op_count; i++) {
    const int axis = channel_axis(graph, &graph->ops[i]);
    if (axis >= 0 && !take_levels(graph, i, axis, error)) return false;
  }
  return true;
}
