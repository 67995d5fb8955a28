// Refinement of the values that a layer's weights share: which weights share one stays as it is,
// and each value learns by the sum of its weights' gradients (Han et al. 2016, section 3).
#ifndef MINNOW_PACKER_TRAIN_REFINE_SHARED_H_
#define MINNOW_PACKER_TRAIN_REFINE_SHARED_H_

#include "../compress/coded_weights.h"
#include "descent.h"

typedef struct pk_refined_sharing {
  size_t count;                 // of values
  uint8_t *members;             // [outputs][k]: each weight's value
  float values[PK_SHARED_MAX];  // in steps
  float momentum[PK_SHARED_MAX], squares[PK_SHARED_MAX];
  float gap;           // between two values, on the mean
} pk_refined_sharing;  // all zero: empty

// Starts where the levels are. False: out of memory.
bool pk_refined_sharing_init(pk_refined_sharing *sharing, const pk_layer *layer,
                             const int8_t *levels, const pk_shared_levels *shared);
void pk_refined_sharing_deinit(pk_refined_sharing *sharing);

// Rounds the values to levels, and gives them to the weights and the grid. Pruned weights stay 0.
void pk_refined_sharing_round(const pk_refined_sharing *sharing, int8_t *levels, pk_grid *grid,
                              const pk_layer *layer);

// One step. `gradient` is by the layer's weights as they stand in their tensor, `steps` by output.
void pk_refined_sharing_step(pk_refined_sharing *sharing, const pk_layer *layer,
                             const float *gradient, const float *steps, const pk_descent *descent);

#endif  // MINNOW_PACKER_TRAIN_REFINE_SHARED_H_
