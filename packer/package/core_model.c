#include "core_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool pk_core_fail(pk_error *error, const mnw_error *core_error, const char *source) {
  char text[MNW_ERROR_MESSAGE_BYTES];
  mnw_error_message(core_error, text, sizeof text);
  if (error->code == PK_OK) error->core_status = core_error->status;
  return pk_fail(error, PK_BAD_PACKAGE, "%s: %s", source, text);
}

const mnw_kernels *pk_kernels_find(const char *name, pk_error *error) {
  char known[128] = "";
  const mnw_kernels *kernels = mnw_kernels_get(0);
  if (!name) return kernels;
  for (size_t i = 0; (kernels = mnw_kernels_get(i)) != NULL; i++) {
    if (strcmp(mnw_kernels_name(kernels), name) == 0) return kernels;
    const size_t length = strlen(known);
    snprintf(known + length, sizeof known - length, "%s%s", i ? ", " : "",
             mnw_kernels_name(kernels));
  }
  pk_fail(error, PK_USAGE, "no kernels called \"%s\"; this build has %s", name, known);
  return NULL;
}

void *pk_aligned_alloc(size_t size_bytes) {
  if (size_bytes > SIZE_MAX - MNW_ALIGNMENT) return NULL;
  const size_t rounded = (size_bytes + MNW_ALIGNMENT - 1) / MNW_ALIGNMENT * MNW_ALIGNMENT;
  return aligned_alloc(MNW_ALIGNMENT, rounded ? rounded : MNW_ALIGNMENT);
}

static bool push_shards(pk_core_model *core, const pk_bytes *shards, size_t shard_count,
                        const char *source, pk_error *error) {
  mnw_error core_error = {0};
  for (size_t i = 0; i < shard_count; i++) {
    if (mnw_model_push(core->model, shards[i].data, shards[i].size, &core_error) != MNW_STATUS_OK) {
      return pk_core_fail(error, &core_error, source);
    }
  }
  if (!mnw_model_is_ready(core->model)) {
    return pk_fail(error, PK_BAD_PACKAGE,
                   "%s: its %zu shards do not make a whole model: pack the model again", source,
                   shard_count);
  }
  if (mnw_session_plan(&core->plan, core->model, NULL, &core_error) != MNW_STATUS_OK) {
    return pk_core_fail(error, &core_error, source);
  }
  return true;
}

bool pk_core_model_open(pk_core_model *core, const pk_bytes *shards, size_t shard_count,
                        const mnw_kernels *kernels, const char *source, pk_error *error) {
  mnw_error core_error = {0};
  *core = (pk_core_model){0};
  if (mnw_package_peek(&core->info, shards[0].data, shards[0].size, &core_error) != MNW_STATUS_OK) {
    return pk_core_fail(error, &core_error, source);
  }
  core->memory = pk_aligned_alloc(core->info.model_bytes);
  if (!core->memory) {
    return pk_fail(error, PK_OUT_OF_MEMORY, "%s: no memory for the model's %zu bytes", source,
                   core->info.model_bytes);
  }
  bool ok = mnw_model_init(&core->model, core->memory, core->info.model_bytes, &core->info, kernels,
                           &core_error) == MNW_STATUS_OK;
  if (!ok) pk_core_fail(error, &core_error, source);
  ok = ok && push_shards(core, shards, shard_count, source, error);
  if (!ok) pk_core_model_close(core);
  return ok;
}

bool pk_core_model_use_threads(pk_core_model *core, uint32_t threads, pk_error *error) {
  mnw_error core_error = {0};
  pk_thread_team_close(core->team);
  core->team = pk_thread_team_open(threads, error);
  if (!core->team && threads > 1) return false;
  return mnw_session_plan(&core->plan, core->model, pk_thread_team_core(core->team), &core_error) ==
             MNW_STATUS_OK ||
         pk_core_fail(error, &core_error, "session");
}

void pk_core_model_close(pk_core_model *core) {
  pk_thread_team_close(core->team);
  free(core->memory);
  *core = (pk_core_model){0};
}

mnw_session *pk_core_session_open(void **memory, const pk_core_model *core, const char *source,
                                  pk_error *error) {
  mnw_error core_error = {0};
  mnw_session *session = NULL;
  *memory = pk_aligned_alloc(core->plan.session_bytes);
  if (!*memory) {
    pk_fail(error, PK_OUT_OF_MEMORY, "%s: no memory for the session's %zu bytes", source,
            core->plan.session_bytes);
    return NULL;
  }
  if (mnw_session_init(&session, core->model, pk_thread_team_core(core->team), *memory,
                       core->plan.session_bytes, &core_error) != MNW_STATUS_OK) {
    pk_core_fail(error, &core_error, source);
    free(*memory);
    *memory = NULL;
    return NULL;
  }
  return session;
}
