#include "float_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
// cmocka needs those above
#include <cmocka.h>

#include "../../packer/compress/layer_statistics.h"
#include "../../packer/pk_random.h"
#include "test_random.h"

static float unit(uint32_t *seed) {
  return (float)random_between(seed, -1000, 1000) / 1000.0f;
}

void float_graph_start(float_graph *c, uint32_t seed) {
  *c = (float_graph){.seed = seed};
  pk_graph_init(&c->graph, 1 << 20);
}

int32_t float_graph_tensor(float_graph *c, const char *name, bool is_constant, int rank, int32_t a,
                           int32_t b, int32_t h, int32_t d) {
  pk_tensor tensor = {.name = name, .dtype = PK_DTYPE_F32, .rank = rank, .dims = {a, b, h, d}};
  const size_t elements = (size_t)pk_tensor_elements(&tensor);
  if (is_constant) {
    float *values = pk_arena_alloc(&c->graph.arena, elements, sizeof *values, &c->error);
    assert_non_null(values);
    for (size_t i = 0; i < elements; i++) values[i] = unit(&c->seed);
    tensor.data = (const uint8_t *)values;
    tensor.data_bytes = elements * sizeof *values;
  }
  return pk_graph_add_tensor(&c->graph, &tensor, &c->error);
}

void float_graph_op(float_graph *c, pk_op op, int32_t x, int32_t w, int32_t b, int32_t y) {
  const int32_t inputs[3] = {x, w, b};
  op.name = "op";
  op.input_count = 1 + (w != PK_NO_TENSOR) + (b != PK_NO_TENSOR);
  op.inputs = pk_arena_copy(&c->graph.arena, inputs, 3, sizeof *inputs, &c->error);
  op.output = y;
  assert_non_null(pk_graph_add_op(&c->graph, &op, &c->error));
}

pk_op float_graph_conv(pk_op_kind kind, pk_activation activation, int32_t padding) {
  pk_op op = {.kind = kind, .activation = activation};
  op.attributes.conv = (pk_conv_attributes){
      1, 1, 1, 1, 1, {PK_PADDING_EXPLICIT, padding, padding, padding, padding}};
  return op;
}

void float_graph_samples(pk_sample_set *set, size_t count, size_t channels, uint64_t seed) {
  const size_t elements = FLOAT_GRAPH_SIDE * FLOAT_GRAPH_SIDE * channels;
  pk_random random = {seed};
  *set = (pk_sample_set){.count = count, .file_count = count};
  set->bytes_each = elements * sizeof(float);
  set->items = calloc(count, sizeof *set->items);
  for (size_t i = 0; i < count; i++) {
    float *values = malloc(set->bytes_each);
    assert_non_null(values);
    for (size_t j = 0; j < elements; j++) values[j] = (float)pk_random_normal(&random);
    set->items[i] = (pk_sample){.bytes = (uint8_t *)values, .file = i};
  }
}

int32_t float_graph_layer(float_graph *c, pk_op op, int32_t x, int32_t kernel, int32_t outputs) {
  const pk_tensor input = c->graph.tensors[x];
  const int32_t channels = input.dims[3], padding = op.attributes.conv.padding.top;
  const int32_t side = input.dims[1] + 2 * padding - kernel + 1;
  const int32_t rows = op.kind == PK_OP_DEPTHWISE_CONV_2D ? 1 : outputs;
  const int32_t w = float_graph_tensor(c, "w", true, 4, rows, kernel, kernel, channels);
  const int32_t b = float_graph_tensor(c, "b", true, 1, outputs, 1, 1, 1);
  const int32_t y = float_graph_tensor(c, "t", false, 4, 1, side, side, outputs);
  float_graph_op(c, op, x, w, b, y);
  return y;
}

float *float_graph_values(const pk_graph *graph, int32_t tensor) {
  return (float *)(uintptr_t)graph->tensors[tensor].data;
}

void float_graph_finish(float_graph *c, int32_t x, int32_t y) {
  const size_t elements = (size_t)pk_tensor_elements(&c->graph.tensors[x]);
  c->graph.inputs = pk_arena_copy(&c->graph.arena, &x, 1, sizeof x, &c->error);
  c->graph.outputs = pk_arena_copy(&c->graph.arena, &y, 1, sizeof y, &c->error);
  c->graph.input_count = c->graph.output_count = 1;
  c->set.items = calloc(FLOAT_GRAPH_SAMPLES, sizeof *c->set.items);
  c->set.bytes_each = elements * sizeof(float);
  for (c->set.count = 0; c->set.count < FLOAT_GRAPH_SAMPLES; c->set.count++) {
    float *values = malloc(c->set.bytes_each);
    for (size_t i = 0; i < elements; i++) values[i] = unit(&c->seed);
    c->set.items[c->set.count].bytes = (uint8_t *)values;
  }
}

void float_graph_end(float_graph *c) {
  pk_sample_set_free(&c->set);
  pk_graph_deinit(&c->graph);
}

void float_graph_run(float *y, float_graph *c, size_t sample, bool simulates_int8) {
  pk_diff_net net;
  pk_diff_tape tape;
  const int32_t output = c->graph.outputs[0];
  assert_true(pk_diff_net_init(&net, &c->graph, &c->error));
  net.simulates_int8 = simulates_int8;
  assert_true(pk_diff_tape_init(&tape, &net, &c->error));
  assert_true(pk_sample_run(&tape, c->set.items[sample].bytes, &c->error));
  memcpy(y, pk_diff_value(&tape, output), net.elements[output] * sizeof *y);
  pk_diff_tape_deinit(&tape);
  pk_diff_net_deinit(&net);
}
