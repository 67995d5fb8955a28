// Where a layer looks: attention maps of activations, and how far two of them are apart (Zagoruyko
// and Komodakis, "Paying More Attention to Attention", 2017). Maps have no channels, so layers of
// different widths can be compared without anything between them that would have to be learnt.
#ifndef MINNOW_PACKER_TRAIN_ATTENTION_H_
#define MINNOW_PACKER_TRAIN_ATTENTION_H_

#include <stddef.h>

// The map [positions] of one example's activations [positions][channels]: sums of squares over the
// channels, scaled to the length 1; zeros where all activations are 0. Returns the length before.
float pk_attention_map(float *map, const float *values, size_t positions, size_t channels);

// Squared distance of the activations' map and a target [positions]. Adds the gradient by the
// activations, times `weight`, to `gradient`; `scratch` [positions] is used.
float pk_attention_loss(float *gradient, const float *values, const float *target, size_t positions,
                        size_t channels, float weight, float *scratch);

#endif  // MINNOW_PACKER_TRAIN_ATTENTION_H_
