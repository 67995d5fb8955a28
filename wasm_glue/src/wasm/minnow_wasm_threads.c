// The exports that only minnow-<variant>-threads.wasm has. Its memory is shared: JavaScript makes
// further instances of the module over the same memory in workers of their own, gives each a stack,
// and lets it help for ever.
//
// team_begin() comes before open(), so that team and stacks stand below the model.
#include <string.h>

#include "minnow_wasm.h"

enum { STACK_BYTES = 65536 };

static uint8_t *stacks;

static void wake_helpers(void *team) {
  __builtin_wasm_memory_atomic_notify((int *)(uintptr_t)mnw_team_word(team), UINT32_MAX);
}

// Makes a team of `threads`, the one that runs the model among them.
MNW_WASM_EXPORT(mnw_status, team_begin, uint32_t threads) {
  if (mnw_wasm.team) {
    return mnw_wasm_fail(MNW_STATUS_INVALID_ARGUMENT, "this instance has a team already", 0, 0);
  }
  void *memory;
  mnw_wasm_begin_memory(0);
  mnw_status status = mnw_wasm_take_memory(&memory, mnw_team_bytes());
  if (status == MNW_STATUS_OK) {
    status = mnw_team_init(&mnw_wasm.team, memory, mnw_team_bytes(), threads, wake_helpers, memory,
                           &mnw_wasm_error);
  }
  if (status == MNW_STATUS_OK) {
    status = mnw_wasm_take_memory(&memory, (size_t)(threads - 1) * STACK_BYTES);
    stacks = memory;
  }
  return status;
}

// Where the stack of helper 1 … threads − 1 begins: at its upper end.
MNW_WASM_EXPORT(void *, stack_top, uint32_t thread) {
  return stacks + (size_t)thread * STACK_BYTES;
}

// Helper `thread`: shares all runs from now on. Does not return; its worker is terminated.
MNW_WASM_EXPORT(void, help, uint32_t thread) {
  mnw_team *const team = mnw_wasm.team;
  for (;;) {
    const uint32_t seen = mnw_team_help(team, thread);
    mnw_team_sleep_begin(team);
    __builtin_wasm_memory_atomic_wait32((int *)(uintptr_t)mnw_team_word(team), (int)seen, -1);
    mnw_team_sleep_end(team);
  }
}

// The part of libc that the core calls and the compiler does not turn into instructions.
size_t strlen(const char *text) {
  const char *end = text;
  while (*end) end++;
  return (size_t)(end - text);
}

int memcmp(const void *left, const void *right, size_t size) {
  const uint8_t *a = left, *b = right;
  for (size_t i = 0; i < size; i++) {
    if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
  }
  return 0;
}
