// A bump allocator over memory that the caller owns. Nothing is ever given back singly; dropping
// the block frees all.
#ifndef MINNOW_BASE_ARENA_H_
#define MINNOW_BASE_ARENA_H_

#include <stddef.h>
#include <stdint.h>

typedef struct mnw_arena {
  uint8_t *base;  // NULL: only measures
  size_t capacity_bytes;
  size_t used_bytes;  // SIZE_MAX once a request did not fit
} mnw_arena;

// `base` may be NULL to find out how much a sequence of requests needs (capacity is then ignored).
void mnw_arena_init(mnw_arena *arena, void *base, size_t capacity_bytes);

// Returns count * size_bytes bytes aligned to 16, or NULL when they do not fit (or while only
// measuring; ask mnw_arena_overflowed()).
void *mnw_arena_take(mnw_arena *arena, size_t count, size_t size_bytes);

int mnw_arena_overflowed(const mnw_arena *arena);

#endif  // MINNOW_BASE_ARENA_H_
