// Operators that change nothing go: RESHAPE to the same shape, QUANTIZE to the same type and
// parameters, PAD by nothing. Chains get shorter: a RESHAPE reads past an earlier RESHAPE, and of
// two QUANTIZE in a row one goes where the other is lossless (uint8 to int8 of the same scale).
#include "graph_passes.h"

typedef struct noop_pass {
  pk_graph *graph;
  pk_graph_index index;
  int32_t *alias;      // by tensor: what to read instead
  uint8_t *is_output;  // by tensor: an output of the graph
} noop_pass;

static bool is_8_bit(pk_dtype dtype) {
  return dtype == PK_DTYPE_S8 || dtype == PK_DTYPE_U8;
}

// Whether a QUANTIZE keeps every value apart: same scale, zero points that differ as the types do.
static bool is_lossless(const pk_graph *graph, const pk_op *op) {
  const pk_tensor *in = pk_op_input(graph, op, 0), *out = pk_op_output(graph, op);
  if (!is_8_bit(in->dtype) || !is_8_bit(out->dtype)) return false;
  const int shift = (out->dtype == PK_DTYPE_U8 ? 128 : 0) - (in->dtype == PK_DTYPE_U8 ? 128 : 0);
  return pk_tensor_scale(in) == pk_tensor_scale(out) &&
         pk_tensor_zero_point(in) + shift == pk_tensor_zero_point(out);
}

static bool is_noop(const pk_graph *graph, const pk_op *op) {
  if (op->kind != PK_OP_RESHAPE && op->kind != PK_OP_QUANTIZE && op->kind != PK_OP_PAD)
    return false;
  const pk_tensor *in = pk_op_input(graph, op, 0), *out = pk_op_output(graph, op);
  return in->dtype == out->dtype && pk_tensor_same_shape(in, out) &&
         pk_tensor_same_quantization(in, out);
}

// Whether `op` may read what its producer reads.
static bool may_skip(const pk_graph *graph, const pk_op *producer, const pk_op *op) {
  switch (op->kind) {
    case PK_OP_RESHAPE:
      return producer->kind == PK_OP_RESHAPE;
    case PK_OP_QUANTIZE:
      return producer->kind == PK_OP_QUANTIZE &&
             (is_lossless(graph, producer) || is_lossless(graph, op));
    case PK_OP_DEQUANTIZE:
      return producer->kind == PK_OP_QUANTIZE && is_lossless(graph, producer);
    default:
      return false;
  }
}

static void shorten_chain(noop_pass *pass, pk_op *op) {
  const pk_op *producer = pk_graph_producer(pass->graph, &pass->index, op, 0);
  while (producer && may_skip(pass->graph, producer, op)) {
    pass->index.use_count[op->inputs[0]]--;
    op->inputs[0] = producer->inputs[0];
    pass->index.use_count[op->inputs[0]]++;
    producer = pk_graph_producer(pass->graph, &pass->index, op, 0);
  }
}

static void remove_noop(noop_pass *pass, pk_op *op) {
  pk_graph_index *index = &pass->index;
  const int32_t in = op->inputs[0], out = op->output;
  if (!pass->is_output[out]) {
    pass->alias[out] = in;
    index->use_count[in] += index->use_count[out] - 1;
    op->is_removed = true;
    return;
  }
  // An output of the graph keeps its tensor: the producer writes it directly, if nobody else reads
  // what it wrote so far.
  pk_op *producer = pk_graph_producer(pass->graph, index, op, 0);
  if (!producer || index->use_count[in] != 1) return;
  producer->output = out;
  index->writer[out] = index->writer[in];
  op->is_removed = true;
}

bool pk_pass_remove_noops(pk_graph *graph, pk_error *error) {
  noop_pass pass = {.graph = graph};
  pass.alias = pk_arena_alloc(&graph->arena, graph->tensor_count, sizeof *pass.alias, error);
  pass.is_output = pk_arena_alloc(&graph->arena, graph->tensor_count, 1, error);
  if (!pass.alias || !pass.is_output || !pk_graph_index_build(&pass.index, graph, error)) {
    return false;
  }
  for (size_t i = 0; i < graph->tensor_count; i++) pass.alias[i] = (int32_t)i;
  for (size_t i = 0; i < graph->output_count; i++) pass.is_output[graph->outputs[i]] = 1;
  for (size_t i = 0; i < graph->op_count; i++) {
    pk_op *op = &graph->ops[i];
    // Earlier operators are done, so one step of `alias` leads to the end.
    for (int j = 0; j < op->input_count; j++) {
      if (op->inputs[j] != PK_NO_TENSOR) op->inputs[j] = pass.alias[op->inputs[j]];
    }
    shorten_chain(&pass, op);
    if (is_noop(graph, op)) remove_noop(&pass, op);
  }
  pk_graph_compact(graph);
  return true;
}
