// Time of one forward and one backward step of each kind of layer that training meets, on one
// thread, in microseconds (the least of several runs). An argument picks the layers whose names
// contain it.
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ops/op_params.h"
#include "packer/autodiff/diff_net.h"

typedef struct bench_layer {
  const char *name;
  pk_op_kind kind;
  pk_activation activation;
  int32_t n, h, w, c;  // input
  int32_t out_c, kh, kw, stride;
  int32_t word;  // function of UNARY and BINARY
} bench_layer;

static const bench_layer layers[] = {
    {"depthwise 3x3      48x48x16", PK_OP_DEPTHWISE_CONV_2D, 2, 32, 48, 48, 16, 16, 3, 3, 1, 0},
    {"depthwise 3x3 / 2  48x48x16", PK_OP_DEPTHWISE_CONV_2D, 2, 32, 48, 48, 16, 16, 3, 3, 2, 0},
    {"depthwise 3x3      24x24x32", PK_OP_DEPTHWISE_CONV_2D, 2, 32, 24, 24, 32, 32, 3, 3, 1, 0},
    {"depthwise 3x3      6x6x64", PK_OP_DEPTHWISE_CONV_2D, 2, 64, 6, 6, 64, 64, 3, 3, 1, 0},
    {"depthwise 9x1      60x1x40", PK_OP_DEPTHWISE_CONV_2D, 1, 64, 60, 1, 40, 40, 9, 1, 1, 0},
    {"depthwise 3x3 * 2  24x24x8", PK_OP_DEPTHWISE_CONV_2D, 1, 32, 24, 24, 8, 16, 3, 3, 1, 0},
    {"conv 3x3 / 2       48x48x3>16", PK_OP_CONV_2D, 1, 32, 48, 48, 3, 16, 3, 3, 2, 0},
    {"conv 3x3           48x48x1>8", PK_OP_CONV_2D, 1, 32, 48, 48, 1, 8, 3, 3, 1, 0},
    {"conv 3x3           24x24x16>32", PK_OP_CONV_2D, 1, 32, 24, 24, 16, 32, 3, 3, 1, 0},
    {"conv 10x4 / 2      60x40x1>64", PK_OP_CONV_2D, 1, 32, 60, 40, 1, 64, 10, 4, 2, 0},
    {"conv 1x1           24x24x32>64", PK_OP_CONV_2D, 1, 32, 24, 24, 32, 64, 1, 1, 1, 0},
    {"average pool 2x2   48x48x16", PK_OP_AVERAGE_POOL_2D, 0, 32, 48, 48, 16, 16, 2, 2, 2, 0},
    {"max pool 2x2       48x48x16", PK_OP_MAX_POOL_2D, 0, 32, 48, 48, 16, 16, 2, 2, 2, 0},
    {"mean of pixels     24x24x64", PK_OP_MEAN, 0, 32, 24, 24, 64, 64, 0, 0, 0, 0},
    {"add                24x24x32", PK_OP_ADD, 0, 32, 24, 24, 32, 32, 0, 0, 0, 0},
    {"mul by channel     24x24x32", PK_OP_BINARY, 0, 32, 24, 24, 32, 32, 0, 0, 0, MNW_BINARY_MUL},
    {"hard swish         24x24x32", PK_OP_UNARY, 0, 32, 24, 24, 32, 32, 0, 0, 0,
     MNW_UNARY_HARD_SWISH},
    {"sigmoid            24x24x32", PK_OP_UNARY, 0, 32, 24, 24, 32, 32, 0, 0, 0, MNW_UNARY_SIGMOID},
};

static void fill(float *values, size_t elements) {
  for (size_t i = 0; i < elements; i++) values[i] = (float)(i * 2654435761u % 2000) / 500 - 2;
}

static int32_t add_tensor(pk_graph *graph, bool is_constant, int rank, const int32_t *dims) {
  pk_error error = {0};
  pk_tensor tensor = {.name = "t", .dtype = PK_DTYPE_F32, .rank = rank};
  memcpy(tensor.dims, dims, (size_t)rank * sizeof *dims);
  if (is_constant) {
    const size_t elements = (size_t)pk_tensor_elements(&tensor);
    float *values = pk_arena_alloc(&graph->arena, elements, sizeof *values, &error);
    if (!values) abort();
    fill(values, elements);
    tensor.data = (const uint8_t *)values;
    tensor.data_bytes = elements * sizeof *values;
  }
  return pk_graph_add_tensor(graph, &tensor, &error);
}

// Windows keep the extent (or halve it), padded as equally as may be.
static void build(pk_graph *graph, const bench_layer *l) {
  pk_error error = {0};
  const bool has_window = l->kh > 0, is_depthwise = l->kind == PK_OP_DEPTHWISE_CONV_2D;
  const bool has_weights = is_depthwise || l->kind == PK_OP_CONV_2D;
  const int32_t out_h = has_window ? (l->h + l->stride - 1) / l->stride : l->h;
  const int32_t out_w = has_window ? (l->w + l->stride - 1) / l->stride : l->w;
  const pk_padding padding = {PK_PADDING_EXPLICIT, (l->kh - 1) / 2, (l->kw - 1) / 2, l->kh / 2,
                              l->kw / 2};
  const pk_padding none = {.mode = PK_PADDING_EXPLICIT};
  pk_op op = {.kind = l->kind, .name = "timed", .activation = l->activation};
  int32_t inputs[3] = {add_tensor(graph, false, 4, (const int32_t[]){l->n, l->h, l->w, l->c})};
  op.input_count = 1;
  if (has_weights) {
    inputs[op.input_count++] = add_tensor(graph, true, 4,
                                          (const int32_t[]){is_depthwise ? 1 : l->out_c, l->kh,
                                                            l->kw, is_depthwise ? l->out_c : l->c});
    inputs[op.input_count++] = add_tensor(graph, true, 1, &l->out_c);
    op.attributes.conv = (pk_conv_attributes){l->stride, l->stride, 1, 1, 1, padding};
  } else if (has_window) {
    op.attributes.pool = (pk_pool_attributes){l->kh, l->kw, l->stride, l->stride, none, false};
  } else if (l->kind == PK_OP_MEAN) {
    op.attributes.mean.axes = 6;
  } else if (l->kind == PK_OP_ADD) {
    inputs[op.input_count++] =
        add_tensor(graph, true, 4, (const int32_t[]){l->n, l->h, l->w, l->c});
  } else {
    op.attributes.words.words[0] = l->word;
    if (l->kind == PK_OP_BINARY) {
      inputs[op.input_count++] = add_tensor(graph, true, 4, (const int32_t[]){l->n, 1, 1, l->c});
    }
  }
  op.output = l->kind == PK_OP_MEAN
                  ? add_tensor(graph, false, 2, (const int32_t[]){l->n, l->out_c})
                  : add_tensor(graph, false, 4, (const int32_t[]){l->n, out_h, out_w, l->out_c});
  graph->inputs = pk_arena_copy(&graph->arena, inputs, 1, sizeof *inputs, &error);
  graph->input_count = 1;
  op.inputs = pk_arena_copy(&graph->arena, inputs, 3, sizeof *inputs, &error);
  if (!graph->inputs || !op.inputs || !pk_graph_add_op(graph, &op, &error)) abort();
}

static double microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec * 1e-3;
}

static bool run(const bench_layer *layer, pk_error *error) {
  enum { RUNS = 15 };
  pk_graph graph;
  pk_diff_net net = {0};
  pk_diff_tape tape = {0};
  double forward = 1e30, backward = 1e30;
  pk_graph_init(&graph, (size_t)1 << 30);
  build(&graph, layer);
  const int32_t output = graph.ops[0].output;
  bool ok = pk_diff_net_init(&net, &graph, error);
  for (size_t i = 0; ok && i < net.tensor_count; i++) net.wants_grad[i] = true;
  ok = ok && pk_diff_tape_init(&tape, &net, error);
  float *x = ok ? malloc(net.elements[graph.inputs[0]] * sizeof *x) : NULL;
  if (x) fill(x, net.elements[graph.inputs[0]]);
  ok = x && pk_diff_set_input(&tape, 0, x, error);
  free(x);
  for (int i = 0; ok && i < RUNS; i++) {
    const double start = microseconds();
    ok = pk_diff_forward(&tape, error);
    const double between = microseconds();
    float *dy = ok ? pk_diff_grad(&tape, output, error) : NULL;
    for (size_t j = 0; dy && j < net.elements[output]; j++) dy[j] = (float)(j % 7) - 3.0f;
    const double seeded = microseconds();
    ok = dy && pk_diff_backward(&tape, error);
    const double end = microseconds();
    if (between - start < forward) forward = between - start;
    if (end - seeded < backward) backward = end - seeded;
  }
  if (ok) printf("%-32s %9.0f %9.0f\n", layer->name, forward, backward);
  pk_diff_tape_deinit(&tape);
  pk_diff_net_deinit(&net);
  pk_graph_deinit(&graph);
  return ok;
}

int main(int argc, char **argv) {
  pk_error error = {0};
  openblas_set_num_threads(1);
  printf("%-32s %9s %9s  microseconds, batches of 32 or 64\n", "layer", "forward", "backward");
  for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
    if (argc > 1 && !strstr(layers[i].name, argv[1])) continue;
    if (!run(&layers[i], &error)) {
      fprintf(stderr, "%s: %s\n", layers[i].name, error.message);
      return EXIT_FAILURE;
    }
  }
  return EXIT_SUCCESS;
}
