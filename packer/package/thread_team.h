// A core team with threads of this process.
#ifndef MINNOW_PACKER_THREAD_TEAM_H_
#define MINNOW_PACKER_THREAD_TEAM_H_

#include <minnow/minnow.h>

#include "../pk_error.h"

enum { PK_MAX_THREADS = 64 };  // that the core takes

typedef struct pk_thread_team pk_thread_team;

// Starts `threads` − 1 threads, which sleep until there is work. NULL for one thread, and after an
// error (OUT_OF_MEMORY, or USAGE for a number the core refuses), which *error then tells. To be
// closed after the last session that uses it.
pk_thread_team *pk_thread_team_open(uint32_t threads, pk_error *error);
void pk_thread_team_close(pk_thread_team *team);  // may be NULL

mnw_team *pk_thread_team_core(const pk_thread_team *team);  // NULL for NULL

#endif  // MINNOW_PACKER_THREAD_TEAM_H_
