// The numbering of tensors that packages ask for.
#ifndef MINNOW_PACKER_TENSOR_ORDER_H_
#define MINNOW_PACKER_TENSOR_ORDER_H_

#include <stdbool.h>

#include "../lowered_graph.h"
#include "../pk_error.h"

// Renumbers the tensors by first use (graph inputs, then operator by operator its inputs, a bias
// behind its multipliers, and outputs) and drops those that nothing uses. The runtime decodes
// constants in ascending order and lets an operator run once its highest one is in, so this order
// is what makes running while loading possible. Fails on tensor numbers out of range; the graph is
// then unchanged.
bool pk_order_tensors(pk_lowered_graph *graph, pk_error *error);

#endif  // MINNOW_PACKER_TENSOR_ORDER_H_
