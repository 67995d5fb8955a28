// A second graph beside the first, to try something on.
#ifndef MINNOW_PACKER_GRAPH_FORK_H_
#define MINNOW_PACKER_GRAPH_FORK_H_

#include "../import/source_graph.h"

// A graph of its own lists, which can be rewritten; what they point to is shared, so `graph` must
// stand as long. Needs pk_graph_deinit() in any case. Errors: OUT_OF_MEMORY.
bool pk_graph_fork(pk_graph *fork, const pk_graph *graph, pk_error *error);

#endif  // MINNOW_PACKER_GRAPH_FORK_H_
