// Weights of recurrent operators as few different numbers. The runtime has these operators in
// float32 only and their constants are float32 in a package; but a constant of at most 256
// different numbers is coded as their places in a codebook, in a byte or less each.
#ifndef MINNOW_PACKER_ROUND_RECURRENT_H_
#define MINNOW_PACKER_ROUND_RECURRENT_H_

#include "../import/source_graph.h"

// Rounds the weights and the recurrent weights of RECURRENT operators that are float32 constants to
// multiples of a 127th of the largest, one step for a tensor; biases stay. Errors: OUT_OF_MEMORY,
// BAD_MODEL (the arena's limit).
bool pk_round_recurrent(pk_graph *graph, pk_error *error);

#endif  // MINNOW_PACKER_ROUND_RECURRENT_H_
