// A whole training: epochs, checkpoints, a log, and the trained file at its end.
#ifndef MINNOW_PACKER_TRAIN_TRAIN_RUN_H_
#define MINNOW_PACKER_TRAIN_TRAIN_RUN_H_

#include "../encode/package_writer.h"
#include "train_session.h"

typedef struct pk_train_options {
  const char *work_folder;  // of checkpoint, log and trained file; made where it is missing
  bool restarts;            // a checkpoint there is not gone on from
  size_t most_epochs;       // of this run; 0: all that are left
  pk_progress_fn *progress;
  void *progress_user;
} pk_train_options;

typedef struct pk_train_result {
  size_t epochs_done;  // with those before this run
  bool is_complete;
  pk_train_score validation, test;  // of the network as it is used
  size_t channels_gone, channels;   // of those that could go; 0: the recipe prunes none
  char *file;                       // the trained file (trained_model.h), owned
} pk_train_result;

#define PK_CHECKPOINT_FILE "checkpoint.safetensors"
#define PK_TRAINED_FILE "model.safetensors"
#define PK_TRAINING_LOG "training.jsonl"

// Trains and writes the files. Two runs of one recipe on one machine give the same bytes, also
// where one was interrupted.
bool pk_train_run(pk_train_result *result, pk_train_session *session,
                  const pk_train_options *options, pk_error *error);
void pk_train_result_free(pk_train_result *result);

#endif  // MINNOW_PACKER_TRAIN_TRAIN_RUN_H_
