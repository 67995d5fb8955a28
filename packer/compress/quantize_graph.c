#include "quantize_graph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/ops/op_params.h"
#include "../import/graph_passes.h"

typedef struct quantizer {
  pk_graph *graph;
  const pk_range *ranges;
  size_t old_count;  // tensors before
  int32_t *int8;     // by old tensor: its int8 form; -1: none yet
  int32_t *real;     // by old tensor: its float32 form; -1: none yet
  pk_op_list list;
  pk_error *error;
} quantizer;

bool pk_graph_is_float(const pk_graph *graph) {
  for (size_t i = 0; i < graph->op_count; i++) {
    const pk_op *op = &graph->ops[i];
    if (!pk_diff_has_weights(op)) continue;
    if (pk_op_input(graph, op, PK_INPUT_DATA)->dtype != PK_DTYPE_F32) return false;
  }
  return true;
}

// --- which operators ---

static bool has_own_weights(const pk_graph *graph, const pk_op *op) {
  const pk_tensor *weights = pk_op_input(graph, op, PK_INPUT_WEIGHTS);
  const pk_tensor *bias =
      op->input_count > PK_INPUT_BIAS ? pk_op_input(graph, op, PK_INPUT_BIAS) : NULL;
  return weights->data && pk_graph_use_count(graph, op->inputs[PK_INPUT_WEIGHTS]) == 1 &&
         (!bias || (bias->data && pk_graph_use_count(graph, op->inputs[PK_INPUT_BIAS]) == 1));
}

// Whether the runtime has the operator in int8.
static bool can_be_int8(const pk_graph *graph, const pk_op *op) {
  if (pk_op_output(graph, op)->dtype != PK_DTYPE_F32) return false;
  switch (op->kind) {
    case PK_OP_CONV_2D:
      return op->attributes.conv.groups <= 1 && has_own_weights(graph, op);
    case PK_OP_DEPTHWISE_CONV_2D:
    case PK_OP_FULLY_CONNECTED:
      return has_own_weights(graph, op);
    case PK_OP_MEAN:
      return op->attributes.mean.axes == 6 && pk_op_input(graph, op, 0)->rank == 4;
    case PK_OP_PAD:
      return op->attributes.pad.mode == 0 && op->attributes.pad.value == 0.0;
    case PK_OP_BINARY:
      return op->attributes.words.words[MNW_BINARY_FUNCTION] <= MNW_BINARY_PRELU;
    case PK_OP_ADD:
    case PK_OP_AVERAGE_POOL_2D:
    case PK_OP_MAX_POOL_2D:
    case PK_OP_RESHAPE:
    case PK_OP_UNARY:
    case PK_OP_TRANSPOSE:
    case PK_OP_CONCAT:
    case PK_OP_SLICE:
    case PK_OP_RESIZE:
      return true;
    default:
      return false;
  }
}

bool pk_int8_operators(bool *is_int8, const pk_graph *graph, pk_error *error) {
  bool *leads = calloc(graph->tensor_count + 1, sizeof *leads);
  if (!leads) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory to choose int8 operators");
  for (size_t i = graph->op_count; i-- > 0;) {
    const pk_op *op = &graph->ops[i];
    is_int8[i] = can_be_int8(graph, op) && (pk_diff_has_weights(op) || leads[op->output]);
    for (int j = 0; j < op->input_count; j++) {
      if (op->inputs[j] != PK_NO_TENSOR && (is_int8[i] || leads[op->output])) {
        leads[op->inputs[j]] = true;
      }
    }
  }
  free(leads);
  return true;
}

bool pk_keeps_scale(pk_op_kind kind) {
  return kind == PK_OP_AVERAGE_POOL_2D || kind == PK_OP_MAX_POOL_2D || kind == PK_OP_PAD ||
         kind == PK_OP_RESHAPE || kind == PK_OP_TRANSPOSE || kind == PK_OP_SLICE ||
         kind == PK_OP_RESIZE;
}

// --- tensors ---

static bool set_range(pk_graph *graph, pk_tensor *tensor, pk_range range, pk_error *error) {
  float *scale = pk_arena_alloc(&graph->arena, 1, sizeof *scale, error);
  int32_t *zero_point = pk_arena_alloc(&graph->arena, 1, sizeof *zero_point, error);
  if (!scale || !zero_point) return false;
  pk_range_quantization(scale, zero_point, range);
  tensor->dtype = PK_DTYPE_S8;
  tensor->quantization = (pk_quantization){.count = 1, .scales = scale, .zero_points = zero_point};
  return true;
}

// A constant of an int8 operator other than weights and biases.
static int32_t int8_constant(quantizer *q, int32_t number) {
  pk_tensor tensor = q->graph->tensors[number];
  const size_t elements = tensor.data_bytes / sizeof(float);
  int8_t *levels = pk_arena_alloc(&q->graph->arena, elements, 1, q->error);
  pk_range range = {0.0f, 0.0f};
  if (!levels) return -1;
  for (size_t i = 0; i < elements; i++) {
    float value;
    memcpy(&value, tensor.data + i * sizeof value, sizeof value);
    range = (pk_range){fminf(range.low, value), fmaxf(range.high, value)};
  }
  if (!set_range(q->graph, &tensor, range, q->error)) return -1;
  for (size_t i = 0; i < elements; i++) {
    float value;
    memcpy(&value, tensor.data + i * sizeof value, sizeof value);
    const float level =
        rintf(value / pk_tensor_scale(&tensor)) + (float)pk_tensor_zero_point(&tensor);
    levels[i] = (int8_t)fmaxf(-128.0f, fminf(127.0f, level));
  }
  tensor.data = (const uint8_t *)levels;
  tensor.data_bytes = elements;
  return pk_graph_add_tensor(q->graph, &tensor, q->error);
}

static int32_t int8_form(quantizer *q, int32_t number) {
  if (q->int8[number] >= 0) return q->int8[number];
  if (q->graph->tensors[number].data) return q->int8[number] = int8_constant(q, number);
  const int32_t twin = pk_graph_add_twin(q->graph, number, "(int8)", q->error);
  if (twin < 0 || !set_range(q->graph, &q->graph->tensors[twin], q->ranges[number], q->error) ||
      !pk_op_list_add_unary(&q->list, q->graph, PK_OP_QUANTIZE, number, twin, q->error)) {
    return -1;
  }
  return q->int8[number] = twin;
}

static int32_t real_form(quantizer *q, int32_t number) {
  if (q->real[number] >= 0) return q->real[number];
  const int32_t twin = pk_graph_add_twin(q->graph, number, "(float32)", q->error);
  if (twin < 0) return -1;
  q->graph->tensors[twin].dtype = PK_DTYPE_F32;
  q->graph->tensors[twin].quantization = (pk_quantization){.count = 0};
  if (!pk_op_list_add_unary(&q->list, q->graph, PK_OP_DEQUANTIZE, q->int8[number], twin,
                            q->error)) {
    return -1;
  }
  return q->real[number] = twin;
}

static bool is_graph_output(const pk_graph *graph, int32_t number) {
  for (size_t i = 0; i < graph->output_count; i++) {
    if (graph->outputs[i] == number) return true;
  }
  return false;
}

// The int8 tensor that an int8 operator writes.
static int32_t int8_output(quantizer *q, const pk_op *op, int32_t first_input) {
  pk_graph *graph = q->graph;
  const int32_t old = op->output;
  int32_t number = old;
  if (is_graph_output(graph, old)) number = pk_graph_add_twin(graph, old, "(int8)", q->error);
  if (number < 0) return -1;
  pk_tensor *tensor = &graph->tensors[number];
  if (pk_keeps_scale(op->kind)) {
    tensor->dtype = PK_DTYPE_S8;
    tensor->quantization = graph->tensors[first_input].quantization;
  } else if (!set_range(graph, tensor, q->ranges[old], q->error)) {
    return -1;
  }
  q->int8[old] = number;
  q->real[old] = -1;
  return number;
}

// Whether the int8 operator is a sum for which the runtime has a kernel of its own, several times
// as fast as those of other functions of two operands.
static bool is_plain_sum(const pk_graph *graph, const pk_op *op) {
  const pk_tensor *a = pk_op_input(graph, op, 0), *b = pk_op_input(graph, op, 1);
  const float limit = MNW_ADD_RATIO_LIMIT * pk_tensor_scale(pk_op_output(graph, op));
  return op->kind == PK_OP_BINARY &&
         op->attributes.words.words[MNW_BINARY_FUNCTION] == MNW_BINARY_ADD &&
         pk_tensor_same_shape(a, b) && pk_tensor_scale(a) < limit && pk_tensor_scale(b) < limit;
}

static bool add_op(quantizer *q, const pk_op *source, bool is_int8) {
  pk_op op = *source;
  const int32_t old = op.output;
  op.inputs = pk_arena_copy(&q->graph->arena, op.inputs, (size_t)op.input_count, sizeof *op.inputs,
                            q->error);
  if (!op.inputs) return false;
  for (int i = 0; i < op.input_count; i++) {
    const int32_t number = op.inputs[i];
    const bool is_weight = pk_diff_has_weights(&op) && i >= PK_INPUT_WEIGHTS;
    if (number == PK_NO_TENSOR || (size_t)number >= q->old_count || is_weight) continue;
    const pk_dtype dtype = q->graph->tensors[number].dtype;
    if (dtype != PK_DTYPE_F32 && dtype != PK_DTYPE_S8) continue;  // indices
    op.inputs[i] = is_int8 ? int8_form(q, number) : real_form(q, number);
    if (op.inputs[i] < 0) return false;
  }
  if (!is_int8) return pk_op_list_add(&q->list, q->graph, &op, q->error);
  op.output = int8_output(q, &op, op.inputs[0]);
  if (op.kind == PK_OP_PAD) op.attributes.pad.value = 0.0;
  if (op.output < 0) return false;
  if (is_plain_sum(q->graph, &op)) op.kind = PK_OP_ADD;
  if (op.kind == PK_OP_PAD) {
    op.attributes.pad.value = pk_tensor_zero_point(&q->graph->tensors[op.output]);
  }
  if (!pk_op_list_add(&q->list, q->graph, &op, q->error)) return false;
  if (op.output == old) return true;
  q->real[old] = old;
  return pk_op_list_add_unary(&q->list, q->graph, PK_OP_DEQUANTIZE, op.output, old, q->error);
}

// Operator by operator; `is_int8` by operator.
static bool rewrite_ops(quantizer *q, const bool *is_int8) {
  for (size_t i = 0; i < q->graph->op_count; i++) {
    const pk_op op = q->graph->ops[i];
    if (!add_op(q, &op, is_int8[i])) return false;
  }
  pk_op_list_install(&q->list, q->graph);
  return true;
}

bool pk_quantize_graph(pk_graph *graph, const pk_range *ranges, const bool *is_int8,
                       pk_error *error) {
  quantizer q = {
      .graph = graph, .ranges = ranges, .old_count = graph->tensor_count, .error = error};
  bool *all = is_int8 ? NULL : calloc(graph->op_count + 1, sizeof *all);
  q.int8 = calloc(graph->tensor_count + 1, sizeof *q.int8);
  q.real = calloc(graph->tensor_count + 1, sizeof *q.real);
  bool ok = (is_int8 || all) && q.int8 && q.real;
  if (!ok) pk_fail(error, PK_OUT_OF_MEMORY, "no memory to quantise the graph");
  for (size_t i = 0; ok && i < q.old_count; i++) {
    q.int8[i] = -1;
    q.real[i] = (int32_t)i;
  }
  ok = ok && (is_int8 || pk_int8_operators(all, graph, error)) &&
       rewrite_ops(&q, is_int8 ? is_int8 : all);
  free(all);
  free(q.int8);
  free(q.real);
  return ok && pk_pass_align_quantization(graph, error) && pk_pass_remove_noops(graph, error) &&
         pk_pass_remove_dead(graph, error);
}
