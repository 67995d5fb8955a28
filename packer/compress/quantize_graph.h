// From a float32 graph to one with int8 activations.
//
// Operators with weights, and whatever lies in front of one, compute in int8. What lies behind the
// last of them (decoding of boxes, softmax) stays float32: it is little work, and coordinates need
// more than eight bits. Inputs and outputs of the graph keep their types.
#ifndef MINNOW_PACKER_QUANTIZE_GRAPH_H_
#define MINNOW_PACKER_QUANTIZE_GRAPH_H_

#include "activation_ranges.h"

// Whether weighted operators of the graph compute in float32.
bool pk_graph_is_float(const pk_graph *graph);

// Rewrites the graph; `ranges` is by tensor. Weights and biases of the operators that compute in
// int8 stay float32 constants: pk_rewrite_layer() gives them their levels, and only then does the
// graph hold together again. Errors: OUT_OF_MEMORY.
bool pk_quantize_graph(pk_graph *graph, const pk_range *ranges, pk_error *error);

#endif  // MINNOW_PACKER_QUANTIZE_GRAPH_H_
