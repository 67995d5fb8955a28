// Slopes of PReLUs that stay float32: constants which no search over steps reaches.
#ifndef MINNOW_PACKER_SLOPE_ROUND_H_
#define MINNOW_PACKER_SLOPE_ROUND_H_

#include "../import/source_graph.h"

// Rounds the constant float32 slopes of the graph's PReLUs to eight significant bits, which moves
// what is below 0 by 0.2 % of itself at most; the other bits become zeros, which cost nothing in
// the package. Errors: OUT_OF_MEMORY.
bool pk_round_slopes(pk_graph *graph, pk_error *error);

#endif  // MINNOW_PACKER_SLOPE_ROUND_H_
