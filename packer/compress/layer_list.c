#include "layer_list.h"

#include <stdlib.h>
#include <string.h>

#include "../autodiff/diff_ops.h"

size_t pk_layer_outputs(const pk_layer *layer) {
  return layer->groups * layer->rows;
}

size_t pk_layer_elements(const pk_layer *layer) {
  return pk_layer_outputs(layer) * layer->k;
}

double pk_layer_variance(const pk_layer *layer, size_t group) {
  const size_t k = layer->k;
  const float *covariance = layer->covariance + group * k * k;
  double sum = 0.0;
  for (size_t j = 0; j < k; j++) sum += (double)covariance[j * k + j];
  return sum;
}

bool pk_layer_is_pruned(const pk_layer *layer, size_t element) {
  return layer->is_pruned && layer->is_pruned[element];
}

size_t pk_layer_index(const pk_layer *layer, size_t o, size_t j) {
  return layer->is_depthwise ? j * layer->groups + o : o * layer->k + j;
}

static void set_shape(pk_layer *layer, const pk_graph *graph, const pk_op *op) {
  const pk_tensor *weights = pk_op_input(graph, op, PK_INPUT_WEIGHTS);
  const int32_t *dims = weights->dims;
  const int32_t groups = op->kind == PK_OP_CONV_2D ? op->attributes.conv.groups : 1;
  layer->is_depthwise = op->kind == PK_OP_DEPTHWISE_CONV_2D;
  if (layer->is_depthwise) {
    layer->groups = (size_t)dims[3];
    layer->rows = 1;
    layer->k = (size_t)dims[1] * (size_t)dims[2];
    return;
  }
  layer->groups = groups > 1 ? (size_t)groups : 1;
  layer->rows = (size_t)dims[0] / layer->groups;
  layer->k = 1;
  for (int i = 1; i < weights->rank; i++) layer->k *= (size_t)dims[i];
}

static bool add_layer(pk_layer_list *list, const pk_diff_net *net, size_t op_index,
                      pk_error *error) {
  const pk_op *op = &net->graph->ops[op_index];
  pk_layer *layer = &list->items[list->count];
  layer->op = op_index;
  layer->weights_tensor = op->inputs[PK_INPUT_WEIGHTS];
  layer->is_float = pk_op_input(net->graph, op, PK_INPUT_DATA)->dtype == PK_DTYPE_F32;
  set_shape(layer, net->graph, op);
  const size_t outputs = pk_layer_outputs(layer), k = layer->k;
  layer->weights = malloc(outputs * k * sizeof(float));
  layer->mean = calloc(layer->groups * k, sizeof(float));
  layer->covariance = calloc(layer->groups * k * k, sizeof(float));
  layer->sensitivity = calloc(outputs, sizeof(float));
  list->count++;
  if (!layer->weights || !layer->mean || !layer->covariance || !layer->sensitivity) {
    return pk_op_fail(op, error, PK_OUT_OF_MEMORY, "no memory for its statistics");
  }
  const float *source = net->constants[layer->weights_tensor];
  for (size_t o = 0; o < outputs; o++) {
    for (size_t j = 0; j < k; j++) {
      layer->weights[o * k + j] = source[pk_layer_index(layer, o, j)];
    }
  }
  return true;
}

bool pk_layer_list_init(pk_layer_list *list, const pk_diff_net *net, bool takes_float,
                        pk_error *error) {
  const pk_graph *graph = net->graph;
  *list = (pk_layer_list){.items = calloc(graph->op_count + 1, sizeof *list->items)};
  if (!list->items) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the layers");
  for (size_t i = 0; i < graph->op_count; i++) {
    const pk_op *op = &graph->ops[i];
    if (!pk_diff_has_weights(op) ||
        (!takes_float && pk_op_input(graph, op, 0)->dtype != PK_DTYPE_S8) ||
        !net->constants[op->inputs[PK_INPUT_WEIGHTS]] ||
        pk_graph_use_count(graph, op->inputs[PK_INPUT_WEIGHTS]) != 1) {
      continue;
    }
    if (add_layer(list, net, i, error)) continue;
    pk_layer_list_deinit(list);
    return false;
  }
  return true;
}

void pk_layer_list_deinit(pk_layer_list *list) {
  for (size_t i = 0; i < list->count; i++) {
    free(list->items[i].weights);
    free(list->items[i].mean);
    free(list->items[i].covariance);
    free(list->items[i].sensitivity);
    free(list->items[i].is_pruned);
  }
  free(list->items);
  *list = (pk_layer_list){0};
}

size_t pk_layer_positions(const pk_layer *layer, const pk_graph *graph) {
  const pk_op *op = &graph->ops[layer->op];
  const int64_t outputs = pk_tensor_elements(pk_op_output(graph, op));
  return (size_t)outputs / pk_layer_outputs(layer);
}

// The input row that tap `tap` of position p reads, or NULL outside the picture.
static const float *tap_row(const pk_diff_window *window, const float *x, size_t p, size_t tap) {
  const ptrdiff_t y = (ptrdiff_t)(p / window->out_w % window->out_h);
  const ptrdiff_t row = y * window->stride_h - window->pad_top +
                        (ptrdiff_t)(tap / window->kernel_w) * window->dilation_h;
  const ptrdiff_t column = (ptrdiff_t)(p % window->out_w) * window->stride_w - window->pad_left +
                           (ptrdiff_t)(tap % window->kernel_w) * window->dilation_w;
  const ptrdiff_t height = (ptrdiff_t)window->in_h, width = (ptrdiff_t)window->in_w;
  const ptrdiff_t picture = (ptrdiff_t)(p / (window->out_w * window->out_h));
  if (row < 0 || row >= height || column < 0 || column >= width) return NULL;
  return x + (size_t)((picture * height + row) * width + column) * window->in_c;
}

// How the columns of a row are filled from input rows: element (tap, group, channel).
typedef struct column_map {
  pk_diff_window window;
  size_t taps, channels;  // of one group
  size_t times;           // depthwise: output channels of an input channel
} column_map;

static column_map map_columns(const pk_layer *layer, const pk_graph *graph) {
  const pk_op *op = &graph->ops[layer->op];
  column_map map = {.taps = 1, .channels = layer->k, .times = 1};
  if (op->kind == PK_OP_FULLY_CONNECTED) {
    // Rows of K values behind each other: a picture of one column.
    const size_t rows = pk_layer_positions(layer, graph);
    map.window = (pk_diff_window){.n = rows, .in_h = 1, .in_w = 1, .in_c = layer->k};
    map.window.out_h = map.window.out_w = map.window.kernel_h = map.window.kernel_w = 1;
    return map;
  }
  map.window = pk_diff_conv_window(graph, op);
  map.taps = map.window.kernel_h * map.window.kernel_w;
  map.channels = layer->is_depthwise ? 1 : map.window.in_c / layer->groups;
  map.times = layer->is_depthwise ? layer->groups / map.window.in_c : 1;
  return map;
}

size_t pk_layer_columns(float *columns, const pk_layer *layer, const pk_diff_tape *tape,
                        size_t first, size_t step) {
  const pk_graph *graph = tape->net->graph;
  const column_map map = map_columns(layer, graph);
  const float *x = pk_diff_value(tape, graph->ops[layer->op].inputs[PK_INPUT_DATA]);
  const size_t positions = pk_layer_positions(layer, graph);
  size_t count = 0;
  for (size_t p = first; p < positions; p += step, count++) {
    for (size_t tap = 0; tap < map.taps; tap++) {
      const float *row = tap_row(&map.window, x, p, tap);
      float *at = columns + tap * map.channels;
      for (size_t g = 0; g < layer->groups; g++, at += layer->k) {
        for (size_t c = 0; c < map.channels; c++) {
          at[c] = row ? row[g / map.times * map.channels + c] : 0.0f;
        }
      }
    }
    columns += layer->groups * layer->k;
  }
  return count;
}

void pk_layer_add_column_sums(double *sums, const pk_layer *layer, const pk_diff_tape *tape) {
  const pk_graph *graph = tape->net->graph;
  const column_map map = map_columns(layer, graph);
  const float *x = pk_diff_value(tape, graph->ops[layer->op].inputs[PK_INPUT_DATA]);
  const size_t positions = pk_layer_positions(layer, graph);
  for (size_t p = 0; p < positions; p++) {
    for (size_t tap = 0; tap < map.taps; tap++) {
      const float *row = tap_row(&map.window, x, p, tap);
      double *at = sums + tap * map.channels;
      for (size_t g = 0; row && g < layer->groups; g++, at += layer->k) {
        const float *source = row + g / map.times * map.channels;
        for (size_t c = 0; c < map.channels; c++) at[c] += (double)source[c];
      }
    }
  }
}
