// One step for each layer from one exchange rate between bits and damage for the whole net.
//
// Each layer is rounded at a ladder of steps, which gives pairs (bits, cost). For an exchange rate
// lambda the layer takes the pair of least cost + lambda * bits; what lambda buys is then the same
// everywhere (Everett 1963; Shoham and Gersho, "Efficient bit allocation for an arbitrary set of
// quantizers", 1988).
#ifndef MINNOW_PACKER_STEP_CHOICE_H_
#define MINNOW_PACKER_STEP_CHOICE_H_

#include "../encode/package_writer.h"
#include "error_feedback.h"

// What weights may become.
typedef enum pk_weight_values {
  PK_WEIGHTS_STEPS,   // multiples of their layer's step
  PK_WEIGHTS_SHARED,  // a few values that the layer shares: share_weights.h
  PK_WEIGHTS_EITHER   // by layer what costs least
} pk_weight_values;
extern const char *const pk_weight_value_names[];  // by value; ends with NULL

enum {
  PK_STEPS = 90,     // without and with a trellis
  PK_SHARINGS = 25,  // numbers of shared values
  PK_RUNGS = 2 * PK_STEPS + PK_SHARINGS
};

typedef struct pk_rung {
  pk_grid grid;
  double bits;  // of the layer's weights as coded, table included
  double cost;  // see pk_feedback_round()
} pk_rung;

typedef struct pk_step_table {
  const pk_layer_list *layers;
  pk_feedback *feedbacks;      // by layer
  pk_rung (*rungs)[PK_RUNGS];  // by layer: steps rising, then fewer and fewer shared values;
                               // unusable ones have infinite cost
} pk_step_table;               // all zero: empty

bool pk_step_table_init(pk_step_table *table, const pk_layer_list *layers, pk_weight_values values,
                        pk_progress_fn *progress, void *progress_user, pk_error *error);
void pk_step_table_deinit(pk_step_table *table);

// The rung of each layer for `lambda`; returns the bits of all layers.
double pk_choose_rungs(size_t *chosen, const pk_step_table *table, double lambda);

// The smallest lambda that brings the layers to at most `bits`, or the largest there is.
double pk_lambda_for_bits(const pk_step_table *table, double bits);

// Counts the symbols that are coded of `levels`: themselves, or the symbols of trellis-coded ones.
void pk_count_symbols(uint64_t *counts, const int8_t *levels, size_t count, bool has_trellis);

// Bits of `levels`, or of the symbols of trellis-coded ones, under the better of a Huffman code and
// an ANS code of their own.
double pk_level_bits(const int8_t *levels, size_t count, bool has_trellis);

#endif  // MINNOW_PACKER_STEP_CHOICE_H_
