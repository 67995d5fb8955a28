// Where a refinement's inputs come from: a data set, or the samples of the compression.
#ifndef MINNOW_PACKER_TRAIN_REFINE_EXAMPLES_H_
#define MINNOW_PACKER_TRAIN_REFINE_EXAMPLES_H_

#include "../compress/worker_pair.h"
#include "refine.h"

typedef struct pk_refine_examples {
  const pk_refine_options *options;
  const pk_sample_set *samples;
  pk_data_reader *readers[PK_WORKERS];  // of a data set
  uint8_t *inputs[PK_WORKERS];          // the bytes of one run
  size_t *learnt, *held;                // numbers of samples, or of examples of the data set
  pk_data_part held_part;               // that `held` counts in
  size_t learnt_count, held_count;      // held_count: of pk_refine_held()
} pk_refine_examples;                   // all zero: closed

bool pk_refine_examples_open(pk_refine_examples *examples, const pk_refine_options *options,
                             const pk_refine_subject *subject, pk_error *error);
void pk_refine_examples_close(pk_refine_examples *examples);

// The bytes of all inputs for a worker: of the example that the number draws, and of one that is
// held back (index below held_count). Valid until the worker's next call; NULL: error filled.
const uint8_t *pk_refine_drawn(pk_refine_examples *examples, size_t worker, uint64_t number,
                               pk_error *error);
const uint8_t *pk_refine_held(pk_refine_examples *examples, size_t worker, size_t index,
                              pk_error *error);

#endif  // MINNOW_PACKER_TRAIN_REFINE_EXAMPLES_H_
