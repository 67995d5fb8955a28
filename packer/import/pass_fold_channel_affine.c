// A product or sum with one constant for each channel right behind a float operator with weights
// (batch normalisation, mostly) goes into the weights and the bias.
#include <string.h>

#include "../../core/ops/op_params.h"
#include "graph_passes.h"

static bool has_weights(const pk_graph *graph, const pk_op *op) {
  if (op->kind != PK_OP_CONV_2D && op->kind != PK_OP_DEPTHWISE_CONV_2D &&
      op->kind != PK_OP_FULLY_CONNECTED) {
    return false;
  }
  const pk_tensor *weights = pk_op_input(graph, op, PK_INPUT_WEIGHTS);
  const pk_tensor *bias = pk_op_input(graph, op, PK_INPUT_BIAS);
  return op->activation == PK_ACTIVATION_NONE && weights && weights->data &&
         weights->dtype == PK_DTYPE_F32 && (!bias || (bias->data && bias->dtype == PK_DTYPE_F32));
}

// The constant operand of `op`, if it is one number for each of `channels` or for all.
static const pk_tensor *channel_factor(const pk_graph *graph, const pk_op *op, int input,
                                       int32_t channels) {
  const pk_tensor *factor = pk_op_input(graph, op, input);
  const pk_tensor *output = pk_op_output(graph, op);
  if (!factor->data || factor->dtype != PK_DTYPE_F32 || factor->rank > output->rank) return NULL;
  for (int i = 0; i < factor->rank - 1; i++) {
    if (factor->dims[i] != 1) return NULL;
  }
  const int32_t last = factor->rank ? factor->dims[factor->rank - 1] : 1;
  return last == 1 || last == channels ? factor : NULL;
}

static float at(const pk_tensor *list, size_t i) {
  float value;
  if (!list) return 0.0f;
  memcpy(&value, list->data + 4 * (list->data_bytes == 4 ? 0 : i), 4);
  return value;
}

// A new float constant like `like` (whose data is left open).
static int32_t add_constant(pk_graph *graph, const pk_tensor *like, float **data, pk_error *error) {
  pk_tensor tensor = *like;
  const size_t count = (size_t)pk_tensor_elements(like);
  *data = pk_arena_alloc(&graph->arena, count, sizeof **data, error);
  if (!*data) return -1;
  tensor.data = (const uint8_t *)*data;
  tensor.data_bytes = count * sizeof **data;
  return pk_graph_add_tensor(graph, &tensor, error);
}

// What a product with `factor` does to the weights' grid; one that turns signs ends it.
static bool scale_grid(pk_graph *graph, pk_tensor *weights, const pk_tensor *factor,
                       size_t channels, int axis, pk_error *error) {
  const pk_quantization old = weights->grid;
  if (old.count == 0) return true;
  weights->grid = (pk_quantization){.count = 0};
  if (old.count > 1 && (old.axis != axis || old.count != channels)) return true;
  float *scales = pk_arena_alloc(&graph->arena, channels, sizeof *scales, error);
  int32_t *points = pk_arena_alloc(&graph->arena, channels, sizeof *points, error);
  if (!scales || !points) return false;
  for (size_t i = 0; i < channels; i++) {
    const size_t from = old.count > 1 ? i : 0;
    if (!(at(factor, i) > 0.0f)) return true;
    scales[i] = old.scales[from] * at(factor, i);
    points[i] = old.zero_points[from];
  }
  weights->grid =
      (pk_quantization){.count = channels, .scales = scales, .zero_points = points, .axis = axis};
  return true;
}

static bool fold(pk_graph *graph, pk_op *target, const pk_tensor *factor_view, bool is_product,
                 pk_error *error) {
  const pk_tensor factor = *factor_view, weights = *pk_op_input(graph, target, PK_INPUT_WEIGHTS);
  pk_tensor product = weights;
  const pk_tensor *bias_view = pk_op_input(graph, target, PK_INPUT_BIAS);
  const pk_tensor old_bias = bias_view ? *bias_view : (pk_tensor){.rank = 0};
  const pk_tensor *output = pk_op_output(graph, target);
  const size_t channels = (size_t)output->dims[output->rank - 1];
  const size_t count = (size_t)pk_tensor_elements(&weights), each = count / channels;
  const bool is_depthwise = target->kind == PK_OP_DEPTHWISE_CONV_2D;
  const pk_tensor bias = {
      .name = target->name, .dtype = PK_DTYPE_F32, .rank = 1, .dims = {(int32_t)channels}};
  int32_t inputs[3] = {target->inputs[0], target->inputs[1], PK_NO_TENSOR};
  float *values;
  if (is_product) {
    if (!scale_grid(graph, &product, &factor, channels, is_depthwise ? 3 : 0, error)) return false;
    inputs[1] = add_constant(graph, &product, &values, error);
    if (inputs[1] < 0) return false;
    for (size_t i = 0; i < count; i++) {
      values[i] = at(&weights, i) * at(&factor, is_depthwise ? i % channels : i / each);
    }
  }
  inputs[2] = add_constant(graph, &bias, &values, error);
  if (inputs[2] < 0) return false;
  for (size_t i = 0; i < channels; i++) {
    const float old = bias_view ? at(&old_bias, i) : 0.0f;
    values[i] = is_product ? old * at(&factor, i) : old + at(&factor, i);
  }
  target->inputs = pk_arena_copy(&graph->arena, inputs, 3, sizeof *inputs, error);
  target->input_count = 3;
  return target->inputs != NULL;
}

bool pk_pass_fold_channel_affine(pk_graph *graph, pk_error *error) {
  pk_graph_index index;
  if (!pk_graph_index_build(&index, graph, error)) return false;
  for (size_t i = 0; i < graph->op_count; i++) {
    pk_op *op = &graph->ops[i];
    if (op->kind != PK_OP_BINARY) continue;
    const int function = op->attributes.words.words[MNW_BINARY_FUNCTION];
    if (function != MNW_BINARY_MUL && function != MNW_BINARY_ADD) continue;
    for (int side = 0; side < 2; side++) {
      pk_op *target = pk_graph_producer(graph, &index, op, side);
      if (!target || !has_weights(graph, target) || index.use_count[op->inputs[side]] != 1) {
        continue;
      }
      const pk_tensor *output = pk_op_output(graph, target);
      const pk_tensor *factor = channel_factor(graph, op, 1 - side, output->dims[output->rank - 1]);
      if (!factor || !pk_tensor_same_shape(output, pk_op_output(graph, op))) continue;
      if (!fold(graph, target, factor, function == MNW_BINARY_MUL, error)) return false;
      index.writer[op->output] = index.writer[target->output];
      target->output = op->output;
      target->activation = op->activation;
      op->is_removed = true;
      break;
    }
  }
  pk_graph_compact(graph);
  return true;
}
