#include "import_invariants.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/format/package_format.h"
#include "../../core/ops/op_params.h"

static int64_t round_up(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

// Bytes from docs/FORMAT.md, computed without the packer's headers; -1: no valid shape.
static int64_t expected_bytes(const pk_lowered_tensor *t) {
  int64_t elements = 1;
  for (uint32_t i = 0; i < t->rank; i++) {
    if (t->dims[i] < 1 || t->dims[i] > 1 << 24) return -1;
    elements *= t->dims[i];
    if (elements > MNW_MAX_TENSOR_BYTES) return -1;
  }
  const int64_t element_bytes = t->dtype == MNW_DTYPE_S64                                ? 8
                                : t->dtype == MNW_DTYPE_F32 || t->dtype == MNW_DTYPE_S32 ? 4
                                                                                         : 1;
  switch (t->layout) {
    case MNW_LAYOUT_TILE_8X4:
      return t->rank < 2 ? -1 : round_up(t->dims[0], 8) * round_up(elements / t->dims[0], 4);
    case MNW_LAYOUT_DEPTHWISE_8X2:
      return t->rank != 3 ? -1 : round_up(t->dims[2], 8) * round_up(elements / t->dims[2], 2);
    case MNW_LAYOUT_TILE_8_F32:  // rank 5: a first axis of groups, each with tiles of its own
      if (t->rank < 2 || t->dtype != MNW_DTYPE_F32) return -1;
      if (t->rank == 5) {
        return 4 * t->dims[0] * round_up(t->dims[1], 8) * (elements / t->dims[0] / t->dims[1]);
      }
      return 4 * round_up(t->dims[0], 8) * (elements / t->dims[0]);
    default:
      return elements * element_bytes;
  }
}

static const char *check_tensor(const pk_lowered_tensor *t) {
  if (!t->name) return "a tensor has no name";
  if (t->rank > MNW_MAX_RANK) return "a rank is too high";
  const int64_t bytes = expected_bytes(t);
  if (bytes < 0 || bytes > MNW_MAX_TENSOR_BYTES) return "a shape is out of range";
  if (t->data && (int64_t)t->data_bytes != bytes) return "a constant has the wrong size";
  if (!t->data && t->layout != MNW_LAYOUT_ROW_MAJOR) return "an activation is packed";
  if (!(t->scale >= 0.0f && t->scale < 3.4e38f)) return "a scale is negative or infinite";
  if (t->zero_point < -128 || t->zero_point > 255) return "a zero point is out of range";
  return NULL;
}

static const char *check_clamps(const pk_lowered_graph *graph, const pk_lowered_op *op, int min,
                                int max) {
  const int32_t low = op->params[min], high = op->params[max];
  if (graph->tensors[op->outputs[0]].dtype == MNW_DTYPE_F32) {
    float bounds[2];
    memcpy(&bounds[0], &low, sizeof low);
    memcpy(&bounds[1], &high, sizeof high);
    return bounds[0] < bounds[1] ? NULL : "a clamp of real numbers is empty";
  }
  return low < -128 || high > 127 || low > high ? "a clamp is out of range" : NULL;
}

static const char *check_params(const pk_lowered_graph *graph, const pk_lowered_op *op) {
  switch (op->code) {
    case MNW_OP_CONV_2D:
    case MNW_OP_DEPTHWISE_CONV_2D:
      return check_clamps(graph, op, MNW_CONV_CLAMP_MIN, MNW_CONV_CLAMP_MAX);
    case MNW_OP_FULLY_CONNECTED:
      return check_clamps(graph, op, MNW_FULLY_CONNECTED_CLAMP_MIN, MNW_FULLY_CONNECTED_CLAMP_MAX);
    case MNW_OP_ADD:
      return check_clamps(graph, op, MNW_ADD_CLAMP_MIN, MNW_ADD_CLAMP_MAX);
    case MNW_OP_AVERAGE_POOL_2D:
    case MNW_OP_MAX_POOL_2D:
      return check_clamps(graph, op, MNW_POOL_CLAMP_MIN, MNW_POOL_CLAMP_MAX);
    default:
      return NULL;
  }
}

// Inputs written before, outputs not; constants numbered in the order of their first use.
static const char *check_op(const pk_lowered_graph *graph, const pk_lowered_op *op, bool *written,
                            int32_t *last_constant) {
  if (!op->name) return "an operator has no name";
  if (op->output_count != 1 || op->input_count < 1) return "an operator has no input or output";
  for (int i = 0; i < op->input_count; i++) {
    const int32_t number = op->inputs[i];
    if (i > 0 && number == MNW_NO_TENSOR) continue;  // an optional input that is absent
    if (number < 0 || (size_t)number >= graph->tensor_count) return "an input is out of range";
    if (graph->tensors[number].data) {
      if (number > *last_constant) *last_constant = number;
    } else if (!written[number]) {
      return "an operator reads what nothing wrote";
    }
  }
  const int32_t number = op->outputs[0];
  if (number < 0 || (size_t)number >= graph->tensor_count) return "an output is out of range";
  if (written[number] || graph->tensors[number].data) return "a tensor is written twice";
  if (number < *last_constant) return "tensors are not in execution order";
  written[number] = true;
  return check_params(graph, op);
}

static const char *check_flow(const pk_lowered_graph *graph, bool *written) {
  int32_t last_constant = -1;
  for (size_t i = 0; i < graph->input_count; i++) {
    if (graph->inputs[i] < 0 || (size_t)graph->inputs[i] >= graph->tensor_count ||
        graph->tensors[graph->inputs[i]].data) {
      return "a graph input is no activation";
    }
    written[graph->inputs[i]] = true;
  }
  for (size_t i = 0; i < graph->op_count; i++) {
    const char *broken = check_op(graph, &graph->ops[i], written, &last_constant);
    if (broken) return broken;
  }
  for (size_t i = 0; i < graph->output_count; i++) {
    if (graph->outputs[i] < 0 || (size_t)graph->outputs[i] >= graph->tensor_count ||
        !written[graph->outputs[i]]) {
      return "a graph output is never written";
    }
  }
  return NULL;
}

const char *import_broken_invariant(const pk_lowered_graph *graph) {
  if (!graph->name || !graph->source_file) return "the graph has no name";
  if (graph->input_count < 1 || graph->output_count < 1) return "the graph has no ends";
  for (size_t i = 0; i < graph->tensor_count; i++) {
    const char *broken = check_tensor(&graph->tensors[i]);
    if (broken) return broken;
  }
  bool *written = calloc(graph->tensor_count + 1, sizeof *written);
  const char *broken = written ? check_flow(graph, written) : "out of memory";
  free(written);
  return broken;
}
