// Channels that say the same for every sample are removed for good (channel_groups.h); the biases
// of the operators that read them take over what the constant contributed.
#ifndef MINNOW_PACKER_PRUNE_CHANNELS_H_
#define MINNOW_PACKER_PRUNE_CHANNELS_H_

#include "layer_list.h"
#include "sample_set.h"

// Works on float32 graphs whose weighted operators all have a bias (pk_add_missing_biases). A
// channel counts as constant where its values over all samples differ by no more than a thousandth
// of its tensor's range. Adds the number of channels removed to *removed.
bool pk_prune_constant_channels(pk_graph *graph, size_t *removed, const pk_sample_set *set,
                                pk_error *error);

#endif  // MINNOW_PACKER_PRUNE_CHANNELS_H_
