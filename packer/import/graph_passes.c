#include "graph_passes.h"

#include "graph_check.h"

static bool run_passes(pk_graph *graph, pk_pass_fn *const *passes, size_t count, pk_error *error) {
  for (size_t i = 0; i < count; i++) {
    if (!passes[i](graph, error)) return false;
  }
  return true;
}

bool pk_graph_run_passes(pk_graph *graph, pk_error *error) {
  static pk_pass_fn *const passes[] = {
#define PK_PASS(name) pk_pass_##name,
#include "graph_passes.inc"
#undef PK_PASS
  };
  return run_passes(graph, passes, sizeof passes / sizeof *passes, error);
}

bool pk_graph_run_quantize_passes(pk_graph *graph, pk_error *error) {
  static pk_pass_fn *const passes[] = {
#define PK_PASS(name) pk_pass_##name,
#include "quantize_passes.inc"
#undef PK_PASS
  };
  return run_passes(graph, passes, sizeof passes / sizeof *passes, error);
}

bool pk_graph_index_build(pk_graph_index *index, pk_graph *graph, pk_error *error) {
  const size_t count = graph->tensor_count;
  index->writer = pk_arena_alloc(&graph->arena, count, sizeof *index->writer, error);
  index->use_count = pk_arena_alloc(&graph->arena, count, sizeof *index->use_count, error);
  if (!index->writer || !index->use_count) return false;
  for (size_t i = 0; i < count; i++) index->writer[i] = -1;
  for (size_t i = 0; i < graph->op_count; i++) {
    const pk_op *op = &graph->ops[i];
    if (op->is_removed) continue;
    index->writer[op->output] = (int32_t)i;
    for (int j = 0; j < op->input_count; j++) {
      if (op->inputs[j] != PK_NO_TENSOR) index->use_count[op->inputs[j]]++;
    }
  }
  for (size_t i = 0; i < graph->output_count; i++) index->use_count[graph->outputs[i]]++;
  return true;
}

pk_op *pk_graph_producer(const pk_graph *graph, const pk_graph_index *index, const pk_op *op,
                         int input) {
  if (input >= op->input_count || op->inputs[input] == PK_NO_TENSOR) return NULL;
  const int32_t writer = index->writer[op->inputs[input]];
  return writer < 0 ? NULL : &graph->ops[writer];
}

bool pk_op_list_add(pk_op_list *list, pk_graph *graph, const pk_op *op, pk_error *error) {
  pk_op *ops =
      pk_arena_grow(&graph->arena, list->ops, list->count, &list->capacity, sizeof *ops, error);
  if (!ops) return false;
  list->ops = ops;
  ops[list->count++] = *op;
  return true;
}

bool pk_op_list_add_unary(pk_op_list *list, pk_graph *graph, pk_op_kind kind, int32_t input,
                          int32_t output, pk_error *error) {
  pk_op op = {.kind = kind,
              .name = graph->tensors[output].name,
              .source_index = -1,
              .input_count = 1,
              .output = output};
  op.inputs = pk_arena_copy(&graph->arena, &input, 1, sizeof input, error);
  return op.inputs && pk_op_list_add(list, graph, &op, error);
}

void pk_op_list_install(const pk_op_list *list, pk_graph *graph) {
  graph->ops = list->ops;
  graph->op_count = list->count;
  graph->op_capacity = list->capacity;
}

int32_t pk_graph_add_twin(pk_graph *graph, int32_t like, const char *suffix, pk_error *error) {
  pk_tensor twin = graph->tensors[like];
  twin.data = NULL;
  twin.data_bytes = 0;
  twin.name = pk_arena_text(&graph->arena, error, "%s %s", twin.name, suffix);
  return twin.name ? pk_graph_add_tensor(graph, &twin, error) : -1;
}

bool pk_graph_prepare(pk_graph *graph, const pk_graph_edit *edit, pk_error *error) {
  // The second check holds the passes to the same rules as the file.
  if (!pk_graph_check(graph, error) || !pk_graph_run_passes(graph, error) ||
      !pk_graph_check(graph, error)) {
    return false;
  }
  const bool is_edited = edit && edit->apply;
  graph->keeps_int8 = edit && edit->inputs && edit->inputs->keeps_int8;
  return (is_edited ? edit->apply(edit->user, graph, error)
                    : pk_pass_weight_levels(graph, error)) &&
         pk_graph_check(graph, error);
}
