#include "arena.h"

#include "checked.h"

void mnw_arena_init(mnw_arena *arena, void *base, size_t capacity_bytes) {
  arena->base = base;
  arena->capacity_bytes = base ? capacity_bytes : SIZE_MAX - 1;
  arena->used_bytes = 0;
}

void *mnw_arena_take(mnw_arena *arena, size_t count, size_t size_bytes) {
  size_t bytes, end;
  const size_t start = arena->used_bytes;
  if (start == SIZE_MAX) return NULL;
  if (!mnw_checked_mul(&bytes, count, size_bytes) || !mnw_checked_align(&bytes, bytes) ||
      !mnw_checked_add(&end, start, bytes) || end > arena->capacity_bytes) {
    arena->used_bytes = SIZE_MAX;
    return NULL;
  }
  arena->used_bytes = end;
  return arena->base ? arena->base + start : NULL;
}

int mnw_arena_overflowed(const mnw_arena *arena) {
  return arena->used_bytes == SIZE_MAX;
}
