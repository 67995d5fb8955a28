#include "tensor_order.h"

#include <stdlib.h>

#include "core/format/package_format.h"

enum { UNSEEN = -1 };

// Gives numbers[old] = new to those of `tensors` that have none yet.
static bool number_tensors(int32_t *numbers, int32_t *next, const pk_lowered_graph *graph,
                           const int32_t *tensors, size_t count, const char *user,
                           pk_error *error) {
  for (size_t i = 0; i < count; i++) {
    const int32_t t = tensors[i];
    if (t == MNW_NO_TENSOR) continue;
    if (t < 0 || (size_t)t >= graph->tensor_count) {
      return pk_fail(error, PK_BAD_MODEL, "%s: %s refers to tensor %d of %zu", graph->source_file,
                     user, t, graph->tensor_count);
    }
    if (numbers[t] != UNSEEN) continue;
    // The steps of levels stand right before these.
    if (graph->tensors[t].levels) numbers[t - 1] = (*next)++;
    numbers[t] = (*next)++;
  }
  return true;
}

static bool is_constant(const pk_lowered_graph *graph, int32_t tensor, mnw_dtype dtype) {
  return tensor >= 0 && (size_t)tensor < graph->tensor_count && graph->tensors[tensor].data &&
         graph->tensors[tensor].dtype == dtype;
}

// Multipliers come before the biases whose units they tell (MNW_CODING_SCALED).
static bool number_inputs(int32_t *numbers, int32_t *next, const pk_lowered_graph *graph,
                          const pk_lowered_op *op, const char *name, pk_error *error) {
  enum { BIAS = 2, MULTIPLIERS = 3 };
  const bool is_scaled = op->input_count > MULTIPLIERS &&
                         is_constant(graph, op->inputs[BIAS], MNW_DTYPE_S32) &&
                         is_constant(graph, op->inputs[MULTIPLIERS], MNW_DTYPE_F32);
  if (is_scaled &&
      (!number_tensors(numbers, next, graph, op->inputs, BIAS, name, error) ||
       !number_tensors(numbers, next, graph, op->inputs + MULTIPLIERS, 1, name, error))) {
    return false;
  }
  return number_tensors(numbers, next, graph, op->inputs, (size_t)op->input_count, name, error);
}

static bool number_graph(int32_t *numbers, int32_t *next, const pk_lowered_graph *graph,
                         pk_error *error) {
  if (!number_tensors(numbers, next, graph, graph->inputs, graph->input_count, "the input list",
                      error)) {
    return false;
  }
  for (size_t i = 0; i < graph->op_count; i++) {
    const pk_lowered_op *op = &graph->ops[i];
    const char *name = op->name ? op->name : "an operator";
    if (!number_inputs(numbers, next, graph, op, name, error) ||
        !number_tensors(numbers, next, graph, op->outputs, (size_t)op->output_count, name, error)) {
      return false;
    }
  }
  return number_tensors(numbers, next, graph, graph->outputs, graph->output_count,
                        "the output list", error);
}

static void renumber(int32_t *tensors, size_t count, const int32_t *numbers) {
  for (size_t i = 0; i < count; i++) {
    if (tensors[i] != MNW_NO_TENSOR) tensors[i] = numbers[tensors[i]];
  }
}

bool pk_order_tensors(pk_lowered_graph *graph, pk_error *error) {
  int32_t used_count = 0;
  bool ok = false;
  int32_t *numbers = malloc((graph->tensor_count + 1) * sizeof *numbers);
  pk_lowered_tensor *ordered = calloc(graph->tensor_count + 1, sizeof *ordered);
  for (size_t i = 0; numbers && i < graph->tensor_count; i++) numbers[i] = UNSEEN;
  if (!numbers || !ordered) {
    pk_fail(error, PK_OUT_OF_MEMORY, "no memory to number %zu tensors", graph->tensor_count);
  } else if (number_graph(numbers, &used_count, graph, error)) {
    for (size_t i = 0; i < graph->tensor_count; i++) {
      if (numbers[i] != UNSEEN) {
        ordered[numbers[i]] = graph->tensors[i];
      } else {
        pk_lowered_tensor_free(&graph->tensors[i]);
      }
    }
    for (size_t i = 0; i < graph->op_count; i++) {
      renumber(graph->ops[i].inputs, (size_t)graph->ops[i].input_count, numbers);
      renumber(graph->ops[i].outputs, (size_t)graph->ops[i].output_count, numbers);
    }
    renumber(graph->inputs, graph->input_count, numbers);
    renumber(graph->outputs, graph->output_count, numbers);
    free(graph->tensors);
    graph->tensors = ordered;
    graph->tensor_count = (size_t)used_count;
    ordered = NULL;
    ok = true;
  }
  free(ordered);
  free(numbers);
  return ok;
}
