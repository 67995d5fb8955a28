#include "team.h"

#include <assert.h>
#include <stdatomic.h>

#include "arena.h"
#include "error.h"

enum {
  MAX_THREADS = 64,
  CHUNKS_PER_THREAD = 4,  // enough for a slow thread's share to be taken over
  COUNT_BITS = 12,        // of chunks in a ticket
// Looks for work before mnw_team_help() gives up: a fraction of a millisecond, longer than
// operators that no thread shares take. WebAssembly has no instruction that makes a look slow.
#ifdef __wasm__
  HELPER_SPINS = 200000,
#else
  HELPER_SPINS = 20000,
#endif
};
static_assert(MAX_THREADS * CHUNKS_PER_THREAD < 1 << COUNT_BITS, "a job's chunks fit the ticket");

struct mnw_team {
  // Ticket: job number (upper bits), then the chunks that nobody has taken: their end, their first.
  _Atomic uint64_t ticket;
  _Atomic uint32_t finished;  // chunks of the job that are done
  _Atomic uint32_t wake;      // changes with each job: what sleeping helpers wait on
  _Atomic uint32_t sleepers;
  uint32_t threads;
  mnw_team_notify_fn *notify;
  void *notify_argument;
  // The job. Written while no ticket has chunks left, read by whoever holds a chunk.
  mnw_team_chunk_fn *chunk;
  void *job;
  size_t count, step;
};

static uint32_t first_of(uint64_t ticket) {
  return (uint32_t)ticket & ((1u << COUNT_BITS) - 1);
}

static uint32_t end_of(uint64_t ticket) {
  return (uint32_t)(ticket >> COUNT_BITS) & ((1u << COUNT_BITS) - 1);
}

static void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

size_t mnw_team_bytes(void) {
  return sizeof(mnw_team);
}

mnw_status mnw_team_init(mnw_team **team, void *memory, size_t memory_bytes, uint32_t threads,
                         mnw_team_notify_fn *notify, void *notify_argument, mnw_error *error) {
  *team = NULL;
  if (threads < 1 || threads > MAX_THREADS) {
    return mnw_fail(error, MNW_STATUS_INVALID_ARGUMENT, "a team has 1 to %0 threads, not %1",
                    MAX_THREADS, threads, 0);
  }
  if (!memory || (uintptr_t)memory % MNW_ALIGNMENT != 0 || memory_bytes < sizeof(mnw_team)) {
    return mnw_fail(error, MNW_STATUS_INVALID_ARGUMENT,
                    "a team needs %0 bytes of memory, aligned to %1", (int64_t)sizeof(mnw_team),
                    MNW_ALIGNMENT, 0);
  }
  mnw_team *made = memory;
  atomic_init(&made->ticket, 0);
  atomic_init(&made->finished, 0);
  atomic_init(&made->wake, 0);
  atomic_init(&made->sleepers, 0);
  made->threads = threads;
  made->notify = notify;
  made->notify_argument = notify_argument;
  *team = made;
  return MNW_STATUS_OK;
}

uint32_t mnw_team_threads(const mnw_team *team) {
  return team ? team->threads : 1;
}

// Takes a chunk and computes it; false where none is left. The thread that runs the session takes
// from the front and helpers from the back, so that from one operator to the next a thread mostly
// reads what it wrote itself.
static bool work_once(mnw_team *team, uint32_t thread) {
  uint64_t ticket = atomic_load_explicit(&team->ticket, memory_order_acquire), rest;
  do {
    if (first_of(ticket) == end_of(ticket)) return false;
    rest = thread == 0 ? ticket + 1 : ticket - (1u << COUNT_BITS);
  } while (!atomic_compare_exchange_weak_explicit(&team->ticket, &ticket, rest,
                                                  memory_order_acq_rel, memory_order_acquire));
  const size_t begin = (thread == 0 ? first_of(ticket) : end_of(rest)) * team->step;
  const size_t left = team->count - begin;
  team->chunk(team->job, begin, begin + (left < team->step ? left : team->step), thread);
  atomic_fetch_add_explicit(&team->finished, 1, memory_order_release);
  return true;
}

void mnw_team_split(mnw_team *team, mnw_team_chunk_fn *chunk, void *job, size_t count,
                    size_t grain) {
  const size_t grains = (count + grain - 1) / grain;
  if (count == 0) return;
  if (!team || team->threads == 1 || grains == 1) {
    chunk(job, 0, count, 0);
    return;
  }
  const size_t wanted = (size_t)team->threads * CHUNKS_PER_THREAD;
  const size_t step = (grains + wanted - 1) / wanted * grain;
  const uint32_t chunks = (uint32_t)((count + step - 1) / step);
  team->chunk = chunk;
  team->job = job;
  team->count = count;
  team->step = step;
  atomic_store_explicit(&team->finished, 0, memory_order_relaxed);
  const uint64_t number =
      (atomic_load_explicit(&team->ticket, memory_order_relaxed) >> (2 * COUNT_BITS)) + 1;
  atomic_store(&team->ticket, (number << (2 * COUNT_BITS)) | ((uint64_t)chunks << COUNT_BITS));
  atomic_fetch_add(&team->wake, 1);
  if (atomic_load(&team->sleepers) > 0 && team->notify) team->notify(team->notify_argument);
  while (work_once(team, 0)) {
  }
  while (atomic_load_explicit(&team->finished, memory_order_acquire) < chunks) relax();
}

uint32_t mnw_team_help(mnw_team *team, uint32_t thread) {
  const uint32_t seen = atomic_load(&team->wake);
  for (uint32_t idle = 0; idle < HELPER_SPINS; idle++) {
    if (work_once(team, thread)) idle = 0;
    relax();
  }
  return seen;
}

const uint32_t *mnw_team_word(const mnw_team *team) {
  return (const uint32_t *)&team->wake;
}

void mnw_team_sleep_begin(mnw_team *team) {
  atomic_fetch_add(&team->sleepers, 1);
}

void mnw_team_sleep_end(mnw_team *team) {
  atomic_fetch_sub(&team->sleepers, 1);
}
