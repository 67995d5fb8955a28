// Operators that no output of the graph depends on go.
#include "graph_passes.h"

bool pk_pass_remove_dead(pk_graph *graph, pk_error *error) {
  uint8_t *needed = pk_arena_alloc(&graph->arena, graph->tensor_count, 1, error);
  if (!needed) return false;
  for (size_t i = 0; i < graph->output_count; i++) needed[graph->outputs[i]] = 1;
  for (size_t i = graph->op_count; i-- > 0;) {
    pk_op *op = &graph->ops[i];
    op->is_removed = !needed[op->output];
    if (op->is_removed) continue;
    for (int j = 0; j < op->input_count; j++) {
      if (op->inputs[j] != PK_NO_TENSOR) needed[op->inputs[j]] = 1;
    }
  }
  pk_graph_compact(graph);
  return true;
}
