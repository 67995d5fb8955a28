// A graph cut into graphs of its parts, and how tensors flow between them.
#ifndef MINNOW_PACKER_CUT_GRAPH_H_
#define MINNOW_PACKER_CUT_GRAPH_H_

#include "cut_choice.h"

typedef struct pk_cut_part {
  pk_lowered_graph graph;
  pk_manifest_source *inputs;  // of each of graph.inputs: where it comes from; owned
} pk_cut_part;

typedef struct pk_cut_graph {
  pk_cut_part parts[PK_MAX_PARTS];
  size_t part_count;
  pk_manifest_source *results;  // of each output of the whole graph; owned
} pk_cut_graph;                 // all zero: empty

// Makes the parts. Constants are copied, into each part that reads them. A part takes what earlier
// parts wrote straight from them, and inputs of the graph from the caller; but of an input that
// `is_handed_on` (one flag for each input) only the first part that reads it takes it from the
// caller and gives it out for the others. Fails with PK_OUT_OF_MEMORY.
bool pk_graph_cut(pk_cut_graph *cut, const pk_lowered_graph *graph, const pk_cut_choice *choice,
                  const bool *is_handed_on, pk_error *error);
void pk_cut_graph_free(pk_cut_graph *cut);

#endif  // MINNOW_PACKER_CUT_GRAPH_H_
