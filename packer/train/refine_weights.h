// The real numbers behind a compressed network's levels, and their descent.
#ifndef MINNOW_PACKER_TRAIN_REFINE_WEIGHTS_H_
#define MINNOW_PACKER_TRAIN_REFINE_WEIGHTS_H_

#include "../compress/compress_model.h"
#include "refine_shared.h"

// One layer's numbers, in the order of its weights, [outputs][k], and biases, [outputs].
typedef struct pk_refined_layer {
  float *weights, *momentum, *squares;  // where the weights share no values
  pk_refined_sharing sharing;           // where they do
  float *bias_momentum, *bias_squares;
  float *steps;                      // by output
  float bias_scale;                  // what a bias moves by where a weight moves by a step
  float step_momentum, step_square;  // of the logarithm of the layer's step
} pk_refined_layer;

typedef struct pk_refined_weights {
  const pk_refine_subject *subject;
  pk_refined_layer *layers;
  size_t count;        // of steps done
} pk_refined_weights;  // all zero: empty

bool pk_refined_weights_init(pk_refined_weights *weights, const pk_refine_subject *subject,
                             pk_error *error);
void pk_refined_weights_deinit(pk_refined_weights *weights);

// Rounds all weights to their grids and gives the net what the levels stand for.
bool pk_refined_weights_round(pk_refined_weights *weights, pk_error *error);

// One step. `gradients` (by tensor of the graph, NULL: none) are sums over tapes. `rate`: see
// pk_refine_options.
void pk_refined_weights_step(pk_refined_weights *weights, float *const *gradients, float rate);

#endif  // MINNOW_PACKER_TRAIN_REFINE_WEIGHTS_H_
