#include "dense_graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/format/package_format.h"
#include "core/kernels/packed_layout.h"
#include "core/ops/op_params.h"
#include "test_random.h"

static char *copy_text(const char *text) {
  char *copy = malloc(strlen(text) + 1);
  return copy ? strcpy(copy, text) : NULL;
}

static pk_lowered_tensor *add_tensor(pk_lowered_graph *graph, int32_t number, mnw_dtype dtype,
                                     uint32_t rank, int32_t d0, int32_t d1) {
  char name[32];
  pk_lowered_tensor *tensor = &graph->tensors[number];
  snprintf(name, sizeof name, "tensor %d", number);
  *tensor = (pk_lowered_tensor){.name = copy_text(name), .dtype = dtype, .rank = rank};
  tensor->dims[0] = d0;
  tensor->dims[1] = d1;
  if (dtype == MNW_DTYPE_S8) tensor->scale = 0.05f;
  return tensor;
}

static void add_data(pk_lowered_tensor *tensor, size_t bytes) {
  tensor->data = calloc(bytes, 1);
  tensor->data_bytes = bytes;
}

static void fill_weights(pk_lowered_tensor *tensor, dense_weights kind, uint32_t *seed) {
  for (size_t i = 0; i < tensor->data_bytes; i++) {
    int32_t value = 3;
    if (kind == DENSE_UNIFORM) value = (int32_t)(random_next(seed) >> 13 & 255);
    if (kind == DENSE_BELL) {
      value = 0;
      for (int k = 0; k < 5; k++) value += random_between(seed, -6, 6);
    }
    tensor->data[i] = (uint8_t)value;
  }
}

// Tensors of a layer, counted from `base`: multiplier, bias, weights, output: the reverse of their
// use.
static void add_layer(pk_lowered_graph *graph, pk_lowered_op *op, int32_t base, int32_t input,
                      int32_t k, const dense_layer *layer, uint32_t *seed) {
  const int32_t o = layer->outputs, padded = (int32_t)mnw_round_up((size_t)o, MNW_TILE_CHANNELS);
  pk_lowered_tensor *multiplier = add_tensor(graph, base, MNW_DTYPE_F32, 1, padded, 0);
  pk_lowered_tensor *bias = add_tensor(graph, base + 1, MNW_DTYPE_S32, 1, padded, 0);
  pk_lowered_tensor *weights = add_tensor(graph, base + 2, MNW_DTYPE_S8, 2, o, k);
  add_tensor(graph, base + 3, MNW_DTYPE_S8, 2, 1, o);
  add_data(multiplier, (size_t)padded * 4);
  add_data(bias, (size_t)padded * 4);
  add_data(weights, mnw_tile_8x4_bytes((size_t)o, (size_t)k));
  weights->layout = MNW_LAYOUT_TILE_8X4;
  fill_weights(weights, layer->weights, seed);
  for (int32_t i = 0; i < o; i++) {
    const float value = 0.001f + (float)i * 1e-6f;
    const int32_t offset = random_between(seed, -500, 500);
    memcpy(multiplier->data + 4 * i, &value, sizeof value);
    memcpy(bias->data + 4 * i, &offset, sizeof offset);
  }
  *op = (pk_lowered_op){.name = copy_text("dense"),
                        .code = MNW_OP_FULLY_CONNECTED,
                        .inputs = {input, base + 2, base + 1, base},
                        .input_count = 4,
                        .outputs = {base + 3},
                        .output_count = 1};
  op->params[MNW_FULLY_CONNECTED_WEIGHT_BITS] = 8;
  op->params[MNW_FULLY_CONNECTED_CLAMP_MIN] = -128;
  op->params[MNW_FULLY_CONNECTED_CLAMP_MAX] = 127;
}

pk_lowered_graph dense_graph(int32_t side, const dense_layer *layers, size_t layer_count) {
  const float beta = 1.0f;
  uint32_t seed = 4242;
  pk_lowered_graph graph = {.name = copy_text("dense"),
                            .source_file = copy_text("dense.test"),
                            .tensor_count = 4 * layer_count + 3,
                            .op_count = layer_count + 1,
                            .input_count = 1,
                            .output_count = 1};
  const int32_t last = (int32_t)graph.tensor_count - 1;  // the input; before it: unused, output
  int32_t input = last, k = side * side * 3;
  graph.tensors = calloc(graph.tensor_count, sizeof *graph.tensors);
  graph.ops = calloc(graph.op_count, sizeof *graph.ops);
  graph.inputs = calloc(1, sizeof *graph.inputs);
  graph.outputs = calloc(1, sizeof *graph.outputs);
  pk_lowered_tensor *picture = add_tensor(&graph, last, MNW_DTYPE_S8, 4, 1, side);
  picture->dims[2] = side;
  picture->dims[3] = 3;
  for (size_t i = 0; i < layer_count; i++) {
    const int32_t base = 4 * (int32_t)i;
    add_layer(&graph, &graph.ops[i], base, input, k, &layers[i], &seed);
    input = base + 3;
    k = layers[i].outputs;
  }
  add_data(add_tensor(&graph, last - 1, MNW_DTYPE_S32, 1, 9, 0), 36);
  pk_lowered_tensor *scores = add_tensor(&graph, last - 2, MNW_DTYPE_S8, 2, 1, k);
  scores->scale = 1.0f / 256.0f;
  scores->zero_point = -128;
  graph.ops[layer_count] = (pk_lowered_op){.name = copy_text("softmax"),
                                           .code = MNW_OP_SOFTMAX,
                                           .inputs = {input},
                                           .input_count = 1,
                                           .outputs = {last - 2},
                                           .output_count = 1};
  memcpy(&graph.ops[layer_count].params[MNW_SOFTMAX_BETA], &beta, sizeof beta);
  graph.inputs[0] = last;
  graph.outputs[0] = last - 2;
  return graph;
}
