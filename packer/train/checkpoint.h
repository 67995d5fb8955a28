// Where a training stands, on disk behind each epoch: a safetensors file with the optimiser's rows.
#ifndef MINNOW_PACKER_TRAIN_CHECKPOINT_H_
#define MINNOW_PACKER_TRAIN_CHECKPOINT_H_

#include "train_session.h"

// Writes under a temporary name and renames: a training killed at any moment finds a whole file.
bool pk_checkpoint_write(const pk_train_session *session, size_t epochs_done, const char *file,
                         pk_error *error);

// Goes on from the file; *epochs_done is 0 where there is none. Errors: USAGE (it belongs to
// another recipe), BAD_MODEL (broken), IO.
bool pk_checkpoint_read(pk_train_session *session, size_t *epochs_done, const char *file,
                        pk_error *error);

#endif  // MINNOW_PACKER_TRAIN_CHECKPOINT_H_
