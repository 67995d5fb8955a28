#include "network_graph.h"

#include <stdio.h>
#include <string.h>

#include "../../../core/ops/op_params.h"
#include "network_builder.h"

enum { MAX_REPEATS = 64, MAX_DEPTH = 8 };

static int32_t add_layers(pk_network_builder *b, const json_t *layers, const char *where,
                          const char *prefix, int32_t x, int depth);

// --- what layers share ---

int32_t pk_network_emit(pk_network_builder *b, const pk_op *op, int rank, const int32_t *dims,
                        const char *name) {
  pk_graph *graph = b->graph;
  pk_error *error = b->reader.error;
  pk_op emitted = *op;
  pk_tensor result = {.dtype = PK_DTYPE_F32, .rank = rank};
  memcpy(result.dims, dims, (size_t)rank * sizeof *dims);
  result.name = pk_arena_text(&graph->arena, error, "%s.%zu", name, graph->op_count);
  emitted.name = result.name;
  emitted.source_index = (int32_t)graph->op_count;
  emitted.inputs =
      pk_arena_copy(&graph->arena, op->inputs, (size_t)op->input_count, sizeof *op->inputs, error);
  if (!result.name || !emitted.inputs) return -1;
  emitted.output = pk_graph_add_tensor(graph, &result, error);
  if (emitted.output < 0) return -1;
  while (b->note_capacity <= graph->op_count) {
    b->notes = pk_arena_grow(&graph->arena, b->notes, b->note_capacity, &b->note_capacity,
                             sizeof *b->notes, error);
    if (!b->notes) return -1;
  }
  if (!pk_graph_add_op(graph, &emitted, error)) return -1;
  b->notes[graph->op_count - 1] = (pk_network_note){.has_norm = false};
  return emitted.output;
}

int32_t pk_network_constant(pk_network_builder *b, const pk_network_layer *layer,
                            const char *suffix, int rank, const int32_t *dims) {
  pk_graph *graph = b->graph;
  pk_error *error = b->reader.error;
  const char *like = json_string_value(json_object_get(layer->json, "like"));
  pk_tensor tensor = {.dtype = PK_DTYPE_F32, .rank = rank};
  memcpy(tensor.dims, dims, (size_t)rank * sizeof *dims);
  tensor.name = pk_arena_text(&graph->arena, error, "%s.%s", like ? like : layer->name, suffix);
  if (!tensor.name) return -1;
  for (size_t i = 0; i < graph->tensor_count; i++) {
    const pk_tensor *other = &graph->tensors[i];
    if (!other->data || strcmp(other->name, tensor.name) != 0) continue;
    if (like && pk_tensor_same_shape(other, &tensor)) return (int32_t)i;
    pk_field_bad(&b->reader, layer->where, like ? "like" : "name",
                 like ? "the name of a layer with weights of the same shape"
                      : "a name that no other layer has");
    return -1;
  }
  if (like) {
    pk_field_bad(&b->reader, layer->where, "like", "the name of an earlier layer of the same kind");
    return -1;
  }
  const int64_t elements = pk_tensor_elements(&tensor);
  if (elements < 0) {
    pk_field_bad(&b->reader, layer->where, "", "smaller: its weights have too many elements");
    return -1;
  }
  tensor.data_bytes = (size_t)elements * sizeof(float);
  tensor.data = pk_arena_alloc(&graph->arena, (size_t)elements, sizeof(float), error);
  return tensor.data ? pk_graph_add_tensor(graph, &tensor, error) : -1;
}

bool pk_network_pair(int32_t pair[2], const pk_network_builder *b, const pk_network_layer *layer,
                     const char *field, int32_t default_value) {
  const json_t *value = json_object_get(layer->json, field);
  pair[0] = pair[1] = default_value;
  if (!value) return true;
  for (size_t i = 0; i < 2; i++) {
    const json_t *number = json_is_array(value) ? json_array_get(value, i) : value;
    const json_int_t whole = json_integer_value(number);
    if (!json_is_integer(number) || whole < 1 || whole > PK_NETWORK_MAX_WIDTH ||
        (json_is_array(value) && json_array_size(value) != 2)) {
      return pk_field_bad(&b->reader, layer->where, field,
                          "a whole number above 0, or two of them: [height, width]");
    }
    pair[i] = (int32_t)whole;
  }
  return true;
}

bool pk_network_check_fields(const pk_network_builder *b, const pk_network_layer *layer,
                             const char *const *known) {
  static const char *const common[] = {"name", "activation", "dropout", NULL};
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)layer->json, key, value) {
    if (!pk_name_is_listed(common, key) && !pk_name_is_listed(known, key)) {
      return pk_field_bad(&b->reader, layer->where, key, "left out: this layer has no such field");
    }
  }
  return true;
}

// --- activations ---

typedef struct activation_name {
  const char *name;
  pk_activation fused;
  int32_t unary;  // where it is an operator of its own
  float alpha, beta;
} activation_name;

static const activation_name activations[] = {
    {"none", PK_ACTIVATION_NONE, 0, 0.0f, 0.0f},
    {"relu", PK_ACTIVATION_RELU, 0, 0.0f, 0.0f},
    {"relu6", PK_ACTIVATION_RELU6, 0, 0.0f, 0.0f},
    {"hard-swish", PK_ACTIVATION_NONE, MNW_UNARY_HARD_SWISH, 0.0f, 0.0f},
    {"swish", PK_ACTIVATION_NONE, MNW_UNARY_SWISH, 1.0f, 0.0f},
    {"leaky-relu", PK_ACTIVATION_NONE, MNW_UNARY_LEAKY_RELU, 0.1f, 0.0f},
    {"sigmoid", PK_ACTIVATION_NONE, MNW_UNARY_SIGMOID, 0.0f, 0.0f},
    {"tanh", PK_ACTIVATION_NONE, MNW_UNARY_TANH, 0.0f, 0.0f},
    {"gelu", PK_ACTIVATION_NONE, MNW_UNARY_GELU, 0.0f, 0.0f}};

static const activation_name *find_activation(const pk_network_builder *b,
                                              const pk_network_layer *layer) {
  const json_t *json = json_object_get(layer->json, "activation");
  const char *name = json ? json_string_value(json) : "none";
  for (size_t i = 0; name && i < sizeof activations / sizeof *activations; i++) {
    if (strcmp(activations[i].name, name) == 0) return &activations[i];
  }
  pk_field_bad(&b->reader, layer->where, "activation",
               "one of none relu relu6 hard-swish swish leaky-relu sigmoid tanh gelu");
  return NULL;
}

static int32_t add_unary(pk_network_builder *b, const pk_network_layer *layer, int32_t x,
                         const activation_name *activation) {
  const pk_tensor shape = b->graph->tensors[x];
  pk_op op = {.kind = PK_OP_UNARY, .inputs = &x, .input_count = 1};
  int32_t *words = op.attributes.words.words;
  words[MNW_UNARY_FUNCTION] = activation->unary;
  memcpy(&words[MNW_UNARY_ALPHA], &activation->alpha, sizeof activation->alpha);
  memcpy(&words[MNW_UNARY_BETA], &activation->beta, sizeof activation->beta);
  return pk_network_emit(b, &op, shape.rank, shape.dims, layer->name);
}

int32_t pk_network_finish(pk_network_builder *b, const pk_network_layer *layer, int32_t x,
                          bool default_norm) {
  const activation_name *activation = find_activation(b, layer);
  const json_t *norm = json_object_get(layer->json, "norm");
  const json_t *dropout = json_object_get(layer->json, "dropout");
  pk_network_note *note = &b->notes[b->graph->op_count - 1];
  if (!activation) return -1;
  if (norm && !json_is_boolean(norm)) {
    pk_field_bad(&b->reader, layer->where, "norm", "true or false");
    return -1;
  }
  note->has_norm = norm ? json_is_true(norm) : default_norm;
  if (json_object_get(layer->json, "like") && note->has_norm) {
    if (norm) {
      pk_field_bad(&b->reader, layer->where, "norm",
                   "false: normalisation becomes part of the weights, so shared weights have none");
      return -1;
    }
    note->has_norm = false;
  }
  if (dropout) {
    note->dropout = (float)json_number_value(dropout);
    if (!json_is_number(dropout) || !(note->dropout >= 0.0f && note->dropout < 1.0f)) {
      pk_field_bad(&b->reader, layer->where, "dropout", "a number from 0 to below 1");
      return -1;
    }
  }
  if (activation->unary) return add_unary(b, layer, x, activation);
  b->graph->ops[b->graph->op_count - 1].activation = activation->fused;
  return x;
}

// --- combinations ---

static int32_t add_residual(pk_network_builder *b, const pk_network_layer *layer, int32_t x,
                            int depth) {
  static const char *const known[] = {"residual", NULL};
  char where[PK_NETWORK_PATH_BYTES];
  if (!pk_network_check_fields(b, layer, known)) return -1;
  snprintf(where, sizeof where, "%s.residual", layer->where);
  const int32_t branch =
      add_layers(b, json_object_get(layer->json, "residual"), where, layer->name, x, depth + 1);
  if (branch < 0) return -1;
  const pk_tensor shape = b->graph->tensors[x];
  if (!pk_tensor_same_shape(&shape, &b->graph->tensors[branch])) {
    pk_field_bad(&b->reader, layer->where, "residual",
                 "layers that leave the shape as it is: what comes in is added to what comes out");
    return -1;
  }
  int32_t inputs[] = {x, branch};
  const pk_op op = {.kind = PK_OP_ADD, .inputs = inputs, .input_count = 2};
  const int32_t sum = pk_network_emit(b, &op, shape.rank, shape.dims, layer->name);
  return sum < 0 ? -1 : pk_network_finish(b, layer, sum, false);
}

static int32_t add_repeat(pk_network_builder *b, const pk_network_layer *layer, int32_t x,
                          int depth) {
  static const char *const known[] = {"repeat", "of", NULL};
  char where[PK_NETWORK_PATH_BYTES], name[PK_NETWORK_PATH_BYTES];
  int64_t times;
  if (!pk_network_check_fields(b, layer, known) ||
      !pk_field_integer(&times, &b->reader, layer->json, layer->where, "repeat", 1, MAX_REPEATS)) {
    return -1;
  }
  snprintf(where, sizeof where, "%s.of", layer->where);
  for (int64_t i = 0; x >= 0 && i < times; i++) {
    snprintf(name, sizeof name, "%s.%lld", layer->name, (long long)i);
    x = add_layers(b, json_object_get(layer->json, "of"), where, name, x, depth + 1);
  }
  return x;
}

static int32_t add_layer(pk_network_builder *b, const pk_network_layer *layer, int32_t x,
                         int depth) {
  if (json_object_get(layer->json, "residual")) return add_residual(b, layer, x, depth);
  if (json_object_get(layer->json, "repeat")) return add_repeat(b, layer, x, depth);
  for (const pk_network_kind *kind = pk_network_kinds; kind->field; kind++) {
    if (json_object_get(layer->json, kind->field)) return kind->add(b, layer, x);
  }
  pk_field_bad(&b->reader, layer->where, "",
               "a layer: an object with conv, depthwise, dense, bag, gru, pool, reshape, residual "
               "or repeat");
  return -1;
}

static int32_t add_layers(pk_network_builder *b, const json_t *layers, const char *where,
                          const char *prefix, int32_t x, int depth) {
  char place[PK_NETWORK_PATH_BYTES], name[PK_NETWORK_PATH_BYTES];
  if (depth > MAX_DEPTH || !json_is_array(layers) || json_array_size(layers) == 0) {
    pk_field_bad(&b->reader, where, "", "a list of layers, not nested too deeply");
    return -1;
  }
  for (size_t i = 0; x >= 0 && i < json_array_size(layers); i++) {
    const json_t *json = json_array_get(layers, i);
    const char *given = json_string_value(json_object_get(json, "name"));
    snprintf(place, sizeof place, "%s.%zu", where, i);
    snprintf(name, sizeof name, "%s%s%zu", prefix, *prefix ? "." : "", i);
    const pk_network_layer layer = {json, place, given && *given ? given : name};
    x = add_layer(b, &layer, x, depth);
  }
  return x;
}

// --- the whole ---

static int32_t add_input(pk_network_builder *b, const pk_network_options *options) {
  const json_t *shape = json_object_get(options->network, "input");
  pk_tensor input = {.name = "input", .dtype = PK_DTYPE_F32, .rank = 1};
  input.dims[0] = options->batch;
  if (json_array_size(shape) < 1 || json_array_size(shape) > 3) {
    pk_field_bad(&b->reader, "network", "input",
                 "one to three dimensions, as [48, 48, 1] (height, width, channels)");
    return -1;
  }
  for (size_t i = 0; i < json_array_size(shape); i++) {
    const json_t *value = json_array_get(shape, i);
    const json_int_t dim = json_integer_value(value);
    if (dim < 1 || dim > PK_NETWORK_MAX_WIDTH) {
      pk_field_bad(&b->reader, "network", "input", "whole numbers from 1 to 65536");
      return -1;
    }
    input.dims[input.rank++] = (int32_t)dim;
  }
  return pk_graph_add_tensor(b->graph, &input, b->reader.error);
}

static bool is_named(const char *name, const char *layer, const char *suffix) {
  const size_t length = strlen(layer);
  return strncmp(name, layer, length) == 0 && strcmp(name + length, suffix) == 0;
}

// Operators are called "<layer>.<their number>" (pk_network_emit).
int32_t pk_network_layer_output(const pk_graph *graph, const char *layer) {
  char number[24];
  for (size_t i = graph->op_count; i-- > 0;) {
    snprintf(number, sizeof number, ".%zu", i);
    if (is_named(graph->ops[i].name, layer, number)) return graph->ops[i].output;
  }
  return PK_NO_TENSOR;
}

static bool has_width(const pk_graph *graph, const char *layer) {
  for (size_t i = 0; i < graph->op_count; i++) {
    const pk_op *op = &graph->ops[i];
    if (op->kind != PK_OP_CONV_2D && op->kind != PK_OP_FULLY_CONNECTED) continue;
    const char *name = pk_op_input(graph, op, PK_INPUT_WEIGHTS)->name;
    if (is_named(name, layer, PK_NETWORK_WEIGHTS_SUFFIX)) return true;
  }
  return false;
}

// "channels" of the network names convolutions and dense layers alone.
static bool check_widths(const pk_network_builder *b) {
  const char *layer;
  json_t *value;
  if (b->widths && !json_is_object(b->widths)) {
    return pk_field_bad(&b->reader, "network", "channels", "an object: widths of layers by name");
  }
  json_object_foreach((json_t *)b->widths, layer, value) {
    if (!has_width(b->graph, layer)) {
      return pk_field_bad(&b->reader, "network.channels", layer,
                          "left out: no convolution or dense layer has this name");
    }
  }
  return true;
}

bool pk_network_build(pk_graph *graph, const pk_network_note **notes,
                      const pk_network_options *options, pk_error *error) {
  pk_network_builder b = {
      .graph = graph,
      .reader = {options->source, "docs/TRAINING.md describes networks", PK_USAGE, true, error},
      .widths = json_object_get(options->network, "channels")};
  graph->source_file = options->source;
  graph->inputs = pk_arena_alloc(&graph->arena, 1, sizeof *graph->inputs, error);
  graph->outputs = pk_arena_alloc(&graph->arena, 1, sizeof *graph->outputs, error);
  if (!graph->inputs || !graph->outputs) return false;
  const int32_t input = add_input(&b, options);
  if (input < 0) return false;
  const int32_t output =
      add_layers(&b, json_object_get(options->network, "layers"), "layers", "", input, 0);
  if (output < 0 || !check_widths(&b)) return false;
  graph->inputs[0] = input;
  graph->outputs[0] = output;
  graph->input_count = graph->output_count = 1;
  if (notes) *notes = b.notes;
  return true;
}
