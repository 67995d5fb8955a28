// One training: network, examples, optimiser and the two threads that share each batch.
//
// Everything depends on the recipe and its seed alone: example i of epoch e is altered by a seed of
// its own, each thread works on its half of the batch, and sums are taken in a fixed order. So a
// training that goes on from a checkpoint gives the same weights to the last bit.
#ifndef MINNOW_PACKER_TRAIN_TRAIN_SESSION_H_
#define MINNOW_PACKER_TRAIN_TRAIN_SESSION_H_

#include "../compress/worker_pair.h"
#include "../data/data_set.h"
#include "batch_hooks.h"
#include "class_loss.h"
#include "feature_match.h"
#include "gradual_channels.h"
#include "lesson_plan.h"
#include "optimizer.h"
#include "teacher.h"

typedef struct pk_train_worker {
  pk_diff_tape tape, folded_tape;
  pk_batch_hooks hooks;
  pk_data_reader *reader, *plain_reader;  // altering examples, and as they are
  float *inputs;                          // [batch / 2][input elements]
  float *lessons;                         // [batch / 2][classes]: the teachers' mean logits
  int32_t *labels;
  double loss;
  size_t right;  // of the batch or part at work
} pk_train_worker;

typedef struct pk_train_session {
  const pk_recipe *recipe;
  pk_lesson_plan plan;
  pk_teacher *teachers;       // plan.count
  pk_feature_match features;  // empty where the plan has none
  pk_data_set *data;
  pk_data_set *fine_data;  // what is trained with where the recipe has finer labels; else NULL
  int32_t *class_of;       // of each output of the network
  pk_manifest manifest;    // of one example's inputs
  pk_graph graph;          // for half a batch
  const pk_network_note *notes;
  pk_parameters parameters;
  pk_diff_net net, folded;  // as it is trained, and as it is used
  pk_optimizer optimizer;
  pk_class_loss loss;
  pk_train_worker workers[PK_WORKERS];
  float *gradient;    // of a batch
  float *statistics;  // of the values to use, as of settled_step; statistics_total
  size_t settled_step;
  bool *masked;                  // parameters that are pruned
  pk_gradual_channels channels;  // empty where the recipe prunes none
  size_t half, input_elements;
  size_t classes;   // outputs of the network: labels, or finer ones
  size_t batches;   // an epoch
  uint32_t *order;  // of the examples in the epoch at work
} pk_train_session;

// Opens data and builds the network. Errors: USAGE, IO, …; the session must not move afterwards,
// recipe and plan must stand as long.
bool pk_train_session_init(pk_train_session *session, const pk_recipe *recipe,
                           const pk_lesson_plan *plan, pk_error *error);
void pk_train_session_deinit(pk_train_session *session);

// What the network is trained with: the finer labels' examples where there are finer labels.
static inline const pk_data_set *pk_train_data(const pk_train_session *session) {
  return session->fine_data ? session->fine_data : session->data;
}

typedef struct pk_train_score {
  double loss;  // sum over examples; of batches only
  size_t right, count;
} pk_train_score;

// Shuffles for an epoch, from 0.
void pk_train_shuffle(pk_train_session *session, size_t epoch);
// One batch of the epoch: values, gradients, a step. Adds to `score`.
bool pk_train_batch(pk_train_session *session, size_t epoch, size_t batch, pk_train_score *score,
                    pk_error *error);
// Measures mean and variance in front of every normalisation anew, with the values to use (Izmailov
// et al. 2018, section 3.2) and examples of the training part as they are: batches were computed
// with other values than the averaged ones, and with altered examples. Nothing happens where it was
// done since the latest step.
bool pk_train_settle(pk_train_session *session, pk_error *error);

// How the network as it would be used now does on a part, without alterations.
bool pk_train_judge(pk_train_session *session, pk_data_part part, pk_train_score *score,
                    pk_error *error);

#endif  // MINNOW_PACKER_TRAIN_TRAIN_SESSION_H_
