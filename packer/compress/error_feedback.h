// Rounding of a layer's weights where each product makes up for the errors of those before it.
//
// The error of a row e costs e^T C e. With C = M D M^T, M unit upper triangular, that is
// sum_j D_j (e_j + sum_{i<j} M_ij e_i)^2: whatever the earlier errors are, product j reaches the
// least cost by rounding its weight minus sum_{i<j} M_ij e_i. This is GPTQ (Frantar et al., "GPTQ:
// Accurate Post-Training Quantization", 2023; before it Optimal Brain Surgeon), written with the
// factors of C instead of its inverse. Products with large variance come first, as there is most to
// make up for behind them.
#ifndef MINNOW_PACKER_ERROR_FEEDBACK_H_
#define MINNOW_PACKER_ERROR_FEEDBACK_H_

#include "layer_list.h"
#include "weight_grid.h"

// Factors of one layer's covariances, made once for any number of roundings.
typedef struct pk_feedback {
  uint32_t *order;  // [groups][k]: the product at each place
  float *factors;   // [groups][k][k]: M transposed, rows of earlier places
  float *costs;     // [groups][k]: D
} pk_feedback;      // all zero: empty

bool pk_feedback_init(pk_feedback *feedback, const pk_layer *layer, pk_error *error);
void pk_feedback_deinit(pk_feedback *feedback);

// The step of output `o`: `step`, or one wider by a multiple of a quarter octave where its largest
// weight needs it.
float pk_output_step(const pk_layer *layer, size_t o, float step);

// Whether the package can code the layer's levels as those of a trellis: half of the trellis'
// states allow no 0, so pruned layers go without.
bool pk_layer_suits_trellis(const pk_layer *layer);

// Rounds all weights to levels [outputs][k] of the outputs' steps, pruned ones (is_pruned) to 0,
// which later products make up for as for any error. Returns the cost, the sum of
// sensitivity * e^T C e; NaN when out of memory.
double pk_feedback_round(int8_t *levels, const pk_layer *layer, const pk_feedback *feedback,
                         const pk_grid *grid);

#endif  // MINNOW_PACKER_ERROR_FEEDBACK_H_
