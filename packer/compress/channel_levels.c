#include "channel_levels.h"

#include <math.h>
#include <stdlib.h>

#include "../import/graph_passes.h"

enum { CLIPS = 20 };  // steps that few levels may have, up to that of the largest weight

// A channel's weights.
typedef struct channel {
  const float *values;
  size_t count, stride;
} channel;

static float largest(const channel *c) {
  float most = 0.0f;
  for (size_t i = 0; i < c->count; i++) most = fmaxf(most, fabsf(c->values[i * c->stride]));
  return most;
}

static float level_of(float value, float step, float most) {
  const float level = step > 0.0f ? rintf(value / step) : 0.0f;
  return fmaxf(-most, fminf(most, level));
}

static double squared_error(const channel *c, float step, float most) {
  double sum = 0.0;
  for (size_t i = 0; i < c->count; i++) {
    const float value = c->values[i * c->stride];
    const double error = (double)(value - step * level_of(value, step, most));
    sum += error * error;
  }
  return sum;
}

// Where there are few levels it is worth it to cut off the largest weights.
static float choose_step(const channel *c, int most) {
  const float widest = largest(c) / (float)most;
  float best = widest;
  double least = INFINITY;
  if (most == PK_LEVEL_MAX) return widest;
  for (int i = CLIPS / 2; i <= CLIPS; i++) {
    const float step = widest * (float)i / (float)CLIPS;
    const double error = squared_error(c, step, (float)most);
    if (error >= least) continue;
    least = error;
    best = step;
  }
  return best;
}

bool pk_channel_levels(pk_graph *graph, int32_t number, int axis, int most, pk_error *error) {
  pk_tensor *tensor = &graph->tensors[number];
  const size_t count = tensor->data_bytes / sizeof(float);
  const bool is_last = axis > 0 && axis == tensor->rank - 1;
  size_t channels = (size_t)tensor->dims[axis];
  for (int i = 0; !is_last && i < axis; i++) channels *= (size_t)tensor->dims[i];
  const size_t each = count / channels, stride = is_last ? channels : 1;
  int8_t *levels = pk_arena_alloc(&graph->arena, count, 1, error);
  float *steps = pk_arena_alloc(&graph->arena, channels, sizeof *steps, error);
  float *values = pk_arena_copy(&graph->arena, tensor->data, count, sizeof *values, error);
  if (!levels || !steps || !values) return false;
  for (size_t c = 0; c < channels; c++) {
    const size_t first = is_last ? c : c * each;
    const channel of = {values + first, each, stride};
    const float step = choose_step(&of, most);
    steps[c] = step > 0.0f ? step : 1.0f;
    for (size_t i = 0; i < each; i++) {
      const size_t at = first + i * stride;
      levels[at] = (int8_t)level_of(values[at], steps[c], (float)most);
    }
  }
  return pk_tensor_take_levels(graph, tensor, levels, steps, channels, axis, error);
}

void pk_round_to_step(float *values, size_t count) {
  const channel all = {values, count, 1};
  const float step = choose_step(&all, PK_LEVEL_MAX);
  for (size_t i = 0; i < count; i++) {
    values[i] = step * level_of(values[i], step, (float)PK_LEVEL_MAX) + 0.0f;
  }
}

// --- recurrent operators ---

bool pk_is_recurrent_weight(const pk_op *op, int i) {
  return op->kind == PK_OP_RECURRENT && (i == PK_INPUT_WEIGHTS || i == PK_INPUT_STATE_WEIGHTS);
}

// Whether the constant's readers are weights of recurrent operators all.
static bool suits(const pk_graph *graph, int32_t number) {
  const pk_tensor *tensor = &graph->tensors[number];
  size_t uses = 0;
  if (!tensor->data || tensor->dtype != PK_DTYPE_F32 || tensor->rank != 3) return false;
  for (size_t i = 0; i < graph->op_count; i++) {
    for (int j = 0; j < graph->ops[i].input_count; j++) {
      uses += graph->ops[i].inputs[j] == number && pk_is_recurrent_weight(&graph->ops[i], j);
    }
  }
  return uses > 0 && uses == pk_graph_use_count(graph, number);
}

// The real form of constants by number: PK_NO_TENSOR, none yet.
typedef struct real_forms {
  pk_graph *graph;
  pk_op_list list;
  int32_t *numbers;
  int most;
  size_t *constants, *weights;
  pk_error *error;
} real_forms;

static bool make_real(real_forms *forms, int32_t number) {
  if (forms->numbers[number] != PK_NO_TENSOR) return true;
  const size_t weights = forms->graph->tensors[number].data_bytes / sizeof(float);
  const int32_t twin = pk_graph_add_twin(forms->graph, number, "(float32)", forms->error);
  if (twin < 0 || !pk_channel_levels(forms->graph, number, 1, forms->most, forms->error) ||
      !pk_op_list_add_unary(&forms->list, forms->graph, PK_OP_DEQUANTIZE, number, twin,
                            forms->error)) {
    return false;
  }
  forms->numbers[number] = twin;
  ++*forms->constants;
  *forms->weights += weights;
  return true;
}

static bool add_op(real_forms *forms, const pk_op *source) {
  pk_graph *graph = forms->graph;
  pk_op op = *source;
  int32_t *inputs =
      pk_arena_copy(&graph->arena, op.inputs, (size_t)op.input_count, sizeof *inputs, forms->error);
  if (!inputs) return false;
  for (int i = 0; i < op.input_count; i++) {
    const int32_t number = inputs[i];
    if (number == PK_NO_TENSOR || !pk_is_recurrent_weight(&op, i)) continue;
    if (forms->numbers[number] == PK_NO_TENSOR && !suits(graph, number)) continue;
    if (!make_real(forms, number)) return false;
    inputs[i] = forms->numbers[number];
  }
  op.inputs = inputs;
  return pk_op_list_add(&forms->list, graph, &op, forms->error);
}

bool pk_recurrent_levels(pk_graph *graph, size_t *constants, size_t *numbers, int most,
                         pk_error *error) {
  real_forms forms = {
      .graph = graph, .most = most, .constants = constants, .weights = numbers, .error = error};
  *constants = *numbers = 0;
  const size_t tensor_count = graph->tensor_count;
  forms.numbers = malloc((tensor_count + 1) * sizeof *forms.numbers);
  if (!forms.numbers) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for recurrent weights");
  bool ok = true;
  for (size_t i = 0; i < tensor_count; i++) forms.numbers[i] = PK_NO_TENSOR;
  for (size_t i = 0; ok && i < graph->op_count; i++) {
    const pk_op op = graph->ops[i];
    ok = add_op(&forms, &op);
  }
  if (ok) pk_op_list_install(&forms.list, graph);
  free(forms.numbers);
  return ok;
}
