// FULLY_CONNECTED works on rows whose length is its weights' second dimension. TFLite also takes
// any other shape with the right number of elements: a RESHAPE, which costs nothing at run time,
// says so explicitly. Batches stay rows.
#include "graph_passes.h"

static bool add_rows(pk_op_list *list, pk_graph *graph, pk_op *op, pk_error *error) {
  const pk_tensor *input = pk_op_input(graph, op, PK_INPUT_DATA);
  const int32_t row = pk_op_input(graph, op, PK_INPUT_WEIGHTS)->dims[1];
  const int64_t elements = pk_tensor_elements(input);
  if (input->rank > 0 && input->dims[input->rank - 1] == row) return true;
  const int32_t number = pk_graph_add_twin(graph, op->inputs[PK_INPUT_DATA], "(rows)", error);
  if (number < 0) return false;
  pk_tensor *rows = &graph->tensors[number];
  rows->rank = 2;
  rows->dims[0] = (int32_t)(elements / row);
  rows->dims[1] = row;
  const int32_t source = op->inputs[PK_INPUT_DATA];
  op->inputs[PK_INPUT_DATA] = number;
  return pk_op_list_add_unary(list, graph, PK_OP_RESHAPE, source, number, error);
}

bool pk_pass_flatten_rows(pk_graph *graph, pk_error *error) {
  pk_op_list list = {0};
  for (size_t i = 0; i < graph->op_count; i++) {
    pk_op *op = &graph->ops[i];
    if (op->kind == PK_OP_FULLY_CONNECTED && !add_rows(&list, graph, op, error)) return false;
    if (!pk_op_list_add(&list, graph, op, error)) return false;
  }
  pk_op_list_install(&list, graph);
  return true;
}
