// A float graph's activations in int8, but for those that the answers would suffer from.
#ifndef MINNOW_PACKER_MIXED_PRECISION_H_
#define MINNOW_PACKER_MIXED_PRECISION_H_

#include "activation_ranges.h"

// What stayed float32 of a model that was to mix.
typedef struct pk_mixed_report {
  size_t float_ops, weighted_ops;  // of those with weights that can compute in int8
  double int8_products;            // %, of all products of weighted operators
  double int8_error, error;        // %, pk_answers_relative_error() of rounded activations alone:
                                   // were all in int8 that can be, and as it is
  double max_error;                // %, what was aimed at
} pk_mixed_report;                 // all zero: nothing was to mix

// Gives all operators that can compute in int8 int8 activations.
bool pk_quantize_activations(pk_graph *graph, const pk_sample_set *set,
                             const pk_range_options *options, pk_error *error);

// The same, but operators stay float32, where that is worth most for its work
// (precision_choice.h), until what rounded activations do to the answers to some of the samples is
// at most `max_error` (pk_answers_relative_error(), %). All stay where nothing less is enough.
bool pk_mix_activations(pk_graph *graph, pk_mixed_report *report, const pk_sample_set *set,
                        double max_error, const pk_range_options *options, pk_error *error);

#endif  // MINNOW_PACKER_MIXED_PRECISION_H_
