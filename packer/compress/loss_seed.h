// Random directions at a net's outputs whose expected squared gradients are the Fisher information:
// what a small change of the weights does to the net's answers.
//
// Where an output is a softmax, the loss is the log-likelihood of a class drawn from the net's own
// softened distribution (temperature 3: a net that is sure of its training classes has hardly any
// gradient otherwise); no labels are needed. Every other output counts as a Gaussian with a
// deviation of a share of its range, or each of its elements with a share of its own.
#ifndef MINNOW_PACKER_LOSS_SEED_H_
#define MINNOW_PACKER_LOSS_SEED_H_

#include "../autodiff/diff_net.h"
#include "element_ranges.h"

typedef struct pk_loss_output {
  int32_t tensor;              // where the gradient is seeded: logits, or the output itself
  bool is_softmax;             // rows along the last axis
  float low, high;             // seen of others over all samples
  pk_element_ranges elements;  // of others where each counts by its own range; empty: it does not
} pk_loss_output;

typedef struct pk_loss {
  pk_loss_output *outputs;
  size_t count;
} pk_loss;  // all zero: empty

bool pk_loss_init(pk_loss *loss, const pk_graph *graph, pk_error *error);
void pk_loss_deinit(pk_loss *loss);

// From now on elements of outputs that are no softmax count by their own ranges.
bool pk_loss_weigh_elements(pk_loss *loss, const pk_diff_net *net, pk_error *error);

// Widens the ranges of outputs that are no softmax by a tape that has run; for some samples before
// the first seed. Then they are finished once.
void pk_loss_see_range(pk_loss *loss, const pk_diff_tape *tape);
void pk_loss_finish_ranges(pk_loss *loss);

// The deviation that an output which is no softmax counts with: a twentieth of its range, infinite
// where that is 0, as what never changes has nothing to lose.
float pk_loss_deviation(const pk_loss_output *output);

// Clears the tape's gradients and seeds new ones. Draws depend on `seed` alone.
bool pk_loss_seed(const pk_loss *loss, pk_diff_tape *tape, uint64_t seed, pk_error *error);

#endif  // MINNOW_PACKER_LOSS_SEED_H_
