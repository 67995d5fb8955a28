// Small lowered graphs for tests of the packer: fully connected layers, then softmax.
#ifndef MINNOW_TESTS_DENSE_GRAPH_H_
#define MINNOW_TESTS_DENSE_GRAPH_H_

#include "lowered_graph.h"

// How the weights of a layer are distributed.
typedef enum dense_weights {
  DENSE_BELL,     // around 0: Huffman pays
  DENSE_UNIFORM,  // all bytes alike: raw is smallest
  DENSE_CONSTANT  // one value
} dense_weights;

typedef struct dense_layer {
  int32_t outputs;
  dense_weights weights;
} dense_layer;

// Input s8 [1, side, side, 3], the layers, softmax; output [1, outputs of the last]. The tensors'
// numbers are scrambled and one tensor is used by nothing, as an importer might leave it. To be
// released with pk_lowered_graph_free().
pk_lowered_graph dense_graph(int32_t side, const dense_layer *layers, size_t layer_count);

#endif  // MINNOW_TESTS_DENSE_GRAPH_H_
