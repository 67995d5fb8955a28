// What each layer of a package weighs: the rows of minnow inspect.
#ifndef MINNOW_PACKER_LAYER_REPORT_H_
#define MINNOW_PACKER_LAYER_REPORT_H_

#include "../lowered_graph.h"
#include "../package/core_model.h"

// Weights are the constants in a packed layout or coded by levels; the others (biases, multipliers,
// steps) count only in constant_bytes and coded_bytes. A constant belongs to the operator that uses
// it first, steps to that of their levels.
typedef struct pk_layer {
  const char *op;    // "CONV_2D"
  const char *name;  // of the source operator; NULL where it is not known
  uint32_t rank;     // of the first output
  int32_t dims[MNW_MAX_RANK];
  uint64_t weights;             // elements
  uint64_t weight_coded_bytes;  // in the shards: blocks and tables with their headers
  double weight_entropy_bits;   // sum of the order-0 entropies of the weights' bytes, or levels
  uint64_t constant_bytes, coded_bytes;
} pk_layer;

// One row for each operator, to be freed by the caller; NULL with the error filled otherwise.
// `source` gives the names and may be NULL; its strings are referred to.
pk_layer *pk_layer_report(size_t *count, const pk_core_model *core, const pk_bytes *shards,
                          size_t shard_count, const pk_lowered_graph *source, pk_error *error);

#endif  // MINNOW_PACKER_LAYER_REPORT_H_
