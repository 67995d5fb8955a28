#include "made_graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/format/package_format.h"
#include "core/ops/op_params.h"
#include "test_random.h"

enum { MAX_SHARED = 3, OUTPUTS = 2 };

static char *number_text(const char *stem, size_t number) {
  char text[32];
  snprintf(text, sizeof text, "%s %zu", stem, number);
  char *copy = malloc(strlen(text) + 1);
  return copy ? strcpy(copy, text) : NULL;
}

static int32_t add_tensor(pk_lowered_graph *graph, mnw_dtype dtype, int32_t elements) {
  pk_lowered_tensor *tensor = &graph->tensors[graph->tensor_count];
  *tensor = (pk_lowered_tensor){.name = number_text("tensor", graph->tensor_count),
                                .dtype = dtype,
                                .rank = 2,
                                .dims = {1, elements},
                                .scale = dtype == MNW_DTYPE_S8 ? 0.5f : 0.0f};
  return (int32_t)graph->tensor_count++;
}

static int32_t add_constant(pk_lowered_graph *graph, uint32_t *seed) {
  const int32_t bytes = random_between(seed, 1, 3000);
  const int32_t t = add_tensor(graph, MNW_DTYPE_U8, bytes);
  pk_lowered_tensor *tensor = &graph->tensors[t];
  tensor->data_bytes = (size_t)bytes;
  tensor->data = malloc(tensor->data_bytes);
  for (int32_t i = 0; i < bytes; i++) tensor->data[i] = (uint8_t)random_between(seed, 0, 90);
  return t;
}

static void read(pk_lowered_op *op, bool *is_read, int32_t t) {
  op->inputs[op->input_count++] = t;
  is_read[t] = true;
}

// Reads the last activation mostly, earlier ones and constants at times; an operator may read the
// same tensor twice.
static void add_op(pk_lowered_graph *graph, bool *is_read, int32_t *activations, size_t *count,
                   const int32_t *shared, uint32_t *seed) {
  pk_lowered_op *op = &graph->ops[graph->op_count];
  *op = (pk_lowered_op){.name = number_text("op", graph->op_count), .code = MNW_OP_CONCAT};
  op->params[0] = (int32_t)graph->op_count++;
  const int reads = random_between(seed, 1, 3);
  for (int k = 0; k < reads; k++) {
    const bool is_last = random_between(seed, 0, 2) > 0;
    read(op, is_read,
         activations[is_last ? *count - 1 : (size_t)random_between(seed, 0, (int)*count - 1)]);
  }
  if (random_between(seed, 0, 3) == 0) op->inputs[op->input_count++] = MNW_NO_TENSOR;
  if (random_between(seed, 0, 1)) read(op, is_read, add_constant(graph, seed));
  if (random_between(seed, 0, 2) == 0) {
    read(op, is_read, shared[random_between(seed, 0, MAX_SHARED - 1)]);
  }
  op->output_count = random_between(seed, 1, OUTPUTS);
  for (int k = 0; k < op->output_count; k++) {
    const mnw_dtype dtype = random_between(seed, 0, 1) ? MNW_DTYPE_S8 : MNW_DTYPE_F32;
    activations[*count] = add_tensor(graph, dtype, random_between(seed, 1, 400));
    op->outputs[k] = activations[(*count)++];
  }
}

pk_lowered_graph made_graph(uint32_t seed, size_t op_count, size_t input_count) {
  const size_t most = input_count + MAX_SHARED + op_count * (1 + OUTPUTS);
  pk_lowered_graph graph = {.name = number_text("made", seed),
                            .source_file = number_text("made", 0)};
  int32_t *activations = calloc(most, sizeof *activations), shared[MAX_SHARED];
  bool *is_read = calloc(most, sizeof *is_read);
  size_t count = 0;
  graph.tensors = calloc(most, sizeof *graph.tensors);
  graph.ops = calloc(op_count, sizeof *graph.ops);
  graph.inputs = calloc(input_count, sizeof *graph.inputs);
  graph.outputs = calloc(most, sizeof *graph.outputs);
  for (size_t i = 0; i < input_count; i++) {
    graph.inputs[graph.input_count++] = activations[count++] =
        add_tensor(&graph, MNW_DTYPE_F32, random_between(&seed, 1, 400));
  }
  for (int i = 0; i < MAX_SHARED; i++) shared[i] = add_constant(&graph, &seed);
  while (graph.op_count < op_count) add_op(&graph, is_read, activations, &count, shared, &seed);
  // What nobody reads is an output, and now and then a tensor that is read too.
  for (size_t i = 0; i < count; i++) {
    if (!is_read[activations[i]] || random_between(&seed, 0, 9) == 0) {
      graph.outputs[graph.output_count++] = activations[i];
    }
  }
  free(activations);
  free(is_read);
  return graph;
}
