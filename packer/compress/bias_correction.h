// Biases for rounded weights: each output channel's mean over the calibration samples becomes again
// what it was, layer by layer in execution order, with everything in front of the layer rounded
// already (Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction",
// 2019, section 4.2, with samples).
#ifndef MINNOW_PACKER_BIAS_CORRECTION_H_
#define MINNOW_PACKER_BIAS_CORRECTION_H_

#include "../encode/package_writer.h"
#include "layer_list.h"
#include "sample_set.h"

// The layers' original outputs in the mean, weights * mean + bias, by layer: [outputs] each.
bool pk_mean_outputs(float **means, const pk_layer_list *layers, const pk_diff_net *net,
                     pk_error *error);

// Runs all samples through `net`, whose weights are the rounded ones, and fills biases[layer]
// [outputs], which it also gives to the net where the operator has a bias. `means` is what
// pk_mean_outputs() found; it must have been made with the same samples.
bool pk_correct_biases(float **biases, pk_diff_net *net, const pk_layer_list *layers, float **means,
                       const pk_sample_set *set, pk_progress_fn *progress, void *progress_user,
                       pk_error *error);

// Bytes of activations that all samples take at the same time at most.
size_t pk_correction_bytes(const pk_diff_net *net, size_t samples);

#endif  // MINNOW_PACKER_BIAS_CORRECTION_H_
