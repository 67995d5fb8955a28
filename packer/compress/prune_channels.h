// Channels that say the same for every sample are removed for good: from the operator that computes
// them, from what lies between, and from the operators that read them, whose biases take over what
// the constant contributed.
#ifndef MINNOW_PACKER_PRUNE_CHANNELS_H_
#define MINNOW_PACKER_PRUNE_CHANNELS_H_

#include "layer_list.h"
#include "sample_set.h"

// Works on float32 graphs whose weighted operators all have a bias (pk_add_missing_biases). A
// channel counts as constant where its values over all samples differ by no more than a thousandth
// of its tensor's range. Returns the number of channels removed in *removed.
bool pk_prune_channels(pk_graph *graph, size_t *removed, const pk_sample_set *set, pk_error *error);

#endif  // MINNOW_PACKER_PRUNE_CHANNELS_H_
