// Losses of rows of class scores (logits) and their gradients.
#ifndef MINNOW_PACKER_TRAIN_CLASS_LOSS_H_
#define MINNOW_PACKER_TRAIN_CLASS_LOSS_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct pk_class_loss {
  float smoothing;      // share of the target spread over all classes (Szegedy et al. 2016)
  float temperature;    // of the teacher's and the student's softened scores
  float teacher_share;  // of the teacher in the loss; 0: labels alone
} pk_class_loss;

// Of one row: adds the gradient by the logits, times `weight`, to `gradient` and returns the loss.
// Labels: cross-entropy with smoothing. Teacher (NULL: none): pk_class_divergence_row() (Hinton et
// al. 2015). Label -1 (unlabelled): the teacher alone.
float pk_class_loss_row(float *gradient, const float *logits, const float *teacher, int32_t label,
                        size_t classes, const pk_class_loss *loss, float weight);

// The Kullback-Leibler divergence of the student's softened scores from the teacher's, times the
// temperature's square. Adds its gradient by the logits, times `weight`, to `gradient` (NULL: not).
float pk_class_divergence_row(float *gradient, const float *logits, const float *teacher,
                              size_t classes, float temperature, float weight);

// The class of the largest score; the first of equal ones.
size_t pk_class_best(const float *scores, size_t classes);

#endif  // MINNOW_PACKER_TRAIN_CLASS_LOSS_H_
