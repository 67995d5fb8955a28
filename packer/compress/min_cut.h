// The cheapest cut of a small network between a source and a sink.
//
// Problems of the form "each thing takes one of two sides; a side has its price, and things that
// should stand together cost something where they do not" are cuts, and the cheapest one is found
// exactly: it is the largest flow (Ford and Fulkerson 1956). Flows grow along shortest paths
// (Edmonds and Karp, "Theoretical improvements in algorithmic efficiency for network flow
// problems", 1972), which is quick enough for some hundred nodes.
#ifndef MINNOW_PACKER_MIN_CUT_H_
#define MINNOW_PACKER_MIN_CUT_H_

#include <stddef.h>
#include <stdint.h>

#include "../pk_error.h"

enum { PK_CUT_SOURCE, PK_CUT_SINK, PK_CUT_FIRST };  // nodes; the caller's begin at PK_CUT_FIRST

typedef struct pk_cut_edge {
  uint32_t to, next;  // next: of the same node; 0: the last
  double left;        // capacity that no flow takes yet
} pk_cut_edge;

typedef struct pk_cut {
  pk_cut_edge *edges;  // from 2 on; e ^ 1 is the way back
  uint32_t *first;     // by node
  size_t node_count, edge_count, edge_capacity;
} pk_cut;  // all zero: empty

// `node_count` includes source and sink. Errors: OUT_OF_MEMORY.
bool pk_cut_init(pk_cut *cut, size_t node_count, pk_error *error);
void pk_cut_deinit(pk_cut *cut);

// What it costs that `from` stands on the source's side and `to` on the sink's; INFINITY: never.
bool pk_cut_add(pk_cut *cut, size_t from, size_t to, double cost, pk_error *error);

// Fills on_source_side [node_count] by the cheapest cut, of equal ones that with the fewest nodes
// there; once for each network.
bool pk_cut_solve(bool *on_source_side, pk_cut *cut, pk_error *error);

#endif  // MINNOW_PACKER_MIN_CUT_H_
