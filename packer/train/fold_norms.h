// Batch normalisation as it is used: part of the weights in front of it.
#ifndef MINNOW_PACKER_TRAIN_FOLD_NORMS_H_
#define MINNOW_PACKER_TRAIN_FOLD_NORMS_H_

#include "../autodiff/diff_net.h"
#include "parameters.h"

// Copies parameters into a net's constants as training computes with them; the biases in front of
// normalisations become 0.
void pk_constants_raw(pk_diff_net *net, const pk_parameters *parameters, const float *values);

// The same as it is used: each normalisation multiplied into its weights and bias, leads added.
void pk_constants_folded(pk_diff_net *net, const pk_parameters *parameters, const float *values,
                         const float *statistics);

#endif  // MINNOW_PACKER_TRAIN_FOLD_NORMS_H_
