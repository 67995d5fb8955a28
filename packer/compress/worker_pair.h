// Two threads for work that is cut in two. What each does depends on its number alone, never on
// timing, so results are the same in every run.
#ifndef MINNOW_PACKER_WORKER_PAIR_H_
#define MINNOW_PACKER_WORKER_PAIR_H_

#include "../pk_error.h"

enum { PK_WORKERS = 2 };

// The part of worker 0 or 1. False: error filled.
typedef bool pk_worker_fn(void *user, size_t worker, pk_error *error);

// Runs both parts and waits. The error is that of the first worker that failed.
bool pk_workers_run(pk_worker_fn *work, void *user, pk_error *error);

#endif  // MINNOW_PACKER_WORKER_PAIR_H_
