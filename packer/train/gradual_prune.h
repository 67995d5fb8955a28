// Magnitude pruning while training: the share of zeros of every pruned layer rises by Zhu and
// Gupta's cubic schedule ("To prune, or not to prune", 2017), and what is 0 once stays 0.
#ifndef MINNOW_PACKER_TRAIN_GRADUAL_PRUNE_H_
#define MINNOW_PACKER_TRAIN_GRADUAL_PRUNE_H_

#include "optimizer.h"

typedef struct pk_gradual_prune {
  float share;     // of zeros at the end; 0: nothing is pruned
  float from, to;  // shares of the training between which it rises
} pk_gradual_prune;

// The same for whole channels (gradual_channels.h).
typedef struct pk_channel_prune {
  pk_gradual_prune schedule;  // share: of all channels that can go
  int32_t multiple;           // what is left of a group that lost channels is a multiple of this
} pk_channel_prune;

// The share of zeros wanted after `step` of `steps`.
float pk_prune_share_at(const pk_gradual_prune *prune, size_t step, size_t steps);

// Whether a step that has been done is one behind which more goes.
bool pk_prune_is_due(const pk_optimizer *optimizer);

// Behind a step of the optimiser: zeroes the smallest weights of each layer that are too many, in
// values, moments and averages, and keeps zeros at 0. The first layer and the last are left alone:
// they are small and matter most. Weights of `masked` (parameters->total bools, all false at first;
// true stays true) are 0. Weights of `absent` (the same length; NULL: none), those of channels that
// have gone (gradual_channels.h), do not count in the share.
bool pk_prune_gradually(pk_optimizer *optimizer, bool *masked, const bool *absent,
                        const pk_gradual_prune *prune, pk_error *error);

// The mask of a training that goes on: what is 0 among the prunable weights.
void pk_prune_find_mask(bool *masked, const pk_optimizer *optimizer);

#endif  // MINNOW_PACKER_TRAIN_GRADUAL_PRUNE_H_
