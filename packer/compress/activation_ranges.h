// How far each activation of a float graph reaches over the samples, and the part of it that eight
// bits serve best.
#ifndef MINNOW_PACKER_ACTIVATION_RANGES_H_
#define MINNOW_PACKER_ACTIVATION_RANGES_H_

#include "../encode/package_writer.h"
#include "layer_list.h"
#include "sample_set.h"

typedef struct pk_range {
  float low, high;  // low <= 0 <= high
} pk_range;

// Fills ranges[tensor] for every float32 activation of the net's graph: of all cuts of the values
// seen, the one whose rounding to 256 levels together with its clipping has the least mean squared
// error (min-max being one of them).
bool pk_activation_ranges(pk_range *ranges, const pk_diff_net *net, const pk_sample_set *set,
                          pk_progress_fn *progress, void *progress_user, pk_error *error);

// The best range for a histogram of `count` bins from low to high; zero is always inside.
pk_range pk_best_range(const uint32_t *bins, size_t count, pk_range seen);

#endif  // MINNOW_PACKER_ACTIVATION_RANGES_H_
