// Brings operators that compute next to their DEQUANTIZE and QUANTIZE: what only moves numbers
// changes places with them and works on 8-bit numbers itself. DEQUANTIZE sinks, QUANTIZE rises; a
// QUANTIZE that meets a DEQUANTIZE reads the 8-bit numbers and rescales.
#include <string.h>

#include "graph_passes.h"
#include "quantized_movement.h"

// A QUANTIZE rises past this many operators in a row; honest models need three.
enum { MOST_ROUNDS = 16 };

static bool is_movement(const pk_graph *graph, const pk_op *op) {
  return pk_movement_inputs(op) == 1 && pk_op_output(graph, op)->dtype == PK_DTYPE_F32;
}

static int32_t add_bytes(pk_graph *graph, int32_t like, int32_t quantized, pk_error *error) {
  const int32_t number = pk_graph_add_twin(graph, like, "(quantised)", error);
  if (number < 0) return -1;
  graph->tensors[number].dtype = graph->tensors[quantized].dtype;
  graph->tensors[number].quantization = graph->tensors[quantized].quantization;
  return number;
}

static bool set_input(pk_graph *graph, pk_op *op, int32_t input, pk_error *error) {
  op->inputs =
      pk_arena_copy(&graph->arena, op->inputs, (size_t)op->input_count, sizeof input, error);
  if (op->inputs) op->inputs[0] = input;
  return op->inputs != NULL;
}

// Moves the DEQUANTIZE before `op` behind it. bytes: by tensor of the file, what it is dequantised
// from, or PK_NO_TENSOR.
static bool sink(pk_op_list *list, pk_graph *graph, pk_op *op, int32_t *bytes, pk_error *error) {
  const int32_t source = bytes[op->inputs[0]];
  pk_op moved = *op;
  if (!pk_movement_quantize(&moved, &graph->tensors[source])) {
    return pk_op_list_add(list, graph, op, error);
  }
  moved.output = add_bytes(graph, op->output, source, error);
  if (moved.output < 0 || !set_input(graph, &moved, source, error)) return false;
  bytes[op->output] = moved.output;
  return pk_op_list_add(list, graph, &moved, error) &&
         pk_op_list_add_unary(list, graph, PK_OP_DEQUANTIZE, moved.output, op->output, error);
}

static bool sink_all(pk_graph *graph, pk_error *error) {
  pk_op_list list = {0};
  int32_t *bytes = pk_arena_alloc(&graph->arena, graph->tensor_count, sizeof *bytes, error);
  if (!bytes) return false;
  for (size_t i = 0; i < graph->tensor_count; i++) bytes[i] = PK_NO_TENSOR;
  for (size_t i = 0; i < graph->op_count; i++) {
    pk_op op = graph->ops[i];
    const int32_t first = op.input_count > 0 ? op.inputs[0] : PK_NO_TENSOR;
    const bool is_real = first != PK_NO_TENSOR && bytes[first] != PK_NO_TENSOR;
    bool ok = true;
    if (op.kind == PK_OP_DEQUANTIZE) bytes[op.output] = first;
    if (is_real && is_movement(graph, &op)) {
      ok = sink(&list, graph, &op, bytes, error);
    } else {
      if (is_real && op.kind == PK_OP_QUANTIZE) ok = set_input(graph, &op, bytes[first], error);
      ok = ok && pk_op_list_add(&list, graph, &op, error);
    }
    if (!ok) return false;
  }
  pk_op_list_install(&list, graph);
  return true;
}

// Whether `op` is to change places with the QUANTIZE that is the only reader of its result.
static bool rises(const pk_graph *graph, const pk_graph_index *index, const pk_op *op,
                  const int32_t *reader, pk_op *moved) {
  if (!is_movement(graph, op) || index->use_count[op->output] != 1 || reader[op->output] < 0) {
    return false;
  }
  *moved = *op;
  const pk_op *quantize = &graph->ops[reader[op->output]];
  return quantize->kind == PK_OP_QUANTIZE &&
         pk_movement_quantize(moved, pk_op_output(graph, quantize));
}

static bool rise(pk_op_list *list, pk_graph *graph, pk_op *moved, pk_op *quantize,
                 pk_error *error) {
  const int32_t bytes = add_bytes(graph, moved->inputs[0], quantize->output, error);
  if (bytes < 0 ||
      !pk_op_list_add_unary(list, graph, PK_OP_QUANTIZE, moved->inputs[0], bytes, error)) {
    return false;
  }
  moved->output = quantize->output;
  quantize->is_removed = true;
  return set_input(graph, moved, bytes, error) && pk_op_list_add(list, graph, moved, error);
}

static bool rise_once(pk_graph *graph, bool *changed, pk_error *error) {
  pk_graph_index index;
  pk_op_list list = {0};
  int32_t *reader = pk_arena_alloc(&graph->arena, graph->tensor_count, sizeof *reader, error);
  if (!reader || !pk_graph_index_build(&index, graph, error)) return false;
  for (size_t i = 0; i < graph->tensor_count; i++) reader[i] = -1;
  for (size_t i = 0; i < graph->op_count; i++) {
    const pk_op *op = &graph->ops[i];
    for (int j = 0; j < op->input_count; j++) {
      if (op->inputs[j] != PK_NO_TENSOR) reader[op->inputs[j]] = (int32_t)i;
    }
  }
  *changed = false;
  for (size_t i = 0; i < graph->op_count; i++) {
    pk_op moved, *op = &graph->ops[i];
    if (op->is_removed) continue;
    const bool goes = rises(graph, &index, op, reader, &moved);
    *changed |= goes;
    if (!(goes ? rise(&list, graph, &moved, &graph->ops[reader[op->output]], error)
               : pk_op_list_add(&list, graph, op, error))) {
      return false;
    }
  }
  pk_op_list_install(&list, graph);
  return true;
}

bool pk_pass_move_quantization(pk_graph *graph, pk_error *error) {
  bool changed = true;
  if (!sink_all(graph, error)) return false;
  for (int round = 0; changed && round < MOST_ROUNDS; round++) {
    if (!rise_once(graph, &changed, error)) return false;
  }
  return true;
}
