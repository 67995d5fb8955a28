// A depthwise convolution of one input channel is a plain convolution with as many outputs as the
// depth multiplier: the matrix kernel has work for all its lanes, the depthwise one would not.
#include <string.h>

#include "graph_passes.h"

// [1][KH][KW][M] becomes [M][KH][KW][1].
static bool transpose_weights(pk_graph *graph, pk_op *op, pk_error *error) {
  pk_tensor weights = *pk_op_input(graph, op, PK_INPUT_WEIGHTS);
  const size_t channels = (size_t)weights.dims[3];
  const size_t taps = (size_t)weights.dims[1] * (size_t)weights.dims[2];
  const size_t bytes = (size_t)pk_dtype_bits(weights.dtype) / 8;
  uint8_t *data = pk_arena_alloc(&graph->arena, weights.data_bytes, 1, error);
  if (!data) return false;
  for (size_t c = 0; c < channels; c++) {
    for (size_t t = 0; t < taps; t++) {
      memcpy(data + (c * taps + t) * bytes, weights.data + (t * channels + c) * bytes, bytes);
    }
  }
  weights.data = data;
  weights.dims[0] = (int32_t)channels;
  weights.dims[3] = 1;
  weights.quantization.axis = weights.grid.axis = 0;
  op->inputs[PK_INPUT_WEIGHTS] = pk_graph_add_tensor(graph, &weights, error);
  return op->inputs[PK_INPUT_WEIGHTS] >= 0;
}

bool pk_pass_depthwise_to_conv(pk_graph *graph, pk_error *error) {
  for (size_t i = 0; i < graph->op_count; i++) {
    pk_op *op = &graph->ops[i];
    if (op->kind != PK_OP_DEPTHWISE_CONV_2D ||
        pk_op_input(graph, op, PK_INPUT_DATA)->dims[3] != 1) {
      continue;
    }
    if (!transpose_weights(graph, op, error)) return false;
    op->kind = PK_OP_CONV_2D;
  }
  return true;
}
