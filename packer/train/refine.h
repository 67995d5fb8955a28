// Training of a compressed network's levels against the network it came from.
//
// Behind every weight stands a real number that learns; the network computes with the level that it
// rounds to, on the grid that compression chose, and the gradient passes through the rounding
// unchanged (the straight-through estimator, Bengio et al. 2013). Rounding is the grid's own: to
// the nearest level, along a trellis, or to 0 for good where a weight is pruned, so what
// compression decided stays in force. Each layer's step learns as well (LSQ, Esser et al. 2020),
// and so do the biases. Activations are rounded as the runtime does. The goal is what the network
// answered before (refine_loss.h): labels are not needed.
#ifndef MINNOW_PACKER_TRAIN_REFINE_H_
#define MINNOW_PACKER_TRAIN_REFINE_H_

#include "../compress/compress_model.h"
#include "../data/data_set.h"

typedef struct pk_refine_options {
  // Examples, and how they are altered (docs/TRAINING.md, "Augment"; NULL: not). Without a set the
  // samples that the compression has, as they are.
  const pk_data_set *data;
  const json_t *augment;
  size_t steps, batch;
  float rate;         // of learning, in steps of a layer's grid for each step of training
  float temperature;  // of the softened scores
  uint64_t seed;
  pk_progress_fn *progress;
} pk_refine_options;

// A pk_refine_fn; `user` is a pk_refine_options. The part `validation`, or where there is none
// every fifth example or file of samples, is held back: it judges the weights at the start and now
// and then, and the best ones are taken, perhaps those at the start. Errors: USAGE (too few
// examples), UNSUPPORTED (outputs that cannot be compared), those of the data, OUT_OF_MEMORY.
pk_refine_fn pk_refine;

#endif  // MINNOW_PACKER_TRAIN_REFINE_H_
