// uint8 values and zero points become int8 by subtracting 128: the same real numbers, and the only
// 8-bit arithmetic that the runtime has. What the caller sees keeps uint8: a lossless QUANTIZE
// stands behind each uint8 input and before each uint8 output (remove_noops merges it with a
// QUANTIZE that is there already).
#include <string.h>

#include "graph_passes.h"

enum { SHIFT = 128 };

static bool is_quantized_u8(const pk_tensor *tensor) {
  return tensor->dtype == PK_DTYPE_U8 && tensor->quantization.count > 0;
}

static bool convert_tensor(pk_graph *graph, pk_tensor *tensor, pk_error *error) {
  const pk_quantization *q = &tensor->quantization;
  int32_t *zero_points =
      pk_arena_copy(&graph->arena, q->zero_points, q->count, sizeof *zero_points, error);
  if (!zero_points) return false;
  for (size_t i = 0; i < q->count; i++) zero_points[i] -= SHIFT;
  tensor->quantization.zero_points = zero_points;
  tensor->dtype = PK_DTYPE_S8;
  if (!tensor->data) return true;
  uint8_t *data = pk_arena_copy(&graph->arena, tensor->data, tensor->data_bytes, 1, error);
  if (!data) return false;
  for (size_t i = 0; i < tensor->data_bytes; i++) data[i] ^= SHIFT;
  tensor->data = data;
  return true;
}

// The int8 stand-in for input or output `number` of the graph, made on first use.
static bool add_twin(pk_graph *graph, int32_t *twins, int32_t number, pk_error *error) {
  if (!is_quantized_u8(&graph->tensors[number]) || twins[number] != number) return true;
  const int32_t twin = pk_graph_add_twin(graph, number, "(int8)", error);
  if (twin < 0) return false;
  twins[number] = twin;
  return convert_tensor(graph, &graph->tensors[twin], error);
}

static bool add_conversions(pk_op_list *list, pk_graph *graph, const int32_t *numbers, size_t count,
                            const int32_t *twins, uint8_t *done, bool is_input, pk_error *error) {
  for (size_t i = 0; i < count; i++) {
    const int32_t number = numbers[i], twin = twins[number];
    if (twin == number || done[number]) continue;
    done[number] = 1;
    if (!pk_op_list_add_unary(list, graph, PK_OP_QUANTIZE, is_input ? number : twin,
                              is_input ? twin : number, error)) {
      return false;
    }
  }
  return true;
}

// Operators between the conversions, with inputs and outputs of the graph replaced by their twins.
static bool rebuild_ops(pk_graph *graph, const int32_t *twins, uint8_t *done, pk_error *error) {
  pk_op_list list = {0};
  if (!add_conversions(&list, graph, graph->inputs, graph->input_count, twins, done, true, error)) {
    return false;
  }
  for (size_t i = 0; i < graph->op_count; i++) {
    pk_op *op = &graph->ops[i];
    for (int j = 0; j < op->input_count; j++) {
      if (op->inputs[j] != PK_NO_TENSOR) op->inputs[j] = twins[op->inputs[j]];
    }
    op->output = twins[op->output];
    if (!pk_op_list_add(&list, graph, op, error)) return false;
  }
  if (!add_conversions(&list, graph, graph->outputs, graph->output_count, twins, done, false,
                       error)) {
    return false;
  }
  pk_op_list_install(&list, graph);
  return true;
}

bool pk_pass_uint8_to_int8(pk_graph *graph, pk_error *error) {
  const size_t count = graph->tensor_count;
  int32_t *twins = pk_arena_alloc(&graph->arena, count, sizeof *twins, error);
  uint8_t *done = pk_arena_alloc(&graph->arena, count, 1, error);
  if (!twins || !done) return false;
  for (size_t i = 0; i < count; i++) twins[i] = (int32_t)i;

  for (size_t i = 0; i < graph->op_count; i++) {
    pk_op *op = &graph->ops[i];
    if (!is_quantized_u8(pk_op_input(graph, op, PK_INPUT_DATA))) continue;
    if (op->kind == PK_OP_PAD) op->attributes.pad.value -= SHIFT;
    if (op->kind == PK_OP_AVERAGE_POOL_2D) op->attributes.pool.ties_up = true;
  }
  for (size_t i = 0; i < graph->input_count; i++) {
    if (!add_twin(graph, twins, graph->inputs[i], error)) return false;
  }
  for (size_t i = 0; i < graph->output_count; i++) {
    if (!add_twin(graph, twins, graph->outputs[i], error)) return false;
  }
  for (size_t i = 0; i < count; i++) {
    pk_tensor *tensor = &graph->tensors[i];
    if (twins[i] == (int32_t)i && is_quantized_u8(tensor) &&
        !convert_tensor(graph, tensor, error)) {
      return false;
    }
  }
  return rebuild_ops(graph, twins, done, error);
}
