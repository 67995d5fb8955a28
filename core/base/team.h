// A team of threads that shares the work of one operator: the thread that runs the session hands
// out chunks, the others help.
//
// The core starts no thread. The caller makes a team, lets its own threads call mnw_team_help() and
// gives the team to a session. Work is split by output elements, and each element is computed by
// one thread in the same way whatever the split, so results do not depend on the number of threads.
//
// Chunks are taken with one compare-and-swap of a ticket that holds the job's number and the range
// of chunks that are left. A helper that comes late finds no chunk and does no harm; nobody waits
// for a helper that has not begun a chunk, so a thread that the system has put to sleep delays
// nothing.
#ifndef MINNOW_BASE_TEAM_H_
#define MINNOW_BASE_TEAM_H_

#include <minnow/minnow.h>

// Computes elements begin … end − 1 of a job. `thread` is below the team's number of threads: the
// index of the scratch that is this thread's own.
typedef void mnw_team_chunk_fn(void *job, size_t begin, size_t end, uint32_t thread);

// Calls `chunk` for parts of 0 … count − 1 that together cover it, each a multiple of `grain` but
// the last, and returns when all are done. `team` NULL: one call in this thread. Only one thread at
// a time may hand out a team's work, and a chunk hands out none.
void mnw_team_split(mnw_team *team, mnw_team_chunk_fn *chunk, void *job, size_t count,
                    size_t grain);

uint32_t mnw_team_threads(const mnw_team *team);  // 1 for NULL

#endif  // MINNOW_BASE_TEAM_H_
