// What rounding activations does to a net's outputs, without rounding a weight.
#ifndef MINNOW_PACKER_SIMULATED_ANSWERS_H_
#define MINNOW_PACKER_SIMULATED_ANSWERS_H_

#include "../autodiff/diff_net.h"
#include "element_ranges.h"
#include "quality.h"
#include "sample_set.h"

// Runs evenly spaced samples, some dozens at most, through the graph in real numbers, with int8
// activations rounded and cut as the runtime does. Only values and their places are filled.
// Weights of int8 operators may still be float32. Errors: those of diff_net.h.
bool pk_answers_simulate(pk_answers *answers, const pk_graph *graph, const pk_sample_set *set,
                         pk_error *error);

// % of how far each value moves from sample to sample (element_ranges.h), root mean square, of the
// output where that is most. Errors: OUT_OF_MEMORY.
bool pk_answers_relative_error(double *percent, const pk_answers *answers,
                               const pk_answers *reference, pk_error *error);

#endif  // MINNOW_PACKER_SIMULATED_ANSWERS_H_
