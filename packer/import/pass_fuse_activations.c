// A stand-alone RELU behind an operator that clamps its result becomes that clamp, if it is the
// only reader and rescales nothing.
#include "graph_passes.h"

bool pk_pass_fuse_activations(pk_graph *graph, pk_error *error) {
  pk_graph_index index;
  if (!pk_graph_index_build(&index, graph, error)) return false;
  for (size_t i = 0; i < graph->op_count; i++) {
    pk_op *op = &graph->ops[i];
    if (op->kind != PK_OP_ACTIVATION) continue;
    pk_op *producer = pk_graph_producer(graph, &index, op, 0);
    const pk_tensor *in = pk_op_input(graph, op, 0), *out = pk_op_output(graph, op);
    if (!producer || !pk_op_kind_fuses_activation(producer->kind) ||
        producer->activation != PK_ACTIVATION_NONE || index.use_count[op->inputs[0]] != 1 ||
        in->dtype != out->dtype || !pk_tensor_same_quantization(in, out)) {
      continue;
    }
    producer->activation = op->activation;
    producer->output = op->output;
    index.writer[op->output] = index.writer[op->inputs[0]];
    op->is_removed = true;
  }
  pk_graph_compact(graph);
  return true;
}
