// What training adds to a network's operators while it runs: batch normalisation (Ioffe and Szegedy
// 2015) and dropout (Srivastava et al. 2014), as hooks of a tape.
#ifndef MINNOW_PACKER_TRAIN_BATCH_HOOKS_H_
#define MINNOW_PACKER_TRAIN_BATCH_HOOKS_H_

#include "../autodiff/diff_net.h"
#include "parameters.h"

// What normalises an operator's result.
typedef struct pk_batch_norm {
  const pk_norm_statistic *norm;  // NULL: nothing does
  float *normalized;              // (x - mean) / deviation, of the latest run
} pk_batch_norm;

// Of one tape. Each tape normalises by its own part of a batch.
typedef struct pk_batch_hooks {
  pk_diff_hooks hooks;  // for pk_diff_tape
  const pk_diff_net *net;
  const pk_network_note *notes;
  const pk_parameters *parameters;
  const float *values;    // of the parameters; the trainer's
  float *gradients;       // of scales and shifts, added to; as long as the parameters
  float *statistics;      // of the latest batch, laid out as pk_parameters says
  pk_batch_norm *norms;   // by operator
  float *inverses;        // 1 / deviation, at the mean's offset in the statistics
  uint64_t dropout_seed;  // of this batch
  bool keeps_all;         // no dropout
} pk_batch_hooks;

bool pk_batch_hooks_init(pk_batch_hooks *hooks, const pk_diff_net *net,
                         const pk_network_note *notes, const pk_parameters *parameters,
                         pk_error *error);
void pk_batch_hooks_deinit(pk_batch_hooks *hooks);

static const float pk_norm_epsilon = 1e-3f;  // beside the variance

#endif  // MINNOW_PACKER_TRAIN_BATCH_HOOKS_H_
