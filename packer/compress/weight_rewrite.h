// Levels and steps into the source graph, and biases that fit them.
#ifndef MINNOW_PACKER_WEIGHT_REWRITE_H_
#define MINNOW_PACKER_WEIGHT_REWRITE_H_

#include "error_feedback.h"

// Gives every operator with weights a bias: zeros where it has none.
bool pk_add_missing_biases(pk_graph *graph, pk_error *error);

// Gives the layer's weights tensor int8 `levels` [outputs][k] (copied) with the outputs' steps as
// scales, and its operator an int32 bias of the real values `bias` [outputs]. A float32 operator
// gets int8 weights of one scale and a float32 bias.
bool pk_rewrite_layer(pk_graph *graph, const pk_layer *layer, const int8_t *levels, float step,
                      const float *bias, pk_error *error);

// Does the same to a net whose constants are real numbers: the weights that the levels stand for.
void pk_simulate_levels(pk_diff_net *net, const pk_layer *layer, const int8_t *levels, float step);

#endif  // MINNOW_PACKER_WEIGHT_REWRITE_H_
