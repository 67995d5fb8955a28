// Random lowered graphs for tests of what only looks at their shape: branches, residuals, constants
// that several operators share, several inputs and outputs. Their operators cannot be run.
#ifndef MINNOW_TESTS_MADE_GRAPH_H_
#define MINNOW_TESTS_MADE_GRAPH_H_

#include "lowered_graph.h"

// `op_count` operators in a valid order, each with one or two outputs, every tensor used. To be
// released with pk_lowered_graph_free().
pk_lowered_graph made_graph(uint32_t seed, size_t op_count, size_t input_count);

#endif  // MINNOW_TESTS_MADE_GRAPH_H_
