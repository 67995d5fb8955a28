// SAME and VALID become numbers, so that later passes can add to them and the runtime need not
// know the rule.
#include "graph_passes.h"
#include "op_rules.h"

static pk_padding *padding_of(pk_op *op) {
  switch (op->kind) {
    case PK_OP_CONV_2D:
    case PK_OP_DEPTHWISE_CONV_2D:
      return &op->attributes.conv.padding;
    case PK_OP_AVERAGE_POOL_2D:
    case PK_OP_MAX_POOL_2D:
      return &op->attributes.pool.padding;
    default:
      return NULL;
  }
}

bool pk_pass_resolve_padding(pk_graph *graph, pk_error *error) {
  (void)error;
  for (size_t i = 0; i < graph->op_count; i++) {
    pk_padding *padding = padding_of(&graph->ops[i]);
    if (!padding) continue;
    const pk_windows windows = pk_op_windows(graph, &graph->ops[i]);
    pk_window_output(&windows.h, padding->mode, &padding->top, &padding->bottom);
    pk_window_output(&windows.w, padding->mode, &padding->left, &padding->right);
    padding->mode = PK_PADDING_EXPLICIT;
  }
  return true;
}
