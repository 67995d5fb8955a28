// Which weights become 0 before rounding, chosen over the whole net.
//
// Leaving out weight w of product j costs sensitivity * w^2 * D_j: D_j is the variance of the
// product's input that the products behind it cannot make up for (error_feedback.h; Hassibi and
// Stork, "Second order derivatives for network pruning: Optimal Brain Surgeon", 1993; in this
// sequential form SparseGPT, Frantar and Alistarh 2023). Rounding with error feedback then makes up
// for the rest, as it does for rounding errors. Depthwise operators and the first layer hold few
// weights that matter much and are left alone.
#ifndef MINNOW_PACKER_PRUNE_WEIGHTS_H_
#define MINNOW_PACKER_PRUNE_WEIGHTS_H_

#include "layer_list.h"

typedef enum pk_prune_rule {
  PK_PRUNE_OBS,          // as above
  PK_PRUNE_SENSITIVITY,  // sensitivity * w^2 * variance: the diagonal of the Fisher information
  PK_PRUNE_MAGNITUDE     // w^2 by the layer's mean square
} pk_prune_rule;

enum { PK_PRUNE_BLOCK_MAX = 16 };

typedef struct pk_prune_options {
  double share;  // of the weights that can be pruned; 0: none
  pk_prune_rule rule;
  size_t block;  // consecutive outputs of a product that go together, 1 to PK_PRUNE_BLOCK_MAX; 0: 1
  double channel_share;  // of the channels of a float model: channel_damage.h; 0: none
} pk_prune_options;

// Weights, not blocks.
typedef struct pk_weight_pruning {
  size_t pruned, total;  // total: of the layers that can be pruned
} pk_weight_pruning;

// Gives the layers that can be pruned their masks. Blocks of least saliency by weight go first,
// ties in order, until `share` of the weights is reached: exactly, rounded to whole weights, with
// blocks of 1; else never more than share, and less by no more than one block. A last block is
// smaller where the outputs are no multiple. Errors: OUT_OF_MEMORY.
bool pk_prune_weights(pk_layer_list *layers, pk_weight_pruning *pruning,
                      const pk_prune_options *options, pk_error *error);

// Keeps the zeros of layers that came pruned: where a third of the weights or more are 0 already,
// these stay 0. Errors: OUT_OF_MEMORY.
bool pk_prune_keep_zeros(pk_layer_list *layers, pk_error *error);

#endif  // MINNOW_PACKER_PRUNE_WEIGHTS_H_
