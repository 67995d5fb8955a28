#include "graph_fork.h"

static const size_t max_fork_bytes = (size_t)1 << 30;

bool pk_graph_fork(pk_graph *fork, const pk_graph *graph, pk_error *error) {
  pk_graph_init(fork, max_fork_bytes);
  pk_arena *arena = &fork->arena;
  const pk_arena own = *arena;
  *fork = *graph;
  *arena = own;
  fork->tensors =
      pk_arena_copy(arena, graph->tensors, graph->tensor_count, sizeof *graph->tensors, error);
  fork->ops = pk_arena_copy(arena, graph->ops, graph->op_count, sizeof *graph->ops, error);
  fork->outputs =
      pk_arena_copy(arena, graph->outputs, graph->output_count, sizeof *graph->outputs, error);
  fork->tensor_capacity = graph->tensor_count;
  fork->op_capacity = graph->op_count;
  return fork->tensors && fork->ops && fork->outputs;
}
