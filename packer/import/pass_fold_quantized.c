// An operator in float32 between DEQUANTIZE and QUANTIZE becomes the operator on int8 or uint8
// numbers that the runtime has, weights and biases included. What it has no such form for stays as
// it is: dequantised, computed in float32, quantised.
//
// A constant operand goes along where its values are numbers on a grid already (pk_tensor.grid).
// Biases are rounded to the accumulator's unit, scale of data times scale of weights, which is
// where quantisers take them from; the error is half such a unit at most.
#include <math.h>
#include <string.h>

#include "../../core/ops/op_params.h"
#include "graph_passes.h"

typedef struct fold_pass {
  pk_graph *graph;
  pk_graph_index index;
  int32_t *reader;  // by tensor: the last operator that reads it
  pk_error *error;
} fold_pass;

// An operator with the QUANTIZE behind it and the activation that may stand between.
typedef struct candidate {
  pk_op *op, *activation, *quantize;
} candidate;

static pk_op *only_reader(const fold_pass *pass, int32_t tensor) {
  const int32_t reader = pass->reader[tensor];
  return pass->index.use_count[tensor] == 1 && reader >= 0 ? &pass->graph->ops[reader] : NULL;
}

static bool find_candidate(const fold_pass *pass, pk_op *op, candidate *found) {
  *found = (candidate){.op = op};
  if (pk_op_output(pass->graph, op)->dtype != PK_DTYPE_F32 || op->input_count == 0) return false;
  pk_op *reader = only_reader(pass, op->output);
  if (reader && reader->kind == PK_OP_ACTIVATION && op->kind != PK_OP_ACTIVATION &&
      op->activation == PK_ACTIVATION_NONE) {
    found->activation = reader;
    reader = only_reader(pass, reader->output);
  }
  found->quantize = reader;
  return reader && reader->kind == PK_OP_QUANTIZE;
}

// What input `input` is dequantised from, or PK_NO_TENSOR.
static int32_t quantized_input(const fold_pass *pass, const pk_op *op, int input) {
  const pk_op *producer = pk_graph_producer(pass->graph, &pass->index, op, input);
  return producer && producer->kind == PK_OP_DEQUANTIZE ? producer->inputs[0] : PK_NO_TENSOR;
}

static float float_at(const pk_tensor *tensor, size_t i) {
  float value;
  memcpy(&value, tensor->data + i * sizeof value, sizeof value);
  return value;
}

static bool is_whole_grid(const pk_tensor *tensor) {
  const pk_quantization *q = &tensor->grid;
  if (!tensor->data || tensor->dtype != PK_DTYPE_F32 || q->count == 0) return false;
  for (size_t i = 0; i < q->count; i++) {
    if (!(q->scales[i] > 0.0f) || !isfinite(q->scales[i])) return false;
  }
  return true;
}

// The numbers of a float32 constant as int8. *number: the new constant, or PK_NO_TENSOR where the
// values are on no grid. False: error filled.
static bool add_numbers(fold_pass *pass, const pk_tensor *source, int32_t *number) {
  pk_tensor tensor = *source;
  const pk_quantization *q = &source->grid;
  size_t stride = 1, count = tensor.data_bytes / sizeof(float);
  *number = PK_NO_TENSOR;
  if (!is_whole_grid(source)) return true;
  for (int i = q->axis + 1; q->count > 1 && i < tensor.rank; i++) stride *= (size_t)tensor.dims[i];
  uint8_t *data = pk_arena_alloc(&pass->graph->arena, count, 1, pass->error);
  if (!data) return false;
  for (size_t i = 0; i < count; i++) {
    const size_t at = q->count > 1 ? i / stride % q->count : 0;
    const float value = roundf(float_at(source, i) / q->scales[at]) + (float)q->zero_points[at];
    if (!(value >= -128.0f && value <= 127.0f)) return true;
    data[i] = (uint8_t)(int8_t)value;
  }
  tensor.dtype = PK_DTYPE_S8;
  tensor.data = data;
  tensor.data_bytes = count;
  tensor.quantization = *q;
  tensor.grid = (pk_quantization){.count = 0};
  *number = pk_graph_add_tensor(pass->graph, &tensor, pass->error);
  return *number >= 0;
}

// Whether the runtime has kernels for weights on this grid: one zero point, or none of them.
static bool are_weights_packable(const pk_tensor *weights, int axis) {
  const pk_quantization *q = &weights->grid;
  if (!is_whole_grid(weights)) return false;
  if (q->count == 1) return true;
  for (size_t i = 0; i < q->count; i++) {
    if (q->zero_points[i] != 0) return false;
  }
  return q->axis == axis && q->count == (size_t)weights->dims[axis];
}

static bool add_bias(fold_pass *pass, const pk_tensor *bias_view, float data_scale,
                     const pk_quantization *weights, int32_t *number) {
  pk_tensor bias = *bias_view;
  const size_t count = bias.data_bytes / sizeof(float);
  *number = PK_NO_TENSOR;
  int32_t *values = pk_arena_alloc(&pass->graph->arena, count, sizeof *values, pass->error);
  if (!values) return false;
  for (size_t i = 0; i < count; i++) {
    const double unit = (double)data_scale * (double)weights->scales[weights->count > 1 ? i : 0];
    const double steps = round((double)float_at(&bias, i) / unit);
    if (!(steps >= (double)INT32_MIN && steps <= (double)INT32_MAX)) return true;
    values[i] = (int32_t)steps;
  }
  bias.dtype = PK_DTYPE_S32;
  bias.data = (const uint8_t *)values;
  bias.grid = (pk_quantization){.count = 0};
  *number = pk_graph_add_tensor(pass->graph, &bias, pass->error);
  return *number >= 0;
}

// CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED. Like those below: *inputs stays NULL where the
// operator has no quantised form; false: error filled.
static bool fold_weighted(fold_pass *pass, const pk_op *op, int32_t **inputs) {
  pk_graph *graph = pass->graph;
  const pk_tensor *weights = pk_op_input(graph, op, PK_INPUT_WEIGHTS);
  const pk_tensor *bias = pk_op_input(graph, op, PK_INPUT_BIAS);
  const int axis = op->kind == PK_OP_DEPTHWISE_CONV_2D ? 3 : 0;
  int32_t numbers[3] = {quantized_input(pass, op, PK_INPUT_DATA), PK_NO_TENSOR, PK_NO_TENSOR};
  if (numbers[0] == PK_NO_TENSOR || !are_weights_packable(weights, axis) ||
      (op->kind != PK_OP_FULLY_CONNECTED && op->attributes.conv.groups > 1) ||
      (bias && (!bias->data || bias->dtype != PK_DTYPE_F32 ||
                bias->data_bytes != sizeof(float) * (size_t)weights->dims[axis]))) {
    return true;
  }
  const float data_scale = pk_tensor_scale(&graph->tensors[numbers[0]]);
  const pk_quantization grid = weights->grid;
  if (bias) {
    const pk_tensor copy = *bias;
    if (!add_bias(pass, &copy, data_scale, &grid, &numbers[2])) return false;
    if (numbers[2] == PK_NO_TENSOR) return true;
  }
  const pk_tensor copy = *pk_op_input(graph, op, PK_INPUT_WEIGHTS);
  if (!add_numbers(pass, &copy, &numbers[1])) return false;
  if (numbers[1] == PK_NO_TENSOR) return true;
  *inputs = pk_arena_copy(&graph->arena, numbers, 3, sizeof *numbers, pass->error);
  return *inputs != NULL;
}

// Operators all of whose inputs are data.
static bool fold_data(fold_pass *pass, const pk_op *op, int32_t **inputs) {
  pk_graph *graph = pass->graph;
  bool has_activation = false;
  int32_t *numbers =
      pk_arena_alloc(&graph->arena, (size_t)op->input_count, sizeof *numbers, pass->error);
  if (!numbers) return false;
  for (int i = 0; i < op->input_count; i++) {
    const pk_tensor *input = pk_op_input(graph, op, i);
    if (!input) return true;
    numbers[i] = quantized_input(pass, op, i);
    has_activation |= numbers[i] != PK_NO_TENSOR;
    const pk_tensor copy = *input;
    if (numbers[i] == PK_NO_TENSOR && copy.grid.count == 1 &&
        !add_numbers(pass, &copy, &numbers[i])) {
      return false;
    }
    if (numbers[i] == PK_NO_TENSOR) return true;
  }
  if (has_activation) *inputs = numbers;
  return true;
}

static bool is_mean_of_pictures(const pk_graph *graph, const pk_op *op) {
  const int32_t *words = op->attributes.words.words;
  return words[MNW_REDUCE_FUNCTION] == MNW_REDUCE_MEAN &&
         words[MNW_REDUCE_AXES] == (1 << 1 | 1 << 2) && pk_op_input(graph, op, 0)->rank == 4;
}

// Whether the quantised form of `op`, which reads tensor `number`, gives what the float32 form
// does.
static bool has_quantized_form(const pk_graph *graph, const candidate *c, int32_t number) {
  const pk_op *op = c->op;
  const int32_t *words = op->attributes.words.words;
  const bool rescales =
      !pk_tensor_same_quantization(&graph->tensors[number], pk_op_output(graph, c->quantize)) ||
      graph->tensors[number].dtype != pk_op_output(graph, c->quantize)->dtype;
  switch (op->kind) {
    case PK_OP_ACTIVATION:
    case PK_OP_BINARY:
    case PK_OP_CONCAT:
    case PK_OP_CONV_2D:
    case PK_OP_DEPTHWISE_CONV_2D:
    case PK_OP_FULLY_CONNECTED:
    case PK_OP_SOFTMAX:
      return true;
    case PK_OP_UNARY:
      return words[MNW_UNARY_FUNCTION] < MNW_UNARY_NOT;
    case PK_OP_AVERAGE_POOL_2D:
    case PK_OP_RESIZE:
      return !rescales;
    case PK_OP_REDUCE:
      return is_mean_of_pictures(graph, op) ||
             (!rescales && (words[MNW_REDUCE_FUNCTION] == MNW_REDUCE_MAX ||
                            words[MNW_REDUCE_FUNCTION] == MNW_REDUCE_MIN));
    default:
      return false;
  }
}

static bool has_weights(const pk_op *op) {
  return op->kind == PK_OP_CONV_2D || op->kind == PK_OP_DEPTHWISE_CONV_2D ||
         op->kind == PK_OP_FULLY_CONNECTED;
}

static void finish(const pk_graph *graph, const candidate *c, int32_t *inputs) {
  pk_op *op = c->op;
  int32_t *words = op->attributes.words.words;
  if (op->kind == PK_OP_BINARY && words[MNW_BINARY_FUNCTION] == MNW_BINARY_ADD) {
    op->kind = PK_OP_ADD;
  }
  if (op->kind == PK_OP_REDUCE && is_mean_of_pictures(graph, op)) {
    op->kind = PK_OP_MEAN;
    op->attributes.mean.axes = 1 << 1 | 1 << 2;
  }
  if (has_weights(op)) op->input_count = 3;
  op->inputs = inputs;
  op->output = c->quantize->output;
  c->quantize->is_removed = true;
  if (c->activation) {
    op->activation = c->activation->activation;
    c->activation->is_removed = true;
  }
}

static bool fold(fold_pass *pass, const candidate *c) {
  int32_t *inputs = NULL;
  const bool ok =
      has_weights(c->op) ? fold_weighted(pass, c->op, &inputs) : fold_data(pass, c->op, &inputs);
  if (!ok || !inputs || !has_quantized_form(pass->graph, c, inputs[0])) return ok;
  // From here on the operator writes what the QUANTIZE wrote.
  pass->index.writer[c->quantize->output] = (int32_t)(c->op - pass->graph->ops);
  finish(pass->graph, c, inputs);
  return true;
}

bool pk_pass_fold_quantized(pk_graph *graph, pk_error *error) {
  fold_pass pass = {.graph = graph, .error = error};
  pass.reader = pk_arena_alloc(&graph->arena, graph->tensor_count, sizeof *pass.reader, error);
  if (!pass.reader || !pk_graph_index_build(&pass.index, graph, error)) return false;
  for (size_t i = 0; i < graph->tensor_count; i++) pass.reader[i] = -1;
  for (size_t i = 0; i < graph->op_count; i++) {
    const pk_op *op = &graph->ops[i];
    for (int j = 0; j < op->input_count; j++) {
      if (op->inputs[j] != PK_NO_TENSOR) pass.reader[op->inputs[j]] = (int32_t)i;
    }
  }
  for (size_t i = 0; i < graph->op_count; i++) {
    candidate found;
    pk_op *op = &graph->ops[i];
    if (!op->is_removed && find_candidate(&pass, op, &found) && !fold(&pass, &found)) return false;
  }
  pk_graph_compact(graph);
  return true;
}
