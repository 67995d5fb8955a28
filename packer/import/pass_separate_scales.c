// float32 weights that were integers with a scale for each output channel are as many different
// numbers as integers times channels, and take nearly four bytes each in a package; as whole
// numbers they are a few hundred levels. So an operator computes with the levels, its bias divided
// by the scales, and a product with the scales follows. That costs one multiplication for each
// output and changes results by rounding only.
//
// Runs last, and not where the weights are compressed anyway. Left alone: weights of hardly more
// values than levels, and channels of so few weights that the scales would weigh more.
#include <math.h>
#include <string.h>

#include "../../core/ops/op_params.h"
#include "graph_passes.h"

enum {
  MOST_VALUES = 256,
  TABLE_SLOTS = 1024,
  LEAST_WEIGHTS = 16,
  LEAST_RATIO = 4,
  MOST_LEVEL = 255
};

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

static bool is_worth_it(const uint8_t *values, const float *levels, size_t count) {
  const int value_count = count_values(values, count);
  const int level_count = count_values((const uint8_t *)levels, count);
  return level_count <= MOST_VALUES &&
         (value_count > MOST_VALUES || value_count > LEAST_RATIO * level_count);
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
static float *find_levels(pk_graph *graph, const pk_tensor *weights, int axis, pk_error *error) {
  const size_t count = weights->data_bytes / sizeof(float), channels = weights->grid.count;
  const size_t each = count / channels;
  if (each < LEAST_WEIGHTS) return NULL;
  float *levels = pk_arena_alloc(&graph->arena, count, sizeof *levels, error);
  for (size_t i = 0; levels && i < count; i++) {
    const float scale = weights->grid.scales[axis == 0 ? i / each : i % channels];
    const float steps = float_at(weights, i) / scale, level = roundf(steps);
    // NaN and infinity too.
    if (!(scale > 0.0f) || !(fabsf(level) <= MOST_LEVEL) || !(fabsf(steps - level) < 1e-3f)) {
      return NULL;
    }
    levels[i] = level == 0.0f ? 0.0f : level;  // no -0
  }
  return levels && is_worth_it(weights->data, levels, count) ? levels : NULL;
}

// The bias in units of the scales; NULL: it leaves the range of floats, or error filled.
static float *divide_bias(pk_graph *graph, const pk_tensor *bias, const pk_quantization *grid,
                          pk_error *error) {
  float *values = pk_arena_alloc(&graph->arena, grid->count, sizeof *values, error);
  for (size_t i = 0; values && i < grid->count; i++) {
    values[i] = float_at(bias, i) / grid->scales[i];
    if (!isfinite(values[i])) return NULL;
  }
  return values;
}

// A constant like tensor `like` with other values and no grid. Negative: error filled.
static int32_t add_constant(pk_graph *graph, const pk_tensor *like, const float *values,
                            pk_error *error) {
  pk_tensor tensor = *like;
  tensor.data = (const uint8_t *)values;
  tensor.grid = (pk_quantization){.count = 0};
  return pk_graph_add_tensor(graph, &tensor, error);
}

// The product of `op`'s result, which becomes a new tensor, with the scales.
static bool add_product(pk_op_list *list, pk_graph *graph, pk_op *op, const pk_quantization *grid,
                        pk_error *error) {
  const pk_tensor scales = {.name = pk_arena_text(&graph->arena, error, "%s/scales", op->name),
                            .dtype = PK_DTYPE_F32,
                            .rank = 1,
                            .dims = {(int32_t)grid->count},
                            .data = (const uint8_t *)grid->scales,
                            .data_bytes = grid->count * sizeof(float)};
  int32_t inputs[2];
  pk_op product = {.kind = PK_OP_BINARY,
                   .name = op->name,
                   .source_index = -1,
                   .input_count = 2,
                   .output = op->output,
                   .activation = op->activation,
                   .attributes.words.words = {[MNW_BINARY_FUNCTION] = MNW_BINARY_MUL}};
  if (!scales.name) return false;
  inputs[0] = pk_graph_add_twin(graph, op->output, "(in units of the weights' scales)", error);
  inputs[1] = inputs[0] < 0 ? -1 : pk_graph_add_tensor(graph, &scales, error);
  if (inputs[1] < 0) return false;
  product.inputs = pk_arena_copy(&graph->arena, inputs, 2, sizeof *inputs, error);
  op->output = inputs[0];
  op->activation = PK_ACTIVATION_NONE;
  return product.inputs && pk_op_list_add(list, graph, op, error) &&
         pk_op_list_add(list, graph, &product, error);
}

// Adds `op`, and the product behind it where its scales are separated.
static bool add_separated(pk_op_list *list, pk_graph *graph, pk_op op, int axis, pk_error *error) {
  const pk_tensor weights = *pk_op_input(graph, &op, PK_INPUT_WEIGHTS);
  const pk_tensor *bias_view = pk_op_input(graph, &op, PK_INPUT_BIAS);
  const pk_tensor bias = bias_view ? *bias_view : (pk_tensor){.rank = 0};
  const float *levels = find_levels(graph, &weights, axis, error);
  const float *biases =
      levels && bias_view ? divide_bias(graph, &bias, &weights.grid, error) : NULL;
  if (error->code != PK_OK) return false;
  if (!levels || (bias_view && !biases)) return pk_op_list_add(list, graph, &op, error);
  op.inputs =
      pk_arena_copy(&graph->arena, op.inputs, (size_t)op.input_count, sizeof *op.inputs, error);
  if (!op.inputs) return false;
  op.inputs[PK_INPUT_WEIGHTS] = add_constant(graph, &weights, levels, error);
  if (bias_view) op.inputs[PK_INPUT_BIAS] = add_constant(graph, &bias, biases, error);
  return error->code == PK_OK && add_product(list, graph, &op, &weights.grid, error);
}

bool pk_pass_separate_scales(pk_graph *graph, pk_error *error) {
  pk_op_list list = {0};
  for (size_t i = 0; i < graph->op_count; i++) {
    const pk_op op = graph->ops[i];
    const int axis = channel_axis(graph, &op);
    if (!(axis < 0 ? pk_op_list_add(&list, graph, &op, error)
                   : add_separated(&list, graph, op, axis, error))) {
      return false;
    }
  }
  pk_op_list_install(&list, graph);
  return true;
}
