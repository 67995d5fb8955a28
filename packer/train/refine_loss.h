// How far a network's answers are from those of the network it came from.
//
// Rows of class scores: the Kullback-Leibler divergence of the softened scores times the
// temperature's square (Hinton et al. 2015), in the mean over rows. Other outputs: half the squared
// difference, by the square of pk_loss_deviation(), in the mean over elements. Sums over
// outputs.
#ifndef MINNOW_PACKER_TRAIN_REFINE_LOSS_H_
#define MINNOW_PACKER_TRAIN_REFINE_LOSS_H_

#include "../compress/loss_seed.h"

typedef struct pk_refine_loss {
  pk_loss student, teacher;  // where the outputs are in both; ranges are the teacher's
  float temperature;
} pk_refine_loss;  // all zero: empty

// Errors: UNSUPPORTED (outputs of other sizes or kinds), OUT_OF_MEMORY.
bool pk_refine_loss_init(pk_refine_loss *loss, const pk_diff_net *student,
                         const pk_diff_net *teacher, float temperature, pk_error *error);
void pk_refine_loss_deinit(pk_refine_loss *loss);

// Widens the ranges by an answer of the teacher's; for some before the first loss.
void pk_refine_loss_see_range(pk_refine_loss *loss, const pk_diff_tape *teacher);

// The loss between two tapes that have run, added to *sum. With a weight above 0 its gradient times
// the weight is added to those of the student's outputs.
bool pk_refine_loss_add(double *sum, const pk_refine_loss *loss, pk_diff_tape *student,
                        const pk_diff_tape *teacher, float weight, pk_error *error);

#endif  // MINNOW_PACKER_TRAIN_REFINE_LOSS_H_
