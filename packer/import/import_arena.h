// Memory of one import: everything a source graph refers to is allocated here and released at once.
//
// The limit is what keeps a hostile file harmless: a flatbuffer may name the same bytes a million
// times, so the copies are bounded by a multiple of the file's size, not by what the file asks for.
#ifndef MINNOW_PACKER_IMPORT_IMPORT_ARENA_H_
#define MINNOW_PACKER_IMPORT_IMPORT_ARENA_H_

#include <stddef.h>

#include "../pk_error.h"

typedef struct pk_arena_block pk_arena_block;

typedef struct pk_arena {
  pk_arena_block *blocks;  // newest first
  size_t used_bytes, limit_bytes;
} pk_arena;

void pk_arena_init(pk_arena *arena, size_t limit_bytes);
void pk_arena_deinit(pk_arena *arena);

// `count` elements of `size_bytes` each, zeroed, 16-aligned, valid until deinit. NULL and `error`
// filled when memory or the limit is exhausted. A count of 0 gives a valid pointer.
void *pk_arena_alloc(pk_arena *arena, size_t count, size_t size_bytes, pk_error *error);

// Copies `count` elements.
void *pk_arena_copy(pk_arena *arena, const void *source, size_t count, size_t size_bytes,
                    pk_error *error);

// Makes room for one more element in an array of `count`: doubles *capacity and moves the elements
// when it is full. Returns the array, or NULL with `error` filled.
void *pk_arena_grow(pk_arena *arena, void *array, size_t count, size_t *capacity, size_t size_bytes,
                    pk_error *error);

// Text made by a printf format.
char *pk_arena_text(pk_arena *arena, pk_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif  // MINNOW_PACKER_IMPORT_IMPORT_ARENA_H_
