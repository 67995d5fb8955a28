#include "slope_round.h"

#include "../../core/ops/op_params.h"
#include "significant_bits.h"

enum { SIGNIFICANT_BITS = 8 };

bool pk_round_slopes(pk_graph *graph, pk_error *error) {
  for (size_t i = 0; i < graph->op_count; i++) {
    const pk_op *op = &graph->ops[i];
    if (op->kind != PK_OP_BINARY ||
        op->attributes.words.words[MNW_BINARY_FUNCTION] != MNW_BINARY_PRELU) {
      continue;
    }
    pk_tensor *slopes = pk_op_input(graph, op, 1);
    if (!slopes->data || slopes->dtype != PK_DTYPE_F32) continue;
    const size_t count = slopes->data_bytes / sizeof(float);
    float *values = pk_arena_copy(&graph->arena, slopes->data, count, sizeof *values, error);
    if (!values) return false;
    for (size_t j = 0; j < count; j++)
      values[j] = pk_round_significant(values[j], SIGNIFICANT_BITS);
    slopes->data = (const uint8_t *)values;
  }
  return true;
}
