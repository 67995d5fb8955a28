#include "round_recurrent.h"

#include <math.h>

enum { MOST_LEVEL = 127 };

static bool round_constant(pk_graph *graph, int32_t number, pk_error *error) {
  pk_tensor *tensor = &graph->tensors[number];
  const size_t count = tensor->data_bytes / sizeof(float);
  float most = 0.0f;
  if (!tensor->data || tensor->dtype != PK_DTYPE_F32) return true;
  float *values = pk_arena_copy(&graph->arena, tensor->data, count, sizeof *values, error);
  if (!values) return false;
  for (size_t i = 0; i < count; i++) most = fmaxf(most, fabsf(values[i]));
  const float step = most / (float)MOST_LEVEL;
  for (size_t i = 0; i < count && step > 0.0f; i++) {
    const float level = rintf(values[i] / step);
    values[i] = level == 0.0f ? 0.0f : step * level;  // no -0
  }
  tensor->data = (const uint8_t *)values;
  return true;
}

bool pk_round_recurrent(pk_graph *graph, pk_error *error) {
  for (size_t i = 0; i < graph->op_count; i++) {
    const pk_op *op = &graph->ops[i];
    if (op->kind != PK_OP_RECURRENT) continue;
    if (!round_constant(graph, op->inputs[PK_INPUT_WEIGHTS], error) ||
        !round_constant(graph, op->inputs[PK_INPUT_STATE_WEIGHTS], error)) {
      return false;
    }
  }
  return true;
}
