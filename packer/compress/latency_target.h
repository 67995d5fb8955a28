// Channels are removed until a model is as fast as is asked for.
#ifndef MINNOW_PACKER_LATENCY_TARGET_H_
#define MINNOW_PACKER_LATENCY_TARGET_H_

#include "channel_damage.h"

typedef struct pk_latency_target {
  double ms;         // of one run, at most
  bool keeps_float;  // the model's activations stay float32
} pk_latency_target;

typedef struct pk_latency {
  double before, after;  // ms, at eight bits and with all channels, and as packed; 0: not measured
} pk_latency;

// Times the graph as it is: the median of several runs of the runtime's fastest kernels on one
// thread of this machine.
bool pk_time_graph(double *ms, const pk_graph *graph, pk_error *error);

// Times a float graph as it will run at the slowest: activations or weights alone in int8, weights
// of eight bits, for which there are no faster kernels as for fewer. Levels and ranges are
// stand-ins. The graph stays as it is; its weighted operators have a bias (pk_add_missing_biases).
bool pk_measure_latency(double *ms, const pk_graph *graph, bool keeps_float, pk_error *error);

// Removes channels of least damage (channel_damage.h), a twentieth at a time, until the graph is
// fast enough; none of a model that is already. Errors: USAGE (no more channels can go, told with
// the time reached), those of channel_damage.h.
bool pk_prune_to_latency(pk_graph *graph, pk_channel_pruning *pruning, pk_latency *latency,
                         const pk_sample_set *set, const pk_latency_target *target,
                         const pk_statistics_options *options, pk_error *error);

#endif  // MINNOW_PACKER_LATENCY_TARGET_H_
