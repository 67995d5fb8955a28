// The core's model over shards in memory, for the tool: memory taken from the heap, errors told in
// the tool's way.
#ifndef MINNOW_PACKER_CORE_MODEL_H_
#define MINNOW_PACKER_CORE_MODEL_H_

#include <minnow/minnow.h>

#include "../encode/byte_buffer.h"
#include "../pk_error.h"
#include "thread_team.h"

typedef struct pk_core_model {
  mnw_package_info info;
  mnw_session_plan_info plan;
  mnw_model *model;      // ready
  pk_thread_team *team;  // NULL: one thread
  void *memory;
} pk_core_model;  // all zero: closed

// Turns a refusal of the core into an error of the tool; `source` names the package. False.
bool pk_core_fail(pk_error *error, const mnw_error *core_error, const char *source);

// The kernel set `name`, or the best one for NULL.
const mnw_kernels *pk_kernels_find(const char *name, pk_error *error);

// Pushes all shards, in order.
bool pk_core_model_open(pk_core_model *core, const pk_bytes *shards, size_t shard_count,
                        const mnw_kernels *kernels, const char *source, pk_error *error);
// Lets the sessions that are opened from now on run on so many threads, this one among them; one
// session at a time. Errors: USAGE, OUT_OF_MEMORY.
bool pk_core_model_use_threads(pk_core_model *core, uint32_t threads, pk_error *error);
void pk_core_model_close(pk_core_model *core);

// A session of the model; *memory is to be freed after the session's last use.
mnw_session *pk_core_session_open(void **memory, const pk_core_model *core, const char *source,
                                  pk_error *error);

// Heap memory aligned to MNW_ALIGNMENT, to be freed with free(); NULL when out of memory.
void *pk_aligned_alloc(size_t size_bytes);

#endif  // MINNOW_PACKER_CORE_MODEL_H_
