// Channels that go for good while a network trains: their number rises by the schedule of
// gradual_prune.h, the least important ones of the whole network go first.
//
// What goes together is a group of channel_groups.h, which residual sums tie. A channel acts on the
// loss only through the weights that read it, those of all readers of its group; its importance is
// (sum of gradient * weight)^2 over them, the first-order Taylor estimate of what their loss does
// to the training loss (Molchanov et al., "Importance Estimation for Neural Network Pruning",
// 2019), averaged over batches. Until the training is over a channel that has gone is made of
// zeros: the rows that write it, what lies between, and the columns that read it. So the network
// computes what it does without the channel, which trained_file.h then leaves out.
#ifndef MINNOW_PACKER_TRAIN_GRADUAL_CHANNELS_H_
#define MINNOW_PACKER_TRAIN_GRADUAL_CHANNELS_H_

#include "../compress/channel_groups.h"
#include "gradual_prune.h"

// A channel's numbers in one parameter: number i of channel c stands at
// first + c * channel_step + i * step of the row of parameters.
typedef struct pk_channel_part {
  size_t group, first, channel_step, count, step;
  bool is_read;  // the channel is read by these; else they write it or lie between
} pk_channel_part;

typedef struct pk_gradual_channels {
  pk_channel_groups groups;  // is_gone: what has gone
  pk_channel_part *parts;
  size_t part_count;
  size_t total;             // channels of all groups
  float *importance;        // [total], group behind group; negative: it has gone
  bool *absent;             // [parameters->total]: numbers of channels that have gone
  size_t parameters_total;  // length of `absent`
} pk_gradual_channels;      // all zero: nothing goes

// Finds the channels that can go. Errors: USAGE (there are none), OUT_OF_MEMORY.
bool pk_gradual_channels_init(pk_gradual_channels *channels, const pk_parameters *parameters,
                              const pk_graph *graph, pk_error *error);
void pk_gradual_channels_deinit(pk_gradual_channels *channels);

// In front of a step of the optimiser: takes the batch's gradient [parameters->total] into account.
void pk_gradual_channels_measure(pk_gradual_channels *channels, const float *values,
                                 const float *gradient);

// Behind a step: removes the channels that are too many by the schedule and keeps what has gone at
// 0, in values, moments and averages. An eighth of each group stays in any case. With a multiple
// channels of a group go several at a time, once the schedule allows as many.
bool pk_gradual_channels_remove(pk_gradual_channels *channels, pk_optimizer *optimizer,
                                const pk_channel_prune *prune, pk_error *error);

// Of a training that goes on: what has gone by `importance`, which a checkpoint keeps.
void pk_gradual_channels_restore(pk_gradual_channels *channels);

size_t pk_gradual_channels_gone(const pk_gradual_channels *channels);

#endif  // MINNOW_PACKER_TRAIN_GRADUAL_CHANNELS_H_
