// Small float32 source graphs of one input and one output with random constants and samples.
#ifndef MINNOW_TESTS_FLOAT_GRAPH_H_
#define MINNOW_TESTS_FLOAT_GRAPH_H_

#include "../../packer/compress/sample_set.h"
#include "../../packer/import/source_graph.h"

enum { FLOAT_GRAPH_SIDE = 4, FLOAT_GRAPH_SAMPLES = 6 };  // of activations [1, side, side, c]

typedef struct float_graph {
  pk_graph graph;
  pk_sample_set set;
  uint32_t seed;
  pk_error error;
} float_graph;

// The caller adds tensors and operators, then finishes, which makes the samples.
void float_graph_start(float_graph *c, uint32_t seed);
void float_graph_finish(float_graph *c, int32_t x, int32_t y);
void float_graph_end(float_graph *c);

int32_t float_graph_tensor(float_graph *c, const char *name, bool is_constant, int rank, int32_t a,
                           int32_t b, int32_t h, int32_t d);
// w and b may be PK_NO_TENSOR; without b the operator has the inputs x and w.
void float_graph_op(float_graph *c, pk_op op, int32_t x, int32_t w, int32_t b, int32_t y);
// A convolution of stride 1 with `padding` on all sides, and its activation.
pk_op float_graph_conv(pk_op_kind kind, pk_activation activation, int32_t padding);

// Fills a set of its own with `count` random samples of [1, side, side, channels], each a file.
void float_graph_samples(pk_sample_set *set, size_t count, size_t channels, uint64_t seed);

// Puts the convolution `op` with random weights and biases of its own behind x: `kernel` wide,
// `outputs` channels (as many as x has for a depthwise one). Returns its output.
int32_t float_graph_layer(float_graph *c, pk_op op, int32_t x, int32_t kernel, int32_t outputs);

// A constant's values, to be changed.
float *float_graph_values(const pk_graph *graph, int32_t tensor);

// The graph's output on a sample.
void float_graph_run(float *y, float_graph *c, size_t sample, bool simulates_int8);

#endif  // MINNOW_TESTS_FLOAT_GRAPH_H_
