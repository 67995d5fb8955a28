// Operators that only move numbers (or pick the largest), and so mean the same on quantised numbers
// as on the real ones they stand for.
#ifndef MINNOW_PACKER_IMPORT_QUANTIZED_MOVEMENT_H_
#define MINNOW_PACKER_IMPORT_QUANTIZED_MOVEMENT_H_

#include "source_graph.h"

// The inputs of `op` whose numbers go to the output, as a mask: 1 for most kinds, UINT32_MAX for
// CONCAT, 0 for operators that compute.
uint32_t pk_movement_inputs(const pk_op *op);

// `op` with its own numbers (the value of a PAD) brought from float32 to this quantisation of int8
// or uint8 numbers. False where that loses something.
bool pk_movement_quantize(pk_op *op, const pk_tensor *quantized);

#endif  // MINNOW_PACKER_IMPORT_QUANTIZED_MOVEMENT_H_
