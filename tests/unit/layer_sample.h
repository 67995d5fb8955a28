// A layer with strongly correlated inputs, for tests of rounding and pruning.
#ifndef MINNOW_TESTS_LAYER_SAMPLE_H_
#define MINNOW_TESTS_LAYER_SAMPLE_H_

#include "../../packer/compress/layer_list.h"

enum { LAYER_ROWS = 12, LAYER_K = 70 };

// One group of LAYER_ROWS x LAYER_K, all statistics filled but the mean, which is 0. To be released
// with layer_sample_free().
pk_layer layer_sample(uint32_t seed);
void layer_sample_free(pk_layer *layer);

// e^T C e of an error [LAYER_K].
double layer_sample_form(const pk_layer *layer, const double *error);

// The sum of sensitivity * e^T C e that levels of outputs' steps make.
double layer_sample_cost(const pk_layer *layer, const int8_t *levels, float step);

#endif  // MINNOW_TESTS_LAYER_SAMPLE_H_
