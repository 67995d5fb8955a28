// From a float32 graph to one with int8 activations.
//
// Operators with weights, and whatever lies in front of one, can compute in int8. What lies behind
// the last of them (decoding of boxes, softmax) stays float32: it is little work, and coordinates
// need more than eight bits. Inputs and outputs of the graph keep their types.
#ifndef MINNOW_PACKER_QUANTIZE_GRAPH_H_
#define MINNOW_PACKER_QUANTIZE_GRAPH_H_

#include "activation_ranges.h"

// Whether weighted operators of the graph compute in float32.
bool pk_graph_is_float(const pk_graph *graph);

// Fills is_int8 [operators] with those that can compute in int8 and are, or lead to, one with
// weights. Errors: OUT_OF_MEMORY.
bool pk_int8_operators(bool *is_int8, const pk_graph *graph, pk_error *error);

// Whether an operator of that kind gives, in int8, its result the scale of what goes in.
bool pk_keeps_scale(pk_op_kind kind);

// Rewrites the graph; `ranges` is by tensor, `is_int8` by operator some of pk_int8_operators(),
// NULL: all of them. QUANTIZE and DEQUANTIZE stand between them and the others. Weights and biases
// stay float32 constants: pk_rewrite_layer() gives them their levels, and only then does the graph
// hold together again. Errors: OUT_OF_MEMORY.
bool pk_quantize_graph(pk_graph *graph, const pk_range *ranges, const bool *is_int8,
                       pk_error *error);

#endif  // MINNOW_PACKER_QUANTIZE_GRAPH_H_
