// Removal of the channels of a float32 graph whose loss harms the net's answers least.
//
// A channel is replaced by its mean. For an operator that reads it this is an error of each row of
// weights, minus the weights on the channel's products, whose cost is sensitivity * e^T C e
// (layer_statistics.h): the variance of what the channel contributes about its mean times the
// squared gradient, the first-order Fisher information of the replacement (Molchanov et al.,
// "Importance Estimation for Neural Network Pruning", 2019). The remaining products make up for it
// as far as they can, each row by its least e^T C e, so what counts as damage is what is left then:
// Hassibi and Stork's Optimal Brain Surgeon for all products of a channel at once. The damage of a
// channel of a group is the sum over all readers of the group; biases take the mean. As channels
// that could make up for each other must not go together, a twentieth goes at a time, and all is
// measured anew.
#ifndef MINNOW_PACKER_CHANNEL_DAMAGE_H_
#define MINNOW_PACKER_CHANNEL_DAMAGE_H_

#include "channel_groups.h"
#include "layer_statistics.h"

typedef struct pk_channel_pruning {
  size_t removed, total;  // channels of groups; one that several operators write counts once
} pk_channel_pruning;

// Removes `share` (0 to 1) of all channels of the graph's groups, but never all of a group.
// Weighted operators must have a bias (pk_add_missing_biases). Errors: UNSUPPORTED (the graph has
// no channels that could be removed), OUT_OF_MEMORY.
bool pk_prune_channel_share(pk_graph *graph, pk_channel_pruning *pruning, const pk_sample_set *set,
                            double share, const pk_statistics_options *options, pk_error *error);

// Whether enough channels have gone, asked at first and after each twentieth. False: error filled.
typedef bool pk_enough_fn(void *user, const pk_graph *graph, bool *is_enough, pk_error *error);

// The same until `is_enough` says so, or until nothing more can go.
bool pk_prune_channels_until(pk_graph *graph, pk_channel_pruning *pruning, const pk_sample_set *set,
                             pk_enough_fn *is_enough, void *user,
                             const pk_statistics_options *options, pk_error *error);

// The weights [rows][k] and biases [rows] of a layer (of one group) without the products that
// is_gone [k] names: their weights become 0, the others make up for them as far as they can, and
// the mean output stays. `weights` and `bias` hold the layer's own before.
bool pk_refit_rows(float *weights, float *bias, const pk_layer *layer, const bool *is_gone,
                   pk_error *error);

#endif  // MINNOW_PACKER_CHANNEL_DAMAGE_H_
