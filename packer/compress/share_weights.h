// Weight sharing: a layer's weights become the means of a few clusters (Han et al., "Deep
// Compression: Compressing Deep Neural Networks with Pruning, Trained Quantization and Huffman
// Coding", 2016).
//
// The clusters are those of least squared error, weighted by what an error of each weight costs:
// by dynamic programming, which in one dimension finds the best there are (Wang and Song,
// "Ckmeans.1d.dp: Optimal k-means Clustering in One Dimension", 2011).
#ifndef MINNOW_PACKER_SHARE_WEIGHTS_H_
#define MINNOW_PACKER_SHARE_WEIGHTS_H_

#include "layer_list.h"
#include "weight_grid.h"

// The step on which the layer's largest weight has the last level: the same for all outputs.
float pk_sharing_step(const pk_layer *layer);

// Fills shared[i] with at most sizes[i] levels of the step (2 … PK_SHARED_MAX, rising sizes); fewer
// where means fall on the same level. Pruned weights have no part in it. Errors: OUT_OF_MEMORY.
bool pk_share_weights(pk_shared_levels *shared, const size_t *sizes, size_t count,
                      const pk_layer *layer, float step, pk_error *error);

#endif  // MINNOW_PACKER_SHARE_WEIGHTS_H_
