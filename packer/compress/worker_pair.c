#include "worker_pair.h"

#include <cblas.h>
#include <pthread.h>
#include <stdlib.h>

typedef struct part {
  pk_worker_fn *work;
  void *user;
  size_t worker;
  pk_error error;
  bool ok;
} part;

static void *run_part(void *argument) {
  part *p = argument;
  p->ok = p->work(p->user, p->worker, &p->error);
  return NULL;
}

bool pk_workers_run(pk_worker_fn *work, void *user, pk_error *error) {
  pthread_t thread;
  part *parts = calloc(PK_WORKERS, sizeof *parts);
  if (!parts) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for threads");
  openblas_set_num_threads(1);  // each worker multiplies on its own
  for (size_t i = 0; i < PK_WORKERS; i++) {
    parts[i].work = work;
    parts[i].user = user;
    parts[i].worker = i;
  }
  const bool has_thread = pthread_create(&thread, NULL, run_part, &parts[1]) == 0;
  run_part(&parts[0]);
  if (has_thread) {
    pthread_join(thread, NULL);
  } else {
    run_part(&parts[1]);
  }
  bool ok = true;
  for (size_t i = 0; ok && i < PK_WORKERS; i++) {
    ok = parts[i].ok;
    if (!ok) *error = parts[i].error;
  }
  free(parts);
  return ok;
}
