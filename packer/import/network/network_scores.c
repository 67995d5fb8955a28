// From a network's logits to class scores.
#include <string.h>

#include "network_builder.h"

static pk_network_builder builder_of(pk_graph *graph, const pk_network_options *options,
                                     pk_error *error) {
  return (pk_network_builder){
      .graph = graph,
      .reader = {options->source, "docs/TRAINING.md describes networks", PK_USAGE, true, error}};
}

size_t pk_network_read_groups(int32_t *class_of, size_t outputs, const pk_network_options *options,
                              pk_error *error) {
  const json_t *groups = json_object_get(options->network, "groups");
  const pk_network_builder b = builder_of(NULL, options, error);
  size_t known = 0;
  for (size_t i = 0; i < outputs; i++) class_of[i] = groups ? -1 : (int32_t)i;
  if (!groups) return outputs;
  for (size_t g = 0; g < json_array_size(groups); g++) {
    const json_t *group = json_array_get(groups, g);
    for (size_t i = 0; i < json_array_size(group); i++) {
      const json_t *value = json_array_get(group, i);
      const json_int_t output = json_integer_value(value);
      if (!json_is_integer(value) || output < 0 || output >= (json_int_t)outputs ||
          class_of[output] >= 0) {
        pk_field_bad(&b.reader, "network", "groups", "lists of outputs, each output in one list");
        return 0;
      }
      class_of[output] = (int32_t)g;
      known++;
    }
  }
  if (known == outputs) return json_array_size(groups);
  pk_field_bad(&b.reader, "network", "groups", "lists that hold every output of the last layer");
  return 0;
}

// Weights of 0 and 1 [classes][outputs].
static int32_t add_membership(pk_graph *graph, const int32_t *class_of, size_t outputs,
                              size_t classes, pk_error *error) {
  pk_tensor tensor = {.name = "groups.weights", .dtype = PK_DTYPE_F32, .rank = 2};
  tensor.dims[0] = (int32_t)classes;
  tensor.dims[1] = (int32_t)outputs;
  float *values = pk_arena_alloc(&graph->arena, classes * outputs, sizeof *values, error);
  if (!values) return -1;
  for (size_t i = 0; i < outputs; i++) values[(size_t)class_of[i] * outputs + i] = 1.0f;
  tensor.data = (const uint8_t *)values;
  tensor.data_bytes = classes * outputs * sizeof *values;
  return pk_graph_add_tensor(graph, &tensor, error);
}

static int32_t add_groups(pk_network_builder *b, const pk_network_options *options, int32_t scores,
                          pk_error *error) {
  const pk_tensor shape = b->graph->tensors[scores];
  const size_t outputs = (size_t)shape.dims[1];
  int32_t *class_of = pk_arena_alloc(&b->graph->arena, outputs, sizeof *class_of, error);
  const size_t classes = class_of ? pk_network_read_groups(class_of, outputs, options, error) : 0;
  if (classes == 0) return -1;
  int32_t inputs[] = {scores, add_membership(b->graph, class_of, outputs, classes, error)};
  if (inputs[1] < 0) return -1;
  const int32_t dims[] = {shape.dims[0], (int32_t)classes};
  const pk_op op = {.kind = PK_OP_FULLY_CONNECTED, .inputs = inputs, .input_count = 2};
  return pk_network_emit(b, &op, 2, dims, "groups");
}

bool pk_network_add_scores(pk_graph *graph, const pk_network_options *options, pk_error *error) {
  pk_network_builder b = builder_of(graph, options, error);
  int32_t x = graph->outputs[0];
  const pk_tensor shape = graph->tensors[x];
  const pk_op softmax = {
      .kind = PK_OP_SOFTMAX, .inputs = &x, .input_count = 1, .attributes.softmax = {.beta = 1.0f}};
  int32_t y = pk_network_emit(&b, &softmax, shape.rank, shape.dims, "scores");
  if (y >= 0 && json_object_get(options->network, "groups")) {
    if (shape.rank != 2) {
      return pk_field_bad(&b.reader, "network", "groups", "left out: the last layer gives no row");
    }
    y = add_groups(&b, options, y, error);
  }
  if (y >= 0) graph->outputs[0] = y;
  return y >= 0;
}
