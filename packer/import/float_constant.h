// Constants as float32 values.
#ifndef MINNOW_PACKER_IMPORT_FLOAT_CONSTANT_H_
#define MINNOW_PACKER_IMPORT_FLOAT_CONSTANT_H_

#include "source_graph.h"

// Whether the tensor is a constant of float16 or quantised integers.
bool pk_is_float_convertible(const pk_tensor *tensor);

// A new float32 constant with the real values of such a constant, and of 8-bit numbers with their
// grid; the tensor itself where it is a float32 constant already. Negative: error filled
// (BAD_MODEL, OUT_OF_MEMORY).
int32_t pk_graph_float_constant(pk_graph *graph, int32_t number, pk_error *error);

#endif  // MINNOW_PACKER_IMPORT_FLOAT_CONSTANT_H_
