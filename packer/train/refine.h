// Training of a compressed network's levels against the float32 network it came from.
//
// Behind every weight stands a real number that learns; the network computes with the level that it
// rounds to, on the grid that compression chose, and the gradient passes through the rounding
// unchanged (the straight-through estimator, Bengio et al. 2013). Rounding is the grid's own: to
// the nearest level, along a trellis, or to 0 for good where a weight is pruned, so what
// compression decided stays in force. Activations are rounded as the runtime does. The goal are the
// teacher's softened scores (Hinton et al. 2015): labels are not needed.
#ifndef MINNOW_PACKER_TRAIN_REFINE_H_
#define MINNOW_PACKER_TRAIN_REFINE_H_

#include "../compress/compress_model.h"
#include "../data/data_set.h"

typedef struct pk_refine_options {
  const pk_data_set *data;
  const pk_manifest *manifest;  // of the inputs
  const json_t *augment;        // NULL: examples as they are
  const pk_graph *teacher;      // float32, for one example, giving logits
  size_t steps, batch;
  float rate;         // of learning, in steps of a layer's grid for each step of training
  float temperature;  // of the softened scores
  uint64_t seed;
  pk_progress_fn *progress;
} pk_refine_options;

// A pk_refine_fn; `user` is a pk_refine_options. Errors: USAGE (the network gives something else
// than one row of class scores), those of the data, OUT_OF_MEMORY.
pk_refine_fn pk_refine;

#endif  // MINNOW_PACKER_TRAIN_REFINE_H_
