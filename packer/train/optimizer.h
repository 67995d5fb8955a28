// Steps of gradient descent: SGD with momentum, or AdamW (Loshchilov and Hutter 2019), with a
// cosine schedule behind a linear warm-up, and an exponential moving average of the result.
#ifndef MINNOW_PACKER_TRAIN_OPTIMIZER_H_
#define MINNOW_PACKER_TRAIN_OPTIMIZER_H_

#include "parameters.h"

typedef enum pk_optimizer_kind { PK_OPTIMIZER_ADAMW, PK_OPTIMIZER_SGD } pk_optimizer_kind;

typedef struct pk_optimizer_options {
  pk_optimizer_kind kind;
  float rate;          // of learning, at its height
  float final_rate;    // share of it at the last step
  float momentum;      // of SGD, and beta 1 of AdamW
  float beta2;         // AdamW
  float weight_decay;  // of weights alone; times the rate
  float clip;          // largest norm of the whole gradient; 0: any
  float average;       // decay of the moving average; 0: none
  size_t steps, warmup_steps;
} pk_optimizer_options;

// All rows have parameters->total elements and belong to the optimiser.
typedef struct pk_optimizer {
  pk_optimizer_options options;
  const pk_parameters *parameters;
  float *values;    // what the network computes with
  float *momentum;  // first moments
  float *squares;   // second moments; AdamW
  float *averages;  // of the values
  size_t step;      // done so far
} pk_optimizer;

bool pk_optimizer_init(pk_optimizer *optimizer, const pk_optimizer_options *options,
                       const pk_parameters *parameters, pk_error *error);
void pk_optimizer_deinit(pk_optimizer *optimizer);

float pk_optimizer_rate(const pk_optimizer *optimizer);  // of the coming step

// One step along the gradient, which is overwritten.
void pk_optimizer_step(pk_optimizer *optimizer, float *gradient);

// The values to use: the averages where there are any.
const float *pk_optimizer_result(const pk_optimizer *optimizer);

#endif  // MINNOW_PACKER_TRAIN_OPTIMIZER_H_
