// Examples of a data set as the samples that compression calibrates and judges with.
#ifndef MINNOW_PACKER_TRAIN_DATA_SAMPLES_H_
#define MINNOW_PACKER_TRAIN_DATA_SAMPLES_H_

#include "../compress/sample_set.h"
#include "../data/data_set.h"

// Fills an empty set with `most` examples of the part, evenly spaced, or all if they are fewer.
bool pk_data_samples(pk_sample_set *samples, const pk_data_set *data, pk_data_part part,
                     size_t most, const pk_manifest *manifest, pk_error *error);

#endif  // MINNOW_PACKER_TRAIN_DATA_SAMPLES_H_
