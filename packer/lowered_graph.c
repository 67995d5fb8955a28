#include "lowered_graph.h"

#include <stdlib.h>
#include <string.h>

void pk_lowered_tensor_free(pk_lowered_tensor *tensor) {
  free(tensor->name);
  free(tensor->data);
  free(tensor->levels);
}

void pk_lowered_graph_free(pk_lowered_graph *graph) {
  if (!graph) return;
  for (size_t i = 0; i < graph->tensor_count; i++) pk_lowered_tensor_free(&graph->tensors[i]);
  for (size_t i = 0; i < graph->op_count; i++) free(graph->ops[i].name);
  free(graph->tensors);
  free(graph->ops);
  free(graph->inputs);
  free(graph->outputs);
  free(graph->name);
  free(graph->source_file);
  memset(graph, 0, sizeof *graph);
}
