#include "plain_weights.h"

#include <math.h>
#include <string.h>

#include "../autodiff/diff_net.h"
#include "core/base/bytes.h"

const char *const pk_plain_weight_names[] = {"float16", "int8", "int4", NULL};

enum {
  DROPPED_BITS = 13,  // of float32's 23, for float16's 10
  MIN_NUMBERS = 16,   // of a constant that is worth it
  EIGHT_BIT_MOST = 127,
  FOUR_BIT_MOST = 7,
  CLIPS = 20  // steps that four bits may have, up to that of the largest weight
};

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
      return i == PK_INPUT_WEIGHTS || i == PK_INPUT_STATE_WEIGHTS;
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

// To the nearest number of eleven significant bits, ties to even, or to 0 where float16 would be;
// infinities and what is no number stay.
static float half_precision(float value) {
  if (fabsf(value) <= 0x1p-25f) return 0.0f;
  const uint32_t bits = mnw_float_bits(value), half = (1u << (DROPPED_BITS - 1)) - 1;
  const uint32_t rounded = bits + half + (bits >> DROPPED_BITS & 1);
  const float result = mnw_float_from_bits(rounded & ~((1u << DROPPED_BITS) - 1));
  return isfinite(value) && isfinite(result) ? result : value;
}

static float largest(const float *values, size_t count, size_t stride) {
  float most = 0.0f;
  for (size_t i = 0; i < count; i++) most = fmaxf(most, fabsf(values[i * stride]));
  return most;
}

static float level_of(float value, float step, float most) {
  const float level = step > 0.0f ? rintf(value / step) : 0.0f;
  return fmaxf(-most, fminf(most, level));
}

static double squared_error(const float *values, size_t count, size_t stride, float step,
                            float most) {
  double sum = 0.0;
  for (size_t i = 0; i < count; i++) {
    const float value = values[i * stride];
    const double error = (double)(value - step * level_of(value, step, most));
    sum += error * error;
  }
  return sum;
}

// The step of a channel's weights: few levels are worth it to cut off the largest of them.
static float choose_step(const float *values, size_t count, size_t stride, int most) {
  const float widest = largest(values, count, stride) / (float)most;
  float best = widest;
  double least = INFINITY;
  if (most == EIGHT_BIT_MOST) return widest;
  for (int i = CLIPS / 2; i <= CLIPS; i++) {
    const float step = widest * (float)i / (float)CLIPS;
    const double error = squared_error(values, count, stride, step, (float)most);
    if (error >= least) continue;
    least = error;
    best = step;
  }
  return best;
}

// Weights of an operator that can have int8 ones, a step for each output channel.
static bool round_channels(pk_graph *graph, const pk_op *op, int most, pk_error *error) {
  const bool is_depthwise = op->kind == PK_OP_DEPTHWISE_CONV_2D;
  pk_tensor *tensor = pk_op_input(graph, op, PK_INPUT_WEIGHTS);
  const size_t count = tensor->data_bytes / sizeof(float);
  const int axis = is_depthwise ? tensor->rank - 1 : 0;
  const size_t channels = (size_t)tensor->dims[axis], each = count / channels;
  const size_t stride = is_depthwise ? channels : 1;
  int8_t *levels = pk_arena_alloc(&graph->arena, count, 1, error);
  float *steps = pk_arena_alloc(&graph->arena, channels, sizeof *steps, error);
  int32_t *zeros = pk_arena_alloc(&graph->arena, channels, sizeof *zeros, error);
  float *values = pk_arena_copy(&graph->arena, tensor->data, count, sizeof *values, error);
  if (!levels || !steps || !zeros || !values) return false;
  for (size_t c = 0; c < channels; c++) {
    const size_t first = is_depthwise ? c : c * each;
    const float step = choose_step(values + first, each, stride, most);
    steps[c] = step > 0.0f ? step : 1.0f;
    for (size_t i = 0; i < each; i++) {
      const size_t at = first + i * stride;
      levels[at] = (int8_t)level_of(values[at], steps[c], (float)most);
    }
  }
  tensor->dtype = PK_DTYPE_S8;
  tensor->data = (const uint8_t *)levels;
  tensor->data_bytes = count;
  tensor->quantization =
      (pk_quantization){.count = channels, .scales = steps, .zero_points = zeros, .axis = axis};
  return true;
}

static bool round_numbers(pk_graph *graph, pk_tensor *tensor, bool is_half, pk_error *error) {
  const size_t count = tensor->data_bytes / sizeof(float);
  float *values = pk_arena_copy(&graph->arena, tensor->data, count, sizeof *values, error);
  if (!values) return false;
  const float step = largest(values, count, 1) / (float)EIGHT_BIT_MOST;
  for (size_t i = 0; i < count; i++) {
    // + 0: no -0, which a codebook would number apart.
    values[i] = is_half ? half_precision(values[i])
                        : step * level_of(values[i], step, (float)EIGHT_BIT_MOST) + 0.0f;
  }
  tensor->data = (const uint8_t *)values;
  return true;
}

bool pk_round_plain(pk_graph *graph, pk_plain_report *report, pk_plain_weights weights,
                    pk_error *error) {
  const bool is_half = weights == PK_PLAIN_FLOAT16;
  const int most = weights == PK_PLAIN_INT4 ? FOUR_BIT_MOST : EIGHT_BIT_MOST;
  *report = (pk_plain_report){0};
  for (size_t i = 0; i < graph->tensor_count; i++) {
    pk_tensor *tensor = &graph->tensors[i];
    const pk_op *op = learner_of(graph, (int32_t)i);
    if (!op) continue;
    const size_t numbers = tensor->data_bytes / sizeof(float);
    const bool has_steps =
        !is_half && pk_diff_has_weights(op) && pk_graph_use_count(graph, (int32_t)i) == 1;
    if (has_steps ? !round_channels(graph, op, most, error)
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
