// Fused activations of operators that cannot clamp their result stand on their own: those that
// never clamp (CONCAT), and those that clamp only in float32 (BINARY).
#include "graph_passes.h"

static bool clamps(const pk_graph *graph, const pk_op *op) {
  const pk_dtype dtype = pk_op_output(graph, op)->dtype;
  if (!pk_op_kind_fuses_activation(op->kind)) return false;
  if (dtype == PK_DTYPE_F32) return true;
  if (op->kind == PK_OP_ADD) {
    return pk_tensor_same_shape(pk_op_input(graph, op, 0), pk_op_input(graph, op, 1));
  }
  return op->kind != PK_OP_BINARY && op->kind != PK_OP_CONV_TRANSPOSE_2D;
}

static bool split(pk_op_list *list, pk_graph *graph, pk_op *op, pk_error *error) {
  const pk_tensor *output = pk_op_output(graph, op);
  if (output->dtype != PK_DTYPE_F32 && output->quantization.count == 0) {
    return pk_op_fail(op, error, PK_UNSUPPORTED,
                      "it has a fused activation on %s values; only float32 and quantised values "
                      "are supported",
                      pk_dtype_name(output->dtype));
  }
  const int32_t number = op->output;
  const int32_t twin = pk_graph_add_twin(graph, number, "(before activation)", error);
  if (twin < 0) return false;
  pk_op activation = *op;
  activation.kind = PK_OP_ACTIVATION;
  activation.input_count = 1;
  activation.inputs = pk_arena_copy(&graph->arena, &twin, 1, sizeof twin, error);
  op->output = twin;
  op->activation = PK_ACTIVATION_NONE;
  return activation.inputs && pk_op_list_add(list, graph, op, error) &&
         pk_op_list_add(list, graph, &activation, error);
}

bool pk_pass_split_activations(pk_graph *graph, pk_error *error) {
  pk_op_list list = {0};
  for (size_t i = 0; i < graph->op_count; i++) {
    pk_op op = graph->ops[i];
    const bool splits =
        op.activation != PK_ACTIVATION_NONE && op.kind != PK_OP_ACTIVATION && !clamps(graph, &op);
    if (!(splits ? split(&list, graph, &op, error) : pk_op_list_add(&list, graph, &op, error))) {
      return false;
    }
  }
  pk_op_list_install(&list, graph);
  return true;
}
