// Operators that move int8 values without computing need one scale and zero point for all of them:
// where a model has several, a QUANTIZE brings the inputs to the output's (operators with several
// inputs of data) or the result from the input's to the output's.
#include "../../core/ops/op_params.h"
#include "graph_passes.h"

// Inputs that hold data, as a mask; 0: the operator computes, or is none of those handled here.
static uint32_t data_inputs(const pk_op *op) {
  switch (op->kind) {
    case PK_OP_EXPAND:
    case PK_OP_GATHER:
    case PK_OP_GATHER_ELEMENTS:
    case PK_OP_GATHER_ND:
    case PK_OP_RESIZE:
    case PK_OP_SLICE:
    case PK_OP_TRANSPOSE:
    case PK_OP_TRILU:
      return 1;
    case PK_OP_REDUCE:
      return 1;  // MAX and MIN: the others are float32 by now
    case PK_OP_TOP_K:
      return op->attributes.words.words[MNW_TOP_K_WANTS_INDICES] ? 0 : 1;
    case PK_OP_CONCAT:
      return UINT32_MAX;
    case PK_OP_SCATTER_ELEMENTS:
    case PK_OP_SCATTER_ND:
      return 1 << 0 | 1 << 2;
    case PK_OP_WHERE:
      return 1 << 1 | 1 << 2;
    default:
      return 0;
  }
}

static bool differs(const pk_graph *graph, int32_t a, int32_t b) {
  const pk_tensor *p = &graph->tensors[a], *q = &graph->tensors[b];
  return p->dtype == PK_DTYPE_S8 && q->dtype == PK_DTYPE_S8 && p->quantization.count > 0 &&
         q->quantization.count > 0 && !pk_tensor_same_quantization(p, q);
}

static bool align_inputs(pk_op_list *list, pk_graph *graph, pk_op *op, uint32_t mask,
                         pk_error *error) {
  int32_t *inputs =
      pk_arena_copy(&graph->arena, op->inputs, (size_t)op->input_count, sizeof *inputs, error);
  if (!inputs) return false;
  for (int i = 0; i < op->input_count; i++) {
    const bool is_data = i > 31 ? mask == UINT32_MAX : mask >> i & 1;
    if (!is_data || inputs[i] == PK_NO_TENSOR || !differs(graph, inputs[i], op->output)) continue;
    const int32_t twin = pk_graph_add_twin(graph, inputs[i], "(rescaled)", error);
    if (twin < 0) return false;
    graph->tensors[twin].quantization = pk_op_output(graph, op)->quantization;
    if (!pk_op_list_add_unary(list, graph, PK_OP_QUANTIZE, inputs[i], twin, error)) return false;
    inputs[i] = twin;
  }
  op->inputs = inputs;
  return pk_op_list_add(list, graph, op, error);
}

static bool align_output(pk_op_list *list, pk_graph *graph, pk_op *op, pk_error *error) {
  const int32_t output = op->output;
  if (!differs(graph, op->inputs[0], output)) return pk_op_list_add(list, graph, op, error);
  const int32_t twin = pk_graph_add_twin(graph, output, "(before rescaling)", error);
  if (twin < 0) return false;
  graph->tensors[twin].quantization = pk_op_input(graph, op, 0)->quantization;
  op->output = twin;
  return pk_op_list_add(list, graph, op, error) &&
         pk_op_list_add_unary(list, graph, PK_OP_QUANTIZE, twin, output, error);
}

bool pk_pass_align_quantization(pk_graph *graph, pk_error *error) {
  pk_op_list list = {0};
  for (size_t i = 0; i < graph->op_count; i++) {
    pk_op op = graph->ops[i];
    const uint32_t mask = data_inputs(&op);
    const bool ok = mask == 0   ? pk_op_list_add(&list, graph, &op, error)
                    : mask == 1 ? align_output(&list, graph, &op, error)
                                : align_inputs(&list, graph, &op, mask, error);
    if (!ok) return false;
  }
  pk_op_list_install(&list, graph);
  return true;
}
