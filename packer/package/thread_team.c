#include "thread_team.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core_model.h"

typedef struct helper {
  pk_thread_team *team;
  uint32_t index;
  pthread_t thread;
} helper;

struct pk_thread_team {
  mnw_team *core;
  uint32_t started;  // helpers
  helper *helpers;
  pthread_mutex_t mutex;
  pthread_cond_t woken;
  atomic_bool is_closing;
};

static void notify(void *argument) {
  pk_thread_team *team = argument;
  pthread_mutex_lock(&team->mutex);
  pthread_cond_broadcast(&team->woken);
  pthread_mutex_unlock(&team->mutex);
}

static void *help(void *argument) {
  const helper *self = argument;
  pk_thread_team *team = self->team;
  const _Atomic uint32_t *word = (const _Atomic uint32_t *)mnw_team_word(team->core);
  while (!atomic_load(&team->is_closing)) {
    const uint32_t seen = mnw_team_help(team->core, self->index);
    mnw_team_sleep_begin(team->core);
    pthread_mutex_lock(&team->mutex);
    while (atomic_load(word) == seen && !atomic_load(&team->is_closing)) {
      pthread_cond_wait(&team->woken, &team->mutex);
    }
    pthread_mutex_unlock(&team->mutex);
    mnw_team_sleep_end(team->core);
  }
  return NULL;
}

pk_thread_team *pk_thread_team_open(uint32_t threads, pk_error *error) {
  if (threads == 1) return NULL;
  mnw_error core_error = {0};
  pk_thread_team *team = calloc(1, sizeof *team);
  void *memory = pk_aligned_alloc(mnw_team_bytes());
  if (!team || !memory) {
    free(team);
    free(memory);
    pk_fail(error, PK_OUT_OF_MEMORY, "no memory for a team of %u threads", (unsigned)threads);
    return NULL;
  }
  if (mnw_team_init(&team->core, memory, mnw_team_bytes(), threads, notify, team, &core_error) !=
      MNW_STATUS_OK) {
    pk_core_fail(error, &core_error, "--threads");
    error->code = PK_USAGE;
    free(memory);
    free(team);
    return NULL;
  }
  pthread_mutex_init(&team->mutex, NULL);
  pthread_cond_init(&team->woken, NULL);
  team->helpers = calloc(threads, sizeof *team->helpers);
  for (uint32_t i = 1; team->helpers && i < threads; i++) {
    helper *made = &team->helpers[i - 1];
    *made = (helper){.team = team, .index = i};
    if (pthread_create(&made->thread, NULL, help, made) != 0) break;
    team->started = i;
  }
  if (team->started < threads - 1) {
    pk_fail(error, PK_OUT_OF_MEMORY, "the system starts only %u threads of %u",
            (unsigned)team->started + 1, (unsigned)threads);
    pk_thread_team_close(team);
    return NULL;
  }
  return team;
}

void pk_thread_team_close(pk_thread_team *team) {
  if (!team) return;
  atomic_store(&team->is_closing, true);
  notify(team);
  for (uint32_t i = 0; i < team->started; i++) pthread_join(team->helpers[i].thread, NULL);
  pthread_cond_destroy(&team->woken);
  pthread_mutex_destroy(&team->mutex);
  free(team->helpers);
  free(team->core);
  free(team);
}

mnw_team *pk_thread_team_core(const pk_thread_team *team) {
  return team ? team->core : NULL;
}
