// Walks over a network's layers in their order.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "caffe_import.h"

enum { MOST_LAYERS = 4096, MOST_SIDE = 1 << 15 };

bool pk_caffe_fail(pk_caffe *c, pk_code code, const char *format, ...) {
  char text[600];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (!c->layer_type) return pk_fail(c->error, code, "the network: %s", text);
  return pk_fail(c->error, code, "layer %d (%s \"%s\"): %s", c->layer_index, c->layer_type,
                 c->layer_name, text);
}

// --- blobs ---

static pk_caffe_blob *find_blob(pk_caffe *c, const char *name) {
  for (size_t i = c->blob_count; i-- > 0;) {
    if (strcmp(c->blobs[i].name, name) == 0) return &c->blobs[i];
  }
  return NULL;
}

static bool add_blob(pk_caffe *c, const char *name, int32_t tensor) {
  pk_caffe_blob *blobs = pk_arena_grow(&c->graph->arena, c->blobs, c->blob_count, &c->blob_capacity,
                                       sizeof *blobs, c->error);
  if (!blobs) return false;
  c->blobs = blobs;
  blobs[c->blob_count++] = (pk_caffe_blob){.name = name, .tensor = tensor};
  return true;
}

int pk_caffe_count(pk_caffe *c, const char *name) {
  int count = 0;
  pk_caffe_field *field = pk_caffe_next(c->layer, NULL, name);
  for (; field; field = pk_caffe_next(c->layer, field, name)) count++;
  return count;
}

static const char *end_name(pk_caffe *c, const char *kind, int index) {
  pk_caffe_field *field = pk_caffe_next(c->layer, NULL, kind);
  for (; field && index > 0; index--) field = pk_caffe_next(c->layer, field, kind);
  if (!field || !field->is_string) {
    pk_caffe_fail(c, PK_BAD_MODEL, "it lacks a %s", kind);
    return NULL;
  }
  return field->text;
}

int32_t pk_caffe_bottom(pk_caffe *c, int index) {
  const char *name = end_name(c, "bottom", index);
  pk_caffe_blob *blob = name ? find_blob(c, name) : NULL;
  if (name && !blob) {
    pk_caffe_fail(c, PK_BAD_MODEL, "its bottom \"%s\" is computed by no layer before it", name);
  }
  if (!blob) return -1;
  blob->is_read = true;
  return blob->tensor;
}

bool pk_caffe_set_top(pk_caffe *c, int32_t tensor) {
  if (tensor < 0) return false;
  if (pk_caffe_count(c, "top") != 1) {
    return pk_caffe_fail(c, PK_UNSUPPORTED, "it has %d tops instead of 1",
                         pk_caffe_count(c, "top"));
  }
  const char *name = end_name(c, "top", 0);
  if (!name) return false;
  pk_caffe_blob *blob = find_blob(c, name);
  if (!blob) return add_blob(c, name, tensor);
  const pk_caffe_field *bottom = pk_caffe_next(c->layer, NULL, "bottom");
  if (!bottom || !bottom->text || strcmp(bottom->text, name) != 0) {
    return pk_caffe_fail(c, PK_BAD_MODEL, "its top \"%s\" is that of another layer too", name);
  }
  *blob = (pk_caffe_blob){.name = name, .tensor = tensor};  // in place
  return true;
}

// --- the graph ---

int32_t pk_caffe_emit(pk_caffe *c, pk_op_kind kind, const int32_t *inputs, int input_count,
                      const int32_t *dims, const pk_op *like) {
  pk_op op = like ? *like : (pk_op){.is_removed = false};
  pk_tensor output = {.name = c->layer_name, .dtype = PK_DTYPE_F32, .rank = 4};
  memcpy(output.dims, dims, 4 * sizeof *dims);
  op.kind = kind;
  op.name = c->layer_name;
  op.source_index = c->layer_index;
  op.input_count = input_count;
  op.inputs =
      pk_arena_copy(&c->graph->arena, inputs, (size_t)input_count, sizeof *inputs, c->error);
  op.output = pk_graph_add_tensor(c->graph, &output, c->error);
  if (!op.inputs || op.output < 0 || !pk_graph_add_op(c->graph, &op, c->error)) return -1;
  return op.output;
}

int32_t pk_caffe_constant(pk_caffe *c, const char *suffix, int rank, const int32_t *dims,
                          const float *values) {
  pk_tensor tensor = {.dtype = PK_DTYPE_F32, .rank = rank, .data = (const uint8_t *)values};
  tensor.name = pk_arena_text(&c->graph->arena, c->error, "%s/%s", c->layer_name, suffix);
  memcpy(tensor.dims, dims, (size_t)rank * sizeof *dims);
  tensor.data_bytes = (size_t)pk_tensor_elements(&tensor) * sizeof *values;
  return tensor.name ? pk_graph_add_tensor(c->graph, &tensor, c->error) : -1;
}

// An input of the network, of the four numbers of Caffe's order N, C, H, W.
static bool add_input(pk_caffe *c, const char *name, pk_caffe_field *shape, const char *dim) {
  int32_t sizes[4];
  int count = 0;
  pk_graph *graph = c->graph;
  pk_caffe_field *field = shape ? pk_caffe_next(shape, NULL, dim) : NULL;
  for (; field && count < 5; field = pk_caffe_next(shape, field, dim), count++) {
    char *end = NULL;
    const long size = field->text ? strtol(field->text, &end, 10) : 0;
    if (!end || *end || size < 1 || size > MOST_SIDE) {
      return pk_caffe_fail(c, PK_BAD_MODEL, "a size of input \"%s\" is not 1 to %d (line %d)", name,
                           MOST_SIDE, field->line);
    }
    if (count < 4) sizes[count] = (int32_t)size;
  }
  if (count != 4) {
    return pk_caffe_fail(c, PK_UNSUPPORTED,
                         "input \"%s\" has no shape of four numbers (batch, channels, height, "
                         "width)",
                         name);
  }
  pk_tensor tensor = {
      .name = name, .dtype = PK_DTYPE_F32, .rank = 4, .dims = {1, sizes[2], sizes[3], sizes[1]}};
  const int32_t number = pk_graph_add_tensor(graph, &tensor, c->error);
  if (number < 0) return false;
  graph->inputs[graph->input_count++] = number;
  return c->layer_type ? pk_caffe_set_top(c, number) : add_blob(c, name, number);
}

// The older spelling: "input" and four "input_dim", or an "input_shape", beside the layers.
static bool add_net_inputs(pk_caffe *c, pk_caffe_field *net) {
  pk_caffe_field *input = pk_caffe_next(net, NULL, "input");
  if (!input) return true;
  if (pk_caffe_next(net, input, "input") || !input->is_string) {
    return pk_caffe_fail(c, PK_UNSUPPORTED, "more than one input without a layer of type Input");
  }
  pk_caffe_field *shape;
  if (!pk_caffe_message(c, net, "input_shape", &shape)) return false;
  return shape ? add_input(c, input->text, shape, "dim")
               : add_input(c, input->text, net, "input_dim");
}

static bool add_input_layer(pk_caffe *c) {
  pk_caffe_field *parameters, *shape;
  const char *name = end_name(c, "top", 0);
  if (!name || !pk_caffe_message(c, c->layer, "input_param", &parameters) ||
      !pk_caffe_message(c, parameters, "shape", &shape)) {
    return false;
  }
  return add_input(c, name, shape, "dim");
}

// --- layers ---

static bool begin_layer(pk_caffe *c, pk_caffe_field *layer, int32_t index) {
  const char *type = NULL, *name = NULL;
  c->layer_type = NULL;
  c->layer = layer;
  c->layer_index = index;
  if (!pk_caffe_text(c, layer, "type", &type) || !pk_caffe_text(c, layer, "name", &name)) {
    return false;
  }
  if (layer->text || !type || !name) {
    return pk_caffe_fail(c, PK_BAD_MODEL, "a layer without type or name (line %d)", layer->line);
  }
  c->layer_type = type;
  c->layer_name = name;
  return true;
}

static bool is_input_layer(const pk_caffe *c) {
  return strcmp(c->layer_type, "Input") == 0;
}

// Types that are not known, all at once; how many layers have weights, how many are inputs.
static bool survey(pk_caffe *c, pk_caffe_field *net, pk_report *report, size_t *weighted,
                   size_t *inputs) {
  pk_caffe_field *layer = NULL;
  *weighted = 0;
  *inputs = 1;
  for (int32_t i = 0; (layer = pk_caffe_next(net, layer, "layer")) != NULL; i++) {
    if (i == MOST_LAYERS) {
      return pk_caffe_fail(c, PK_UNSUPPORTED, "more than %d layers", MOST_LAYERS);
    }
    if (!begin_layer(c, layer, i)) return false;
    if (is_input_layer(c)) {
      ++*inputs;
    } else if (!pk_caffe_find_layer(c->layer_type)) {
      char what[96];
      snprintf(what, sizeof what, "Caffe's layer %.70s", c->layer_type);
      pk_report_add(report, what, "layer", (size_t)i, c->layer_name);
    }
    *weighted += strcmp(c->layer_type, "Convolution") == 0;
  }
  c->layer_type = NULL;
  return true;
}

static bool add_layer(pk_caffe *c) {
  pk_caffe_ignore(c->layer, "param");  // learning rates
  if (!(is_input_layer(c) ? add_input_layer(c) : pk_caffe_find_layer(c->layer_type)(c))) {
    return false;
  }
  const pk_caffe_field *unused = pk_caffe_find_unused(c->layer);
  return !unused || pk_caffe_fail(c, PK_UNSUPPORTED, "with the field \"%s\" (line %d)",
                                  unused->name, unused->line);
}

static bool add_layers(pk_caffe *c, pk_caffe_field *net) {
  pk_caffe_field *layer = NULL;
  for (int32_t i = 0; (layer = pk_caffe_next(net, layer, "layer")) != NULL; i++) {
    if (!begin_layer(c, layer, i) || !add_layer(c)) return false;
  }
  c->layer_type = NULL;
  return true;
}

// --- outputs ---

static bool add_output(pk_caffe *c, const pk_caffe_blob *blob) {
  pk_graph *graph = c->graph;
  int32_t tensor = blob->tensor;
  bool is_taken = false;
  for (size_t i = 0; i < graph->input_count; i++) is_taken |= graph->inputs[i] == tensor;
  for (size_t i = 0; i < graph->output_count; i++) is_taken |= graph->outputs[i] == tensor;
  if (is_taken) {
    return pk_caffe_fail(c, PK_UNSUPPORTED, "its output \"%s\" is an input or another output",
                         blob->name);
  }
  const pk_tensor last = graph->tensors[tensor];
  if (last.dims[1] == 1 && last.dims[2] == 1) {
    pk_tensor row = {.dtype = PK_DTYPE_F32, .rank = 2, .dims = {1, last.dims[3]}};
    pk_op op = {.kind = PK_OP_RESHAPE, .name = blob->name, .source_index = -1, .input_count = 1};
    op.inputs = pk_arena_copy(&graph->arena, &tensor, 1, sizeof tensor, c->error);
    tensor = op.output = pk_graph_add_tensor(graph, &row, c->error);
    if (!op.inputs || tensor < 0 || !pk_graph_add_op(graph, &op, c->error)) return false;
  }
  graph->tensors[tensor].name = blob->name;
  graph->outputs[graph->output_count++] = tensor;
  return true;
}

// What no layer reads.
static bool add_outputs(pk_caffe *c) {
  pk_graph *graph = c->graph;
  graph->outputs = pk_arena_alloc(&graph->arena, c->blob_count, sizeof *graph->outputs, c->error);
  if (!graph->outputs) return false;
  for (size_t i = 0; i < c->blob_count; i++) {
    if (!c->blobs[i].is_read && !add_output(c, &c->blobs[i])) return false;
  }
  return true;
}

bool pk_caffe_to_graph(pk_graph *graph, pk_report *report, const pk_caffe_files *files,
                       pk_error *error) {
  pk_caffe c = {.graph = graph, .error = error};
  size_t weighted, inputs;
  pk_caffe_field *net = pk_caffe_parse(&graph->arena, (const char *)files->prototxt,
                                       files->prototxt_bytes, files->prototxt_name, error);
  if (!net || !survey(&c, net, report, &weighted, &inputs)) return false;
  if (!pk_report_is_empty(report)) return true;
  graph->inputs = pk_arena_alloc(&graph->arena, inputs, sizeof *graph->inputs, error);
  if (!graph->inputs || !pk_deep_compression_open(&c.weights, files->weights, files->weights_bytes,
                                                  weighted, error)) {
    return false;
  }
  pk_caffe_ignore(net, "name");
  if (!add_net_inputs(&c, net) || !add_layers(&c, net)) return false;
  const pk_caffe_field *unused = pk_caffe_find_unused(net);
  if (unused) {
    const bool is_old = strcmp(unused->name, "layers") == 0;
    return pk_caffe_fail(
        &c, PK_UNSUPPORTED, "the field \"%s\" (line %d)%s", unused->name, unused->line,
        is_old ? " of Caffe's first format; bring the file up to date with Caffe's "
                 "upgrade_net_proto_text"
               : "");
  }
  return pk_deep_compression_close(&c.weights, error) && add_outputs(&c);
}
