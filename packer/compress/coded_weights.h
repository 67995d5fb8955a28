// What compression decides about a net's weights: the grid of each layer, the levels on it, the
// biases.
#ifndef MINNOW_PACKER_CODED_WEIGHTS_H_
#define MINNOW_PACKER_CODED_WEIGHTS_H_

#include "error_feedback.h"

typedef struct pk_coded_weights {
  const pk_layer_list *layers;  // must stand as long
  pk_grid *grids;               // by layer
  int8_t **levels;              // by layer: [outputs][k]
  float **biases;               // by layer: [outputs]
} pk_coded_weights;             // all zero: empty

// All of them 0. Errors: OUT_OF_MEMORY, and then it is empty.
bool pk_coded_weights_init(pk_coded_weights *weights, const pk_layer_list *layers, pk_error *error);
void pk_coded_weights_deinit(pk_coded_weights *weights);

// Takes over the values of weights of the same layers.
void pk_coded_weights_copy(pk_coded_weights *to, const pk_coded_weights *from);

// Bits of all levels, Huffman-coded by layers.
double pk_coded_weights_bits(const pk_coded_weights *weights);

// Puts what they stand for into a source graph, and into a net whose constants are real numbers.
bool pk_coded_weights_to_graph(pk_graph *graph, const pk_coded_weights *weights, pk_error *error);
void pk_coded_weights_to_net(pk_diff_net *net, const pk_coded_weights *weights);

#endif  // MINNOW_PACKER_CODED_WEIGHTS_H_
