#include "plain_weights.h"

#include <math.h>

#include "../autodiff/diff_net.h"
#include "channel_levels.h"
#include "significant_bits.h"

const char *const pk_plain_weight_names[] = {"float16", "int8", "int4", NULL};

enum {
  FLOAT16_BITS = 11,  // significant ones
  MIN_NUMBERS = 16    // of a constant that is worth it
};
static const float half_of_least = 0x1p-25f;  // of the least float16 above 0

// Whether input `i` is what the operator learns by, other than biases and scales.
static bool is_weight(const pk_op *op, int i) {
  switch (op->kind) {
    case PK_OP_NORMALIZE:
      return false;
    case PK_OP_MATMUL:
      return true;
    case PK_OP_CONV_TRANSPOSE_2D:
      return i == PK_INPUT_WEIGHTS;
    case PK_OP_RECURRENT:
      return pk_is_recurrent_weight(op, i);
    default:
      return pk_diff_learns(op, i) && !(pk_diff_has_weights(op) && i == PK_INPUT_BIAS);
  }
}

// The first operator that learns by a float32 constant; NULL: there is none, or it is too small.
static const pk_op *learner_of(const pk_graph *graph, int32_t number) {
  const pk_tensor *tensor = &graph->tensors[number];
  if (!tensor->data || tensor->dtype != PK_DTYPE_F32 || tensor->rank < 2 ||
      tensor->data_bytes < MIN_NUMBERS * sizeof(float)) {
    return NULL;
  }
  for (size_t i = 0; i < graph->op_count; i++) {
    const pk_op *op = &graph->ops[i];
    for (int j = 0; j < op->input_count; j++) {
      if (op->inputs[j] == number && is_weight(op, j)) return op;
    }
  }
  return NULL;
}

static float half_precision(float value) {
  return fabsf(value) <= half_of_least ? 0.0f : pk_round_significant(value, FLOAT16_BITS);
}

static bool round_numbers(pk_graph *graph, pk_tensor *tensor, bool is_half, pk_error *error) {
  const size_t count = tensor->data_bytes / sizeof(float);
  float *values = pk_arena_copy(&graph->arena, tensor->data, count, sizeof *values, error);
  if (!values) return false;
  if (!is_half) pk_round_to_step(values, count);
  for (size_t i = 0; is_half && i < count; i++) values[i] = half_precision(values[i]);
  tensor->data = (const uint8_t *)values;
  return true;
}

// The axis of a weighted operator's output channels.
static int channel_axis(const pk_graph *graph, const pk_op *op) {
  return op->kind == PK_OP_DEPTHWISE_CONV_2D ? pk_op_input(graph, op, PK_INPUT_WEIGHTS)->rank - 1
                                             : 0;
}

bool pk_round_plain(pk_graph *graph, pk_plain_report *report, pk_plain_weights weights,
                    pk_error *error) {
  const bool is_half = weights == PK_PLAIN_FLOAT16;
  const int most = weights == PK_PLAIN_INT4 ? PK_FOUR_BITS_MOST : PK_LEVEL_MAX;
  *report = (pk_plain_report){0};
  if (!is_half && !pk_recurrent_levels(graph, &report->constants, &report->numbers, most, error)) {
    return false;
  }
  for (size_t i = 0; i < graph->tensor_count; i++) {
    pk_tensor *tensor = &graph->tensors[i];
    const pk_op *op = learner_of(graph, (int32_t)i);
    if (!op) continue;
    const size_t numbers = tensor->data_bytes / sizeof(float);
    const bool has_steps =
        !is_half && pk_diff_has_weights(op) && pk_graph_use_count(graph, (int32_t)i) == 1;
    if (has_steps ? !pk_channel_levels(graph, (int32_t)i, channel_axis(graph, op), most, error)
                  : !round_numbers(graph, tensor, is_half, error)) {
      return false;
    }
    report->constants++;
    report->numbers += numbers;
  }
  return report->constants > 0 ||
         pk_fail(error, PK_UNSUPPORTED,
                 "the model has no float32 weights, so --weights %s would change nothing: leave it "
                 "out, or give the float32 version of the model",
                 pk_plain_weight_names[weights]);
}
