// How far each activation of a float graph reaches over the samples, and the part of it that eight
// bits serve best.
#ifndef MINNOW_PACKER_ACTIVATION_RANGES_H_
#define MINNOW_PACKER_ACTIVATION_RANGES_H_

#include "../encode/package_writer.h"
#include "layer_list.h"
#include "range_candidates.h"
#include "sample_set.h"

typedef struct pk_range_options {
  uint64_t seed;
  float headroom;        // ranges reach so many times as far as what was seen, but for the graph's
                         // inputs and where ReLU6 ends them; 0: rules propose them
  bool weighs_elements;  // of outputs that are no classes each by its own range, see loss_seed.h
  pk_progress_fn *progress;
  void *progress_user;
} pk_range_options;

// Fills ranges[tensor] for every float32 activation of the net's graph: of the ranges by each rule
// of range_candidates.h the one that moves the net's answers least over the samples. What rounding
// one activation does to them is measured to first order, by its errors times the gradients that
// loss_seed.h draws. An activation that no gradient reaches
// (the net's input) takes the least squared error. `damage`, where it is not NULL, gets for each
// tensor what its range does to the answers, in nats of divergence for a sample, twice; 0 without a
// gradient.
bool pk_activation_ranges(pk_range *ranges, double *damage, const pk_diff_net *net,
                          const pk_sample_set *set, const pk_range_options *options,
                          pk_error *error);

#endif  // MINNOW_PACKER_ACTIVATION_RANGES_H_
