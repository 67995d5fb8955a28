// Where to cut a graph into parts that run one after the other.
//
// A cut is a place in execution order: cut c lies in front of operator c. What passes it are the
// activations written before it and read behind it; the part in front gives them out, and who runs
// the parts keeps them until the part that reads them. The graph's own inputs do not count: their
// bytes are the caller's already, and each part that reads one is given it.
//
// Chosen are the part_count − 1 cuts with the least
//
//   sum over parts of (w − W)² / W   +   sum over cuts of the bytes that pass
//
// where w are the coded bytes of the constants that a part needs (one that two parts need counts in
// both) and W is an even share of the graph's. Both sums are bytes: a part that is off by a tenth
// of its share costs a hundredth of the share, so cuts move a little way for a cheaper tensor and
// never far. Dynamic programming over all places finds the minimum exactly, in at most part_count ·
// operators² / 2 steps.
#ifndef MINNOW_PACKER_CUT_CHOICE_H_
#define MINNOW_PACKER_CUT_CHOICE_H_

#include <stdbool.h>

#include "../lowered_graph.h"
#include "../package/manifest.h"
#include "../pk_error.h"

typedef struct pk_cut_choice {
  size_t part_count;
  size_t begins[PK_MAX_PARTS + 1];       // part p runs operators begins[p] … begins[p + 1] − 1
  uint64_t coded_bytes[PK_MAX_PARTS];    // of part p's constants, coded each by itself
  uint64_t passing_bytes[PK_MAX_PARTS];  // of the activations that pass cut p, in front of part p;
                                         // 0 for p = 0
  double cost;                           // the minimum
} pk_cut_choice;

// `part_count` is 2 … PK_MAX_PARTS; the graph's tensor numbers are in range. Fails with PK_USAGE
// for more parts than operators, PK_UNSUPPORTED where no cuts leave every part with an input and an
// output, PK_OUT_OF_MEMORY.
bool pk_cuts_choose(pk_cut_choice *choice, const pk_lowered_graph *graph, size_t part_count,
                    pk_error *error);

// Bytes of an activation.
uint64_t pk_lowered_tensor_bytes(const pk_lowered_tensor *tensor);

#endif  // MINNOW_PACKER_CUT_CHOICE_H_
